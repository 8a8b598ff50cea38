"""Refusals with the platform's error document (V6-1)."""

from http import HTTPStatus


class Refusal(Exception):
    """Ends the handling of a request with an error document."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def invalid(message: str) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, message)


def unauthorized(message: str) -> Refusal:
    return Refusal(HTTPStatus.UNAUTHORIZED, message)


def forbidden() -> Refusal:
    return Refusal(HTTPStatus.FORBIDDEN, "the caller lacks the role for this operation")


def not_found(what: str) -> Refusal:
    return Refusal(HTTPStatus.NOT_FOUND, f"{what} could not be found")


def conflict(message: str) -> Refusal:
    return Refusal(HTTPStatus.CONFLICT, message)
