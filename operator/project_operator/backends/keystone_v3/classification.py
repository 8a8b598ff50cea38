"""Applies the table in ``errors`` to what came of a request."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from project_operator.backends.answers import clipped, quotable, retry_after, unanswered
from project_operator.backends.calls import Answer, NoAnswer
from project_operator.backends.keystone_v3.dialect import Dialect
from project_operator.backends.keystone_v3.errors import NOT_KEYSTONE, RIGHTS, SUCCESS, Operation, row_for
from project_operator.backends.keystone_v3.payloads import ErrorDocument, read
from project_operator.backends.trust import Lost
from project_operator.errors import BackendError, BackendUnavailable, ConnectionRefused, OutcomeUnknown

FAULTY_FIELDS: Final = {Lost.NAME: "url", Lost.ADDRESS: "url", Lost.TLS: "url", Lost.UNTRUSTED: "caBundle"}
"""The field to look at where no connection comes about for a reason that waiting mends not; in the vendor's member."""

Items = TypeVar("Items")

_FERNET: Final = re.compile(r"gAAAAA[A-Za-z0-9_=-]{8,}")
"""How a token of Keystone's begins (Fernet, version 128): somebody else's is not ours to quote either."""

_REQUEST_ID: Final = re.compile(r"req-[0-9a-f-]{1,64}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, as far as it decides what an answer means."""

    operation: Operation
    named: frozenset[str] = frozenset()
    """The ids whose absence would be an answer; a 404 that names none of them is about something else (K3-20)."""


def succeeded(asked: Asked, answer: Answer, dialect: Dialect) -> bool:
    """Whether ``answer`` has a status of success; its body is still to be read."""
    if asked.operation is Operation.DELETE_PROJECT:
        return answer.status in dialect.deleted
    return answer.status in SUCCESS[asked.operation]


def classify(
    asked: Asked, outcome: Answer | NoAnswer, dialect: Dialect, *, now: datetime, secrets: Iterable[str] = ()
) -> BackendError | None:
    """What ``outcome`` means; None where it is a success, whose body is still to be read, or an absence that answers
    what was asked.

    ``now`` is aware, and what a ``Retry-After`` date is counted from; ``secrets`` are kept out of what is quoted.
    """
    if isinstance(outcome, NoAnswer):
        return _unanswered(asked.operation, outcome, dialect)
    if succeeded(asked, outcome, dialect):
        return None
    document = read(ErrorDocument, outcome.body)
    row = row_for(asked.operation, outcome.status, document, asked.named)
    if row.outcome is None:
        return None
    says = row.says.format(right=RIGHTS.get(asked.operation, "the policy"))
    message = f"{asked.operation.words}: {says} (HTTP {outcome.status})"
    if document and row.quotes:
        message += f": {quotable(_FERNET.sub('[redacted]', document.error.message), secrets)}"
    if row.outcome is ConnectionRefused:
        return ConnectionRefused(clipped(message), field=dialect.url_field, status=outcome.status)
    return row.outcome(
        clipped(message),
        operation=asked.operation,
        status=outcome.status,
        retry_after=retry_after(outcome.headers.get("retry-after"), now),
        trace_id=trace_id(outcome),
    )


def unusable(operation: Operation, answer: Answer, dialect: Dialect) -> BackendError:
    """What it means that an answer says success and is not what a success looks like. Nothing of it is quoted."""
    if operation is Operation.CONNECT:
        return ConnectionRefused(f"{operation.words}: {NOT_KEYSTONE}", field=dialect.url_field, status=answer.status)
    outcome = OutcomeUnknown if operation.writes else BackendUnavailable
    return outcome(
        f"{operation.words}: the answer is not what Keystone answers (HTTP {answer.status})",
        operation=operation,
        status=answer.status,
        trace_id=trace_id(answer),
    )


def whole(operation: Operation, found: Items | None) -> Items:
    """``found``; where an item of a list was not what Keystone lists (None), the whole list is not."""
    if found is None:
        words = f"{operation.words}: the list holds what Keystone does not list"
        raise BackendUnavailable(words, operation=operation)
    return found


def trace_id(answer: Answer) -> str:
    """The id under which Keystone logged the request (K2-6), else ours."""
    said = answer.headers.get("x-openstack-request-id") or ""
    return said if _REQUEST_ID.fullmatch(said) else answer.trace_id


def _unanswered(operation: Operation, outcome: NoAnswer, dialect: Dialect) -> BackendError:
    if operation is Operation.CONNECT and outcome.why in FAULTY_FIELDS:
        field = f"{dialect.spec_path}.{FAULTY_FIELDS[outcome.why]}"
        return ConnectionRefused(clipped(f"{operation.words}: {outcome.words}"), field=field)
    return unanswered(operation, outcome, writes=operation.writes)
