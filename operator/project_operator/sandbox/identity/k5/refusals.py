"""Refusals with Keystone's error document, which K5 documents for its own (F5-1)."""

from http import HTTPStatus


class Refusal(Exception):
    """Ends the handling of a request with an error document."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def invalid(message: str) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, message)


def unauthorized() -> Refusal:
    return Refusal(HTTPStatus.UNAUTHORIZED, "The request you have made requires authentication.")


def forbidden(operation: str) -> Refusal:
    words = f"You are not authorized to perform the requested action: {operation}."
    return Refusal(HTTPStatus.FORBIDDEN, words)


def not_found(what: str, name: str) -> Refusal:
    return Refusal(HTTPStatus.NOT_FOUND, f"Could not find {what}: {name}.")


def conflict(message: str) -> Refusal:
    return Refusal(HTTPStatus.CONFLICT, message)


def not_implemented() -> Refusal:
    return Refusal(HTTPStatus.NOT_IMPLEMENTED, "The action you have requested has not been implemented.")
