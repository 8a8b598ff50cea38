"""The requests that change projects of K5: what its pages name, and nothing else of what Keystone has."""

from typing import Any

from project_operator.backends.base import ProjectContent, RemoteProject
from project_operator.backends.k5.dialect import K5
from project_operator.backends.k5.names import same_name
from project_operator.backends.keystone_v3.errors import Operation
from project_operator.backends.keystone_v3.requests import PROJECTS, Asked, project_body, project_path, role_changes
from project_operator.backends.requests import Request


def creation(content: ProjectContent, domain_id: str) -> Request[Asked]:
    """The POST that makes a project; the domain is always named, for K5 would take another one (F2-5)."""
    settings: dict[str, Any] = {"name": content.name, "domain_id": domain_id}
    if description := _description(content):
        settings["description"] = description
    if content.enabled is not None:
        settings["enabled"] = content.enabled
    asked = Asked(Operation.CREATE_PROJECT)
    return Request(asked, "POST", PROJECTS, f"create project '{content.name}'", project_body(settings))


def update(current: RemoteProject, content: ProjectContent) -> tuple[Request[Asked], ...]:
    """What makes ``current`` into ``content``: the settings in one PATCH (F2-8), then the roles."""
    changes = _changes(current.content, content)
    steps: list[Request[Asked]] = []
    if changes:
        words = f"change {', '.join(changes)} of '{current.content.name}'"
        asked = Asked(Operation.UPDATE_PROJECT, frozenset({current.id}))
        steps.append(Request(asked, "PATCH", project_path(current.id), words, project_body(changes)))
    return (*steps, *role_changes(current.id, current.content.role_assignments, content.role_assignments))


def _changes(current: ProjectContent, content: ProjectContent) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if not same_name(content.name, current.name):
        changes["name"] = content.name
    if (description := _description(content)) != _description(current):
        changes["description"] = description
    if content.enabled is not None and content.enabled != current.enabled:
        changes["enabled"] = content.enabled
    return changes


def _description(content: ProjectContent) -> str:
    """As K5 keeps it, with the mark."""
    description, _ = K5.mark_place.write(content.description, (), content.mark)
    return description or ""
