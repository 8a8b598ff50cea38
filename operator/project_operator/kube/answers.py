"""What an answer of the API server means: the object, or one of our errors. One table, in code."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from pydantic_core import from_json, to_json

from project_operator.errors import (
    KubeConflict,
    KubeError,
    KubeForbidden,
    KubeInvalid,
    KubeNotFound,
    KubeUnavailable,
)
from project_operator.kube.resources import SECRETS, Resource

MESSAGE_LIMIT: Final = 256
"""Characters of the API server's own words that are quoted."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

_BY_STATUS: Final[Mapping[int, type[KubeError]]] = {
    HTTPStatus.UNAUTHORIZED: KubeForbidden,
    HTTPStatus.FORBIDDEN: KubeForbidden,
    HTTPStatus.NOT_FOUND: KubeNotFound,
    HTTPStatus.CONFLICT: KubeConflict,
    HTTPStatus.TOO_MANY_REQUESTS: KubeUnavailable,
}


def read(call: str, resource: Resource, status: int, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """The object in a 2xx answer.

    ``call`` says in a few words what was asked, for the error's message.

    Raises:
        KubeError: by class. A 2xx that does not hold an object is `KubeUnavailable`: a write may have been applied.
    """
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        raise refusal(call, resource, status, headers, body)
    document = _parse(resource, body)
    if document is None:
        raise KubeUnavailable(f"{call}: {status} without a JSON object in it; is a proxy in between?", status=status)
    return document


def refusal(call: str, resource: Resource, status: int, headers: Mapping[str, str], body: bytes) -> KubeError:
    """The error that an answer other than 2xx is."""
    document = _parse(resource, body) or {}
    details = document if document.get("kind") == "Status" else {}
    message = _message(call, resource, status, details)
    return _error_class(status, details)(message, status=status, retry_after=_retry_after(headers))


def compact(resource: Resource, raw: Mapping[str, Any]) -> dict[str, Any]:
    """The same object with the words that many have in common: two fifths of the memory, where thousands are kept."""
    document: dict[str, Any] = _shared(resource, to_json(raw))
    return document


def _parse(resource: Resource, body: bytes) -> dict[str, Any] | None:
    try:
        document = _shared(resource, body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _shared(resource: Resource, text: bytes) -> Any:
    """Words are remembered and handed out again; of Secrets none but their keys."""
    return from_json(text, cache_strings="keys" if resource == SECRETS else "all")


def _error_class(status: int, details: Mapping[str, Any]) -> type[KubeError]:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    # The uid in a patch is our guard against another object of the same name; the API server reports its difference
    # as an attempt to change it.
    if status == HTTPStatus.UNPROCESSABLE_ENTITY and _causes(details) == {"metadata.uid"}:
        return KubeConflict
    return KubeInvalid if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR else KubeUnavailable


def _causes(details: Mapping[str, Any]) -> set[str]:
    causes = (details.get("details") or {}).get("causes") or []
    return {str(cause.get("field", "")) for cause in causes if isinstance(cause, dict)}


def _message(call: str, resource: Resource, status: int, details: Mapping[str, Any]) -> str:
    # A refused write to a Secret may quote what was in it.
    said = "" if resource == SECRETS else str(details.get("message") or "")
    reason = str(details.get("reason") or "")
    text = f"{call}: {status} {reason}".rstrip()
    if said:
        quoted = _CONTROL.sub(" ", said)
        text += ": " + (quoted if len(quoted) <= MESSAGE_LIMIT else quoted[: MESSAGE_LIMIT - 1] + "…")
    return text


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds; the API server sends whole ones (priority and fairness), never a date."""
    value = headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else None
