"""Roles, and what they allow (N3.3)."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from project_operator.sandbox.identity.nscale.refusals import forbidden


class Right(StrEnum):
    """An operation on an RBAC endpoint."""

    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    DELETE = "delete"


class Endpoint(StrEnum):
    """What rights are given on."""

    PROJECTS = "identity:projects"
    REFERENCES = "identity:projects/references"
    GROUPS = "identity:groups"
    ORGANIZATIONS = "identity:organizations"
    SERVICE_ACCOUNTS = "identity:serviceaccounts"
    ROLES = "identity:roles"


Rights = frozenset[tuple[Endpoint, Right]]
NONE: Final[Rights] = frozenset()


def _rights(*grants: tuple[Endpoint, str]) -> Rights:
    verbs = {"c": Right.CREATE, "r": Right.READ, "u": Right.UPDATE, "d": Right.DELETE}
    return frozenset((endpoint, verbs[letter]) for endpoint, letters in grants for letter in letters)


@dataclass(frozen=True, slots=True)
class Role:
    """A role with what it gives at each scope."""

    name: str
    description: str
    global_scope: Rights = NONE
    organization_scope: Rights = NONE
    project_scope: Rights = NONE
    protected: bool = False
    """Not to be granted, nor listed, within an organization."""

    @property
    def id(self) -> str:
        """The same in every server: made from the name."""
        text = str(uuid5(NAMESPACE_URL, f"nscale-role/{self.name}"))
        return "abcdef"[int(text[0], 16) % 6] + text[1:]


_CRUD: Final = "crud"
ROLES: Final = {
    role.name: role
    for role in (
        Role(
            "platform-administrator",
            "Everything, everywhere",
            global_scope=_rights(*((endpoint, _CRUD) for endpoint in Endpoint)),
            protected=True,
        ),
        Role(
            "administrator",
            "Organization administrator",
            organization_scope=_rights(
                (Endpoint.PROJECTS, _CRUD),
                (Endpoint.GROUPS, _CRUD),
                (Endpoint.ORGANIZATIONS, "ru"),
                (Endpoint.SERVICE_ACCOUNTS, _CRUD),
                (Endpoint.ROLES, "r"),
            ),
        ),
        Role(
            "auditor",
            "Reads everything in the organization",
            organization_scope=_rights(*((e, "r") for e in Endpoint if e is not Endpoint.REFERENCES)),
        ),
        Role(
            "project-manager",
            "What a self-hoster adds for a robot that manages projects (N3.3-5)",
            organization_scope=_rights(
                (Endpoint.PROJECTS, _CRUD), (Endpoint.GROUPS, "r"), (Endpoint.ORGANIZATIONS, "r")
            ),
        ),
        Role("user", "Works in the projects of its groups", project_scope=_rights((Endpoint.PROJECTS, "r"))),
        Role("reader", "Reads the projects of its groups", project_scope=_rights((Endpoint.PROJECTS, "r"))),
    )
}
"""Predefined roles by name (N3.3-1 to N3.3-5); tenants cannot make any."""


@dataclass(frozen=True, slots=True)
class AccessControl:
    """What a caller may do in one organization."""

    global_scope: Rights = NONE
    organization_scope: Rights = NONE
    projects: dict[str, Rights] = field(default_factory=dict)
    """Rights by project id, from groups that the project lists."""

    def allows(self, endpoint: Endpoint, right: Right, project_id: str | None = None) -> bool:
        """At global, then organization, then (for a project) project scope."""
        grant = (endpoint, right)
        return (
            grant in self.global_scope
            or grant in self.organization_scope
            or (project_id is not None and grant in self.projects.get(project_id, NONE))
        )

    def require(self, endpoint: Endpoint, right: Right, project_id: str | None = None) -> None:
        """403 unless allowed; with project-scoped rights alone also for a project that does not exist (N1.3-3)."""
        if not self.allows(endpoint, right, project_id):
            raise forbidden(
                f"operation is not allowed by rbac: operation '{right}' on endpoint '{endpoint}' is not permitted"
            )


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking."""

    id: str
    """What ``createdBy`` and ``modifiedBy`` show (N1.2-4)."""
    organization_id: str | None
    """The organization of a service account or a person; None for the platform's administrator and services."""
    is_service_account: bool = False
