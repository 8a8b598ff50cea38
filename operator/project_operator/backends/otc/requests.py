"""The requests of Open Telekom Cloud that are not Keystone's, computed from what is wanted and sent nowhere."""

from typing import Any, Final
from urllib.parse import quote

from project_operator.backends.base import ProjectContent, RemoteProject
from project_operator.backends.keystone_v3.errors import Operation
from project_operator.backends.keystone_v3.requests import (
    PROJECTS,
    Asked,
    get,
    project_body,
    project_path,
    role_changes,
)
from project_operator.backends.otc.dialect import MARK_PLACE
from project_operator.backends.otc.names import RegionNames
from project_operator.backends.otc.payloads import NORMAL, SUSPENDED
from project_operator.backends.requests import Request

_STATUSES: Final = "/v3-ext/projects"


def reading(project_id: str) -> Request[Asked]:
    """The GET that shows a project with its status (T1-3)."""
    return get(Operation.GET_PROJECT, _status_path(project_id), {project_id})


def numbered_page(domain_id: str, number: int, size: int) -> Request[Asked]:
    """The GET of a page of the account's projects (T4-1)."""
    query = {"domain_id": domain_id, "page": str(number), "per_page": str(size)}
    return get(Operation.LIST_PROJECTS, PROJECTS, **query)


def region_project(domain_id: str, region: str) -> Request[Asked]:
    """The GET that looks for the region's own project (T1-20)."""
    return get(Operation.VERIFY_READ_ACCESS, PROJECTS, domain_id=domain_id, name=region)


def creation(content: ProjectContent, domain_id: str, region_id: str, names: RegionNames) -> Request[Asked]:
    """The POST that makes a project below the region's, or below the parent that ``content`` names (T1-15)."""
    description, _ = MARK_PLACE.write(content.description, (), content.mark)
    settings: dict[str, Any] = {
        "name": names.written(content.name),
        "domain_id": domain_id,
        "parent_id": content.parent_id or region_id,
    }
    if description:
        settings["description"] = description
    asked = Asked(Operation.CREATE_PROJECT)
    return Request(asked, "POST", PROJECTS, f"create project '{settings['name']}'", project_body(settings))


def update(current: RemoteProject, content: ProjectContent, names: RegionNames) -> tuple[Request[Asked], ...]:
    """What makes ``current`` into ``content``: name and description in one PATCH, the status in a PUT (T1-5, T1-6),
    then the roles. What is to be suspended is changed before, what is to be normal afterwards.
    """
    changes = _changes(current.content, content, names)
    words = f"change {', '.join(changes)} of '{current.content.name}'"
    patches = [_write(current.id, "PATCH", project_path(current.id), words, changes)] if changes else []
    status = status_changes(current.id, current=current.content.enabled, wanted=content.enabled)
    settings = (*status, *patches) if content.enabled else (*patches, *status)
    return (*settings, *role_changes(current.id, current.content.role_assignments, content.role_assignments))


def status_changes(project_id: str, *, current: bool | None, wanted: bool | None) -> tuple[Request[Asked], ...]:
    """The PUT that sets the status, where it is not as ``wanted``; None: it is nobody's affair."""
    if wanted is None or wanted is current:
        return ()
    words = "set the project to normal" if wanted else "suspend the project"
    status = {"status": NORMAL if wanted else SUSPENDED}
    return (_write(project_id, "PUT", _status_path(project_id), words, status),)


def deletion(project_id: str) -> Request[Asked]:
    """The DELETE, which takes everything with it (T7-1)."""
    asked = Asked(Operation.DELETE_PROJECT, frozenset({project_id}))
    words = "delete the project with every resource in it"
    return Request(asked, "DELETE", project_path(project_id), words)


def _status_path(project_id: str) -> str:
    return f"{_STATUSES}/{quote(project_id, safe='{}')}"


def _changes(current: ProjectContent, content: ProjectContent, names: RegionNames) -> dict[str, Any]:
    """The settings that differ, by their names on the wire."""
    description, _ = MARK_PLACE.write(content.description, (), content.mark)
    had, _ = MARK_PLACE.write(current.description, (), current.mark)
    changes: dict[str, Any] = {}
    if content.name != current.name:
        changes["name"] = names.written(content.name)
    if description != had:
        changes["description"] = description
    return changes


def _write(project_id: str, method: str, path: str, summary: str, settings: dict[str, Any]) -> Request[Asked]:
    asked = Asked(Operation.UPDATE_PROJECT, frozenset({project_id}))
    return Request(asked, method, path, summary, project_body(settings))
