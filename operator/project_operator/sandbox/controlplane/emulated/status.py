"""Answers other than success, as the API server words them (apimachinery 0.37, ``pkg/api/errors``)."""

import json
from typing import Any, NamedTuple

from project_operator.sandbox.controlplane.emulated.kinds import Kind, Object


class FieldError(NamedTuple):
    """One thing wrong with an object: the path as users write it, and the reason as apimachinery names it."""

    field: str
    message: str
    reason: str = "FieldValueInvalid"


def wrong(field: str, value: Any, detail: str) -> FieldError:
    return FieldError(field, f"Invalid value: {json.dumps(value, ensure_ascii=False)}: {detail}")


class Refused(Exception):
    """The request is answered with this status, and nothing is stored."""

    def __init__(self, code: int, reason: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code = code
        body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message}
        self.body: Object = body | {"reason": reason, "details": details, "code": code}


def bad_request(message: str) -> Refused:
    return Refused(400, "BadRequest", message)


def about(kind: Kind, name: str, code: int, reason: str, message: str) -> Refused:
    """``message`` has a ``{}`` where the object is named, as in ``projects.example.com "blue" not found``."""
    message = message.replace("{}", f'{kind.resource} "{name}"', 1)
    return Refused(code, reason, message, name=name, group=kind.group, kind=kind.plural)


def conflict(kind: Kind, name: str, why: str) -> Refused:
    return about(kind, name, 409, "Conflict", "Operation cannot be fulfilled on {}: " + why)


def invalid(kind: Kind | None, name: str, *errors: FieldError) -> Refused:
    """``kind`` None: a patch that cannot be decoded, of which the API server does not say whose it was."""
    group, short = (kind.group, kind.kind) if kind else ("", "")
    texts = [f"{error.field}: {error.message}" for error in errors]
    message = f'{short}{"." * bool(group)}{group} "{name}" is invalid: '
    message += texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    causes = [error._asdict() for error in errors]
    return Refused(422, "Invalid", message, name=name, group=group, kind=short, causes=causes)
