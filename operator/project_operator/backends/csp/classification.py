"""Applies the table in ``errors`` to what came of a request."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final, TypeVar

from project_operator.backends.answers import clipped, quotable, retry_after, unanswered
from project_operator.backends.calls import Answer, NoAnswer
from project_operator.backends.csp.errors import (
    CA_FIELD,
    CONNECT,
    NOT_CSP,
    RIGHTS,
    SIGN_IN,
    SUCCESS,
    TABLE,
    URL_FIELD,
    Operation,
)
from project_operator.backends.csp.payloads import ErrorDocument, read_error, read_oauth_error
from project_operator.backends.trust import Lost
from project_operator.errors import BackendError, BackendUnavailable, ConnectionRefused, OutcomeUnknown

FAULTY_FIELDS: Final = {
    Lost.NAME: URL_FIELD,
    Lost.ADDRESS: URL_FIELD,
    Lost.TLS: URL_FIELD,
    Lost.UNTRUSTED: CA_FIELD,
}
"""Which field of the backend object to look at, where no connection comes about for a reason that waiting mends not."""

Items = TypeVar("Items")

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")


def succeeded(operation: Operation, answer: Answer) -> bool:
    """Whether ``answer`` has a status of success; its body is still to be read."""
    return answer.status in SUCCESS[operation]


def classify(
    operation: Operation, outcome: Answer | NoAnswer, *, now: datetime, secrets: Iterable[str] = ()
) -> BackendError | None:
    """What ``outcome`` means; None where it is a success, whose body is still to be read, or an absence that answers
    what was asked.

    ``now`` is aware, and what a ``Retry-After`` date is counted from; ``secrets`` are kept out of what is quoted.
    """
    if isinstance(outcome, NoAnswer):
        return _unanswered(operation, outcome)
    if succeeded(operation, outcome):
        return None
    document = _document(operation, outcome)
    row = next(row for row in TABLE if row.fits(operation, outcome.status, own=document is not None))
    if row.outcome is None:
        return None
    codes = f" {document.code}" if document and document.code else ""
    message = f"{operation.words}: {row.says.format(right=RIGHTS.get(operation, ''))} (HTTP {outcome.status}{codes})"
    if document and row.quotes and document.message:
        message += f": {quotable(document.message, secrets)}"
    message = clipped(quotable(message, secrets))
    if row.outcome is ConnectionRefused:
        return ConnectionRefused(message, field=URL_FIELD, status=outcome.status)
    return row.outcome(
        message,
        operation=operation,
        status=outcome.status,
        retry_after=retry_after(outcome.headers.get("retry-after"), now),
        trace_id=_trace_id(document, outcome),
    )


def unusable(operation: Operation, answer: Answer) -> BackendError:
    """What it means that an answer says success and is not what a success looks like. Nothing of it is quoted."""
    if operation is Operation.CONNECT:
        return ConnectionRefused(f"{operation.words}: {NOT_CSP}", field=URL_FIELD, status=answer.status)
    outcome = OutcomeUnknown if operation.writes else BackendUnavailable
    return outcome(
        f"{operation.words}: the answer is not what the platform answers (HTTP {answer.status})",
        operation=operation,
        status=answer.status,
        trace_id=answer.trace_id,
    )


def whole(operation: Operation, found: Items | None) -> Items:
    """``found``; where an item of a list was not what the platform lists (None), the whole list is not."""
    if found is None:
        words = f"{operation.words}: the list holds what the platform does not list"
        raise BackendUnavailable(words, operation=operation)
    return found


def _document(operation: Operation, answer: Answer) -> ErrorDocument | None:
    document = read_error(answer.body, answer.status)
    return document or (read_oauth_error(answer.body) if operation in CONNECT | SIGN_IN else None)


def _trace_id(document: ErrorDocument | None, answer: Answer) -> str:
    """The id under which the platform logged the request (V6-1), else ours."""
    said = document.request_id if document else ""
    return said if _REQUEST_ID.fullmatch(said) else answer.trace_id


def _unanswered(operation: Operation, outcome: NoAnswer) -> BackendError:
    if operation is Operation.CONNECT and outcome.why in FAULTY_FIELDS:
        return ConnectionRefused(clipped(f"{operation.words}: {outcome.words}"), field=FAULTY_FIELDS[outcome.why])
    return unanswered(operation, outcome, writes=operation.writes)
