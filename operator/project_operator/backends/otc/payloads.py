"""What goes over the wire of Open Telekom Cloud where it is not Keystone's.

Nothing here raises on what a server sent; what cannot be used is None, and its text stays here.
"""

from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import AfterValidator, StrictBool
from pydantic_core import from_json

from project_operator.backends.answers import clipped, quotable
from project_operator.backends.base import HealthStatus, ProjectContent, ProvisioningStatus, RemoteProject, Role
from project_operator.backends.documents import Identifier, read
from project_operator.backends.keystone_v3.payloads import Payload
from project_operator.backends.otc.dialect import MARK_PLACE
from project_operator.backends.otc.names import RegionNames

NORMAL: Final = "normal"
SUSPENDED: Final = "suspended"
"""Words of ``status`` (T1-17)."""

_ON_PROJECTS: Final = frozenset({"XA", "AA"})
"""Types of roles that can be given on a project (T6-6)."""

LONGEST_WORD: Final = 256
"""Characters of a word in ``status.observed.raw``."""


def _word(text: str) -> str:
    """The vendor's own word, fit for status."""
    return clipped(quotable(text), LONGEST_WORD)


class ProjectPayload(Payload):
    """A project as it is read; lists and writes show no status (T1-2 to T1-5)."""

    id: Identifier
    name: str
    domain_id: Identifier
    parent_id: Identifier | None = None
    enabled: StrictBool
    description: str | None = None
    status: Annotated[str, AfterValidator(_word)] = ""


class ProjectDocument(Payload):
    """An answer that holds a project."""

    project: ProjectPayload


class RolePayload(Payload):
    """A role (T6-4)."""

    id: Identifier
    name: str
    display_name: str = ""
    type: str = ""


def read_project(body: bytes) -> ProjectPayload | None:
    """The project in ``body``; None where there is none that could be used."""
    document = read(ProjectDocument, body)
    return None if document is None else document.project


def read_numbered_page(body: bytes) -> tuple[ProjectPayload, ...] | None:
    """The projects of a page; None where it is none, or one with something else among them. Links are not followed:
    what comes next is counted (T4-1).
    """
    try:
        document = from_json(body)
    except ValueError:
        return None
    if not isinstance(document, dict) or not isinstance(items := document.get("projects"), list):
        return None
    if document.get("truncated"):
        return None
    found = [read(ProjectPayload, item) for item in items]
    projects = tuple(project for project in found if project is not None)
    return projects if len(projects) == len(found) else None


def remote_project(payload: ProjectPayload, names: RegionNames) -> RemoteProject | None:
    """``payload`` as far as it tells by itself; None where it is not one of the region's (T8-2)."""
    name = names.shown(payload.name)
    if name is None:
        return None
    description, _, mark = MARK_PLACE.read(payload.description, ())
    return RemoteProject(
        id=payload.id,
        organization_id=payload.domain_id,
        content=ProjectContent(
            name=name, description=description, mark=mark, enabled=payload.enabled, parent_id=payload.parent_id
        ),
        provisioning_status=ProvisioningStatus.PROVISIONED,
        health_status=HealthStatus.HEALTHY,
        raw_status={"enabled": "true" if payload.enabled else "false"}
        | ({"name": _word(payload.name)} if names.prepends else {}),
    )


def roles_on_projects(roles: Iterable[RolePayload]) -> tuple[Role, ...]:
    """Those that can be given on a project, each once, by the names that people know (T8-12)."""
    found = {role.id: Role(role.id, role.display_name or role.name) for role in roles if role.type in _ON_PROJECTS}
    return tuple(found.values())
