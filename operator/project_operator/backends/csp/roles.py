"""Roles of groups on projects: an id for each, as the platform has none that says which list a role is in."""

from dataclasses import dataclass
from typing import Final

from project_operator.api.v1alpha1.csp import CSPRoleKind
from project_operator.backends.base import Role

_PREFIXES: Final = {
    CSPRoleKind.ORGANIZATION: "organization",
    CSPRoleKind.CUSTOM: "custom",
    CSPRoleKind.SERVICE: "service",
}


def role_id(kind: CSPRoleKind, name: str, service: str = "") -> str:
    """``custom:<name>``, ``organization:<name>`` or ``service:<id of the service>:<name>``."""
    return ":".join(filter(None, (_PREFIXES[kind], service, name)))


@dataclass(frozen=True, slots=True, order=True)
class GrantableRole:
    """A role that groups may be given on a project."""

    name: str
    kind: CSPRoleKind
    service: str = ""
    """Id of the service definition, where it is a role of one."""

    @property
    def id(self) -> str:
        """See `role_id`."""
        return role_id(self.kind, self.name, self.service)

    def shown(self) -> Role:
        """As `Backend.list_roles` shows it."""
        return Role(self.id, self.name)


def parse_role_id(text: str) -> GrantableRole | None:
    """What `role_id` made ``text`` of; None where it made it of nothing."""
    prefix, _, rest = text.partition(":")
    kind = next((kind for kind, known in _PREFIXES.items() if known == prefix), None)
    service, _, name = rest.partition(":") if kind is CSPRoleKind.SERVICE else ("", "", rest)
    return GrantableRole(name, kind, service) if kind is not None and name else None
