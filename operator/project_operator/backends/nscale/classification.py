"""Applies the table in ``errors`` to what came of a request."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from project_operator.backends.answers import clipped, quotable, retry_after, unanswered
from project_operator.backends.calls import Answer, NoAnswer
from project_operator.backends.nscale.errors import (
    CA_FIELD,
    CERTIFICATE_FIELD,
    NOT_NSCALE,
    RIGHTS,
    SUCCESS,
    TABLE,
    URL_FIELD,
    Operation,
)
from project_operator.backends.nscale.payloads import ErrorDocument, read_error
from project_operator.backends.trust import Lost
from project_operator.errors import (
    BackendError,
    BackendUnavailable,
    ConnectionRefused,
    CredentialsRejected,
    OutcomeUnknown,
)

FAULTY_FIELDS: Final = {
    Lost.NAME: URL_FIELD,
    Lost.ADDRESS: URL_FIELD,
    Lost.TLS: URL_FIELD,
    Lost.UNTRUSTED: CA_FIELD,
    Lost.CERTIFICATE: CERTIFICATE_FIELD,
}
"""Which field of the backend object to look at, where no connection comes about for a reason that waiting mends not."""


def classify(
    operation: Operation, outcome: Answer | NoAnswer, *, now: datetime, secrets: Iterable[str] = ()
) -> BackendError | None:
    """What ``outcome`` means; None where it is a success, whose body is still to be read.

    ``now`` is aware, and what a ``Retry-After`` date is counted from; ``secrets`` are kept out of what is quoted.
    """
    if isinstance(outcome, NoAnswer):
        return _unanswered(operation, outcome)
    if outcome.status in SUCCESS[operation]:
        return None
    return _answered(operation, outcome, read_error(outcome.body), now, secrets)


def unusable(operation: Operation, answer: Answer) -> BackendError:
    """What it means that an answer says success and is not what a success looks like. Nothing of it is quoted."""
    if operation is Operation.CONNECT:
        return ConnectionRefused(f"{operation.words}: {NOT_NSCALE}", field=URL_FIELD, status=answer.status)
    outcome = OutcomeUnknown if operation.writes else BackendUnavailable
    return outcome(
        f"{operation.words}: the answer is not what nscale answers (HTTP {answer.status})",
        operation=operation,
        status=answer.status,
        trace_id=answer.trace_id,
    )


def _answered(
    operation: Operation, answer: Answer, document: ErrorDocument | None, now: datetime, secrets: Iterable[str]
) -> BackendError | None:
    row = next(row for row in TABLE if row.fits(operation, answer.status, document))
    if row.outcome is None:
        return None
    said = f"HTTP {answer.status} {document.error}" if document else f"HTTP {answer.status}"
    message = f"{operation.words}: {row.says.format(right=RIGHTS[operation])} ({said})"
    if document and row.quotes:
        message += f": {quotable(document.error_description, secrets)}"
    if row.outcome is ConnectionRefused:
        return ConnectionRefused(clipped(message), field=URL_FIELD, status=answer.status)
    return row.outcome(
        clipped(message),
        operation=operation,
        status=answer.status,
        retry_after=retry_after(answer.headers.get("retry-after"), now),
        trace_id=(document.trace_id if document else "") or answer.trace_id,
    )


def _unanswered(operation: Operation, outcome: NoAnswer) -> BackendError:
    if operation is Operation.CONNECT and outcome.why in FAULTY_FIELDS:
        return ConnectionRefused(clipped(f"{operation.words}: {outcome.words}"), field=FAULTY_FIELDS[outcome.why])
    if outcome.why is Lost.CERTIFICATE:
        # Whoever refuses the certificate has not looked at the request (RFC 8446, 4.4.2.4).
        message = clipped(f"{operation.words}: {outcome.words}")
        return CredentialsRejected(message, operation=operation, trace_id=outcome.trace_id)
    return unanswered(operation, outcome, writes=operation.writes)
