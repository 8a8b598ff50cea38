"""What a fault answers in the service's place, and what it makes of the service's answer."""

from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from typing import Final

from project_operator.sandbox.identity.exchange import Answer, IdentityService
from project_operator.sandbox.identity.faults import Fault, FaultAction, RetryAfter

JSON_TYPE: Final = ("content-type", "application/json")
HTML_TYPE: Final = ("content-type", "text/html")
_TEXT_TYPE: Final = ("content-type", "text/plain")

_VENDOR_ERRORS: Final = {
    FaultAction.SERVER_ERROR: HTTPStatus.INTERNAL_SERVER_ERROR,
    FaultAction.UNAUTHORIZED: HTTPStatus.UNAUTHORIZED,
    FaultAction.FORBIDDEN: HTTPStatus.FORBIDDEN,
}


def page(title: str) -> bytes:
    """The page that nginx answers with."""
    return (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    ).encode()


class _Everything(frozenset[str]):
    """Holds every id."""

    def __contains__(self, _: object) -> bool:
        return True


def answer_of(fault: Fault, now: float, error_body: Callable[[int], bytes]) -> Answer | None:
    """The answer of a fault that answers by itself; None of others. ``now`` is in seconds since the epoch."""
    match fault.action:
        case FaultAction.BAD_GATEWAY:
            return Answer(502, page("502 Bad Gateway"), (HTML_TYPE,))
        case FaultAction.SERVICE_UNAVAILABLE:
            return Answer(503, page("503 Service Temporarily Unavailable"), (HTML_TYPE, *_retry_after(fault, now)))
        case FaultAction.TOO_MANY_REQUESTS:
            return Answer(429, b"Too Many Requests\n", (_TEXT_TYPE, *_retry_after(fault, now)))
        case FaultAction.SERVER_ERROR | FaultAction.UNAUTHORIZED | FaultAction.FORBIDDEN:
            status = _VENDOR_ERRORS[fault.action]
            return Answer(status, error_body(status), (JSON_TYPE,))
        case _:
            return None


def changed(answer: Answer, fault: Fault, service: IdentityService) -> Answer:
    """The service's answer as the fault leaves it."""
    match fault.action:
        case FaultAction.EMPTY_BODY:
            return answer.with_body(b"")
        case FaultAction.BROKEN_JSON:
            return answer.with_body(answer.body[: len(answer.body) // 2])
        case FaultAction.EMPTY_LIST:
            return service.without(answer, _Everything())
        case FaultAction.LIST_WITHOUT:
            return service.without(answer, frozenset(fault.ids))
        case _:
            return answer


def _retry_after(fault: Fault, now: float) -> tuple[tuple[str, str], ...]:
    match fault.retry_after:
        case RetryAfter.SECONDS:
            return (("retry-after", str(fault.retry_after_seconds)),)
        case RetryAfter.DATE:
            return (("retry-after", formatdate(now + fault.retry_after_seconds, usegmt=True)),)
        case None:
            return ()
