"""Clean refusals: status, error code and description, as the server words them (N1.3, N3.4)."""

from http import HTTPStatus
from typing import Final

ERROR_CODES: Final = {
    400: "invalid_request",
    401: "access_denied",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    500: "server_error",
}
"""The ``error`` of each status (N3.4-2)."""


class Refusal(Exception):
    """Ends the handling of a request with an error document."""

    def __init__(self, status: int, description: str, code: str = "") -> None:
        """``code``: where it is not the one that the status has."""
        super().__init__(description)
        self.status = status
        self.description = description
        self.code = code or ERROR_CODES[status]


def invalid(description: str) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, description)


def access_denied(description: str) -> Refusal:
    return Refusal(HTTPStatus.UNAUTHORIZED, description)


def forbidden(description: str) -> Refusal:
    return Refusal(HTTPStatus.FORBIDDEN, description)


def not_found() -> Refusal:
    return Refusal(HTTPStatus.NOT_FOUND, "resource not found")


def method_not_allowed() -> Refusal:
    return Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "the requested method was not allowed")


def lost_race() -> Refusal:
    """An optimistic-lock collision; the text is the server's, and misleading (N1.3-6)."""
    return Refusal(HTTPStatus.CONFLICT, "the requested resource already exists")


def name_taken() -> Refusal:
    """The answer of the API page which the server never sends (N1.3-10)."""
    return Refusal(HTTPStatus.CONFLICT, "a resource with the same name already exists")


def internal() -> Refusal:
    """Anything unmapped from the Kubernetes API behind the server (N1.3-7)."""
    return Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "an internal error has occurred, please contact support")
