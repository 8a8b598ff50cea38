"""Refusals in the two forms that there are (T2-1, T2-2)."""

from http import HTTPStatus


class Refusal(Exception):
    """Ends the handling of a request with an error document."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def invalid(message: str) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, "IAM.0011", message)


def unauthorized(message: str) -> Refusal:
    return Refusal(HTTPStatus.UNAUTHORIZED, "IAM.0001", message)


def failed_over() -> Refusal:
    return Refusal(HTTPStatus.GONE, "IAM.0020", "Original auth failed.")


def forbidden(right: str) -> Refusal:
    return Refusal(HTTPStatus.FORBIDDEN, "IAM.0003", f"Policy doesn't allow {right} to be performed.")


def not_found(kind: str, identifier: str) -> Refusal:
    return Refusal(HTTPStatus.NOT_FOUND, "IAM.0004", f"Could not find {kind}: {identifier}.")


def conflict(message: str) -> Refusal:
    return Refusal(HTTPStatus.CONFLICT, "IAM.0005", message)
