"""Documents as IAM shows them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from project_operator.sandbox.identity.otc.resources import SUSPENDED, Group, Project, Role, Token
from project_operator.sandbox.identity.otc.settings import ErrorShape, ThrottleShape
from project_operator.sandbox.identity.otc.state import ACCOUNT_NAME, State


def encode(document: Any) -> bytes:
    """JSON text."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def project(state: State, shown: Project) -> dict[str, Any]:
    """A project without its status (T1-2, T1-4)."""
    return {
        "is_domain": False,
        "description": shown.description,
        "links": {"self": f"https://iam.example.com/v3/projects/{shown.id}"},
        "enabled": not (state.settings.status_shows_in_enabled and shown.status == SUSPENDED),
        "id": shown.id,
        "parent_id": shown.parent_id,
        "domain_id": state.account_id,
        "name": shown.name,
    }


def project_with_status(state: State, shown: Project) -> dict[str, Any]:
    """A project with its status (T1-3)."""
    document = project(state, shown) | {"status": shown.status}
    del document["links"]
    return document


def group(state: State, shown: Group) -> dict[str, Any]:
    """A group (T6-8)."""
    return {"id": shown.id, "name": shown.name, "domain_id": state.account_id, "description": ""}


def role(state: State, shown: Role) -> dict[str, Any]:
    """A role (T6-4)."""
    return {
        "id": shown.id,
        "name": shown.name,
        "display_name": shown.display_name,
        "type": shown.type,
        "domain_id": state.account_id if shown.custom else None,
        "catalog": "CUSTOMED" if shown.custom else "BASE",
    }


def page(key: str, items: Sequence[dict[str, Any]], target: str) -> dict[str, Any]:
    """A list, or a part of one: the links beside it lead nowhere (T4-2)."""
    return {"links": {"self": f"https://iam.example.com{target}", "previous": None, "next": None}, key: list(items)}


def token(state: State, shown: Token, now: float) -> dict[str, Any]:
    """What a token is (T3-1)."""
    account = {"id": state.account_id, "name": ACCOUNT_NAME}
    scope = {"project": {"id": shown.project_id, "domain": account}} if shown.project_id else {"domain": account}
    return {
        "token": {
            "methods": ["password"],
            "issued_at": _moment(now),
            "expires_at": _moment(shown.expires_at),
            "user": {"domain": account, "id": "0f1e", "name": shown.user, "password_expires_at": ""},
            "roles": [{"name": "secu_admin", "id": "0"}],
            **scope,
        }
    }


def error(shape: ErrorShape, path: str, status: int, code: str, message: str) -> dict[str, Any]:
    """The error document, in the form that is said here (T2-1, T2-2)."""
    keystone = shape is ErrorShape.KEYSTONE or (shape is ErrorShape.BY_PATH and path.startswith("/v3/"))
    if keystone:
        return {"error": {"code": status, "message": message, "title": HTTPStatus(status).phrase}}
    return {"error_msg": message, "error_code": code}


def throttled(state: State, request_id: str) -> dict[str, Any]:
    """What 429 says (T2-8, T2-9)."""
    settings = state.settings
    threshold = f"threshold {settings.limit} times per {settings.window:g} seconds"
    match settings.throttle_shape:
        case ThrottleShape.IAM:
            return {"error_msg": f"The throttling threshold has been reached: {threshold}", "error_code": "IAM.0012"}
        case ThrottleShape.GATEWAY:
            words = "The throttling threshold has been reached: policy user over ratelimit"
            return {"error_msg": words, "error_code": "APIGW.0308", "request_id": request_id}
        case ThrottleShape.KEYSTONE:
            return {"error": {"code": 429, "message": "Too Many Requests", "title": "Too Many Requests"}}


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
