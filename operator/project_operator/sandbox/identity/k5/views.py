"""Documents as the service shows them."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from project_operator.sandbox.identity.k5.resources import Assignment, Named, Project, Scope
from project_operator.sandbox.identity.k5.state import REGION, State

_PUBLIC = f"http://identity.{REGION}.cloud.global.fujitsu.com/v3"
"""What links begin with, whatever address was asked (F1-5)."""


def encode(document: Any) -> bytes:
    """JSON text."""
    return json.dumps(document, ensure_ascii=False).encode()


def version() -> dict[str, Any]:
    """Which version is served (F1-2)."""
    return {"version": {"id": "v3.0", "status": "stable", "links": [{"rel": "self", "href": f"{_PUBLIC}/"}]}}


def project(state: State, shown: Project) -> dict[str, Any]:
    """A project (F2-9)."""
    document = {
        "id": shown.id,
        "name": shown.name,
        "domain_id": shown.domain_id,
        "description": shown.description,
        "enabled": shown.enabled,
        "links": {"self": f"{_PUBLIC}/projects/{shown.id}"},
    }
    return document | ({"parent_id": None} if state.settings.shows_parent else {})


def named(kind: str, shown: Named, **more: Any) -> dict[str, Any]:
    """A domain, a group or a role."""
    return {"id": shown.id, "name": shown.name, "links": {"self": f"{_PUBLIC}/{kind}/{shown.id}"}, **more}


def assignment(shown: Assignment) -> dict[str, Any]:
    """A role that a group has (F7-3)."""
    return {
        "role": {"id": shown.role_id},
        "group": {"id": shown.group_id},
        "scope": {"project": {"id": shown.project_id}},
        "links": {"assignment": f"{_PUBLIC}/projects/{shown.project_id}/groups/{shown.group_id}/roles/{shown.role_id}"},
    }


def listed(key: str, items: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """A list, whole: there are no pages (F6-1)."""
    return {key: list(items), "links": {"self": f"{_PUBLIC}/{key}", "previous": None, "next": None}}


def token(state: State, scope: Scope, now: float) -> dict[str, Any]:
    """A token's own account of itself (F3-4, F3-5)."""
    home = {"id": state.domain.id, "name": state.domain.name}
    document: dict[str, Any] = {
        "methods": ["password"],
        "issued_at": _moment(now),
        "expires_at": _moment(now + state.settings.token_life),
        "user": {"id": state.user.id, "name": state.user.name, "domain": home},
        "extras": {},
    }
    if scope.project_id:
        found = state.projects[scope.project_id]
        document["project"] = {"id": found.id, "name": found.name, "domain": home}
    else:
        document["domain"] = home
    return {"token": document}


def error(status: int, message: str) -> dict[str, Any]:
    """The error document (F5-1)."""
    return {"error": {"code": status, "message": message, "title": HTTPStatus(status).phrase}}


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
