"""Documents as the platform shows them."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from project_operator.sandbox.identity.csp.resources import Group, HeldRole, Project
from project_operator.sandbox.identity.csp.state import State

T = TypeVar("T")


def encode(document: Any) -> bytes:
    """JSON text."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def project(state: State, shown: Project, parents: frozenset[str], *, expanded: bool) -> dict[str, Any]:
    """A project (V2-16), scopes and services only where they are asked for (V4-5); ``parents`` have children."""
    document: dict[str, Any] = {
        "id": shown.id,
        "displayName": shown.display_name,
        "depth": state.depth(shown),
        "leaf": shown.id not in parents,
        "createdBy": shown.created_by,
        "creationDate": _moment(shown.creation_time),
    }
    optional = {
        "type": shown.type if state.settings.tells_type else None,
        "description": shown.description,
        "vrn": shown.vrn,
        "parentProjectId": shown.parent_id,
        "lastModifiedBy": shown.modified_by or None,
        "lastModifiedDate": _moment(shown.modified_time) if shown.modified_time else None,
    }
    document |= {name: value for name, value in optional.items() if value is not None}
    if expanded:
        document["subResourceServiceScopes"] = list(shown.scopes)
        document["enabledServices"] = list(shown.services)
    return document


def group_roles(group: Group) -> dict[str, Any]:
    """The roles of a group (V7-2)."""

    def of(kind: str) -> list[HeldRole]:
        return sorted(role for role in group.roles if role.kind == kind)

    services = sorted({role.service for role in of("serviceRoles")})
    return {
        "organizationRoles": [_role(role) for role in of("organizationRoles")],
        "customRoles": [_role(role) for role in of("customRoles")],
        "serviceRoles": [
            {
                "serviceDefinitionId": service,
                "serviceRoleNames": sorted({role.name for role in of("serviceRoles") if role.service == service}),
                "serviceRoles": [_role(role) for role in of("serviceRoles") if role.service == service],
            }
            for service in services
        ],
    }


def group(shown: Group) -> dict[str, Any]:
    """A group in a list (V7-1)."""
    return {"id": shown.id, "displayName": shown.display_name, "groupType": "USER_GROUP", **group_roles(shown)}


def page(
    state: State, path: str, items: Sequence[T], start: int, limit: int, view: Callable[[T], dict[str, Any]]
) -> dict[str, Any]:
    """A page of a list (V4-1 to V4-3). Links hold nothing of the query but the place."""
    shown = items[start - 1 : start - 1 + limit]
    document: dict[str, Any] = {"results": [view(item) for item in shown]}
    if state.settings.tells_total:
        document["totalResults"] = len(items)
    following = start + len(shown)
    if state.settings.links and shown and following <= len(items):
        document["nextLink"] = f"{path}?{urlencode({'pageStart': following, 'pageLimit': limit})}"
    if state.settings.links and start > 1:
        document["prevLink"] = f"{path}?{urlencode({'pageStart': max(1, start - limit), 'pageLimit': limit})}"
    return document


def error(status: int, message: str, request_id: str) -> dict[str, Any]:
    """The error document (V6-1)."""
    return {
        "message": message,
        "statusCode": status,
        "cspErrorCode": f"csp.{status}",
        "moduleCode": 540,
        "requestId": request_id,
    }


def _role(role: HeldRole) -> dict[str, Any]:
    return {
        "name": role.name,
        "membershipType": role.membership,
        **({"resource": role.resource} if role.resource else {}),
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
