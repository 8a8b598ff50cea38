"""A vendor's table of answers, applied to what came of a request."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from project_operator.backends.answer_table.rows import Asked, ErrorDocument, Row
from project_operator.backends.answers import clipped, quotable, retry_after, unanswered
from project_operator.backends.calls import Answer, NoAnswer
from project_operator.backends.trust import Lost
from project_operator.errors import (
    BackendError,
    BackendUnavailable,
    ConnectionRefused,
    CredentialsRejected,
    OutcomeUnknown,
)

Found = TypeVar("Found")


def _no_request_id(_: Answer) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class AnswerTable(Generic[Asked]):
    """What each answer of a vendor means: the first of ``rows`` that fits.

    A write counts as refused, and so as not done, in two cases alone: the answer is the vendor's own error document
    with a status below 500, or its status is one that something in front of the vendor gives instead of passing the
    request on. Whatever else is not a success is unknown.
    """

    vendor: str
    """In the middle of a sentence: ``the platform``."""
    rows: tuple[Row[Asked], ...]
    success: Mapping[Asked, frozenset[int]]
    """Statuses of success."""
    rights: Mapping[Asked, str]
    """What ``{right}`` in a row stands for."""
    connect: Asked
    """What proves URL, certificates and credential: a fault of these is told with its field."""
    writes: frozenset[Asked]
    """What changes something if it gets through."""
    read_error: Callable[[Asked, Answer], ErrorDocument | None]
    """The vendor's error document in an answer; None where it is something else."""
    mistaken: str
    """What is said where the URL leads to something else, with what the URL must be."""
    spec_path: str
    """Where in a backend object the vendor's member stands: ``spec.nscale``."""
    certificate_field: str = ""
    """The field that names the client certificate; "": there is none."""
    request_id: Callable[[Answer], str] = _no_request_id
    """The id under which the vendor logged the request, where an answer of whatever kind tells it; else ""."""

    @property
    def url_field(self) -> str:
        """For messages."""
        return f"{self.spec_path}.url"

    @property
    def faulty_fields(self) -> Mapping[Lost, str]:
        """The field of the backend object to look at, by why no connection comes about and will not by waiting."""
        fields = dict.fromkeys((Lost.NAME, Lost.ADDRESS, Lost.TLS), self.url_field)
        fields[Lost.UNTRUSTED] = f"{self.spec_path}.caBundle"
        if self.certificate_field:
            fields[Lost.CERTIFICATE] = self.certificate_field
        return fields

    def succeeded(self, operation: Asked, answer: Answer) -> bool:
        """Whether ``answer`` has a status of success; its body is still to be read."""
        return answer.status in self.success[operation]

    def row_for(
        self, operation: Asked, status: int, document: ErrorDocument | None, named: frozenset[str] = frozenset()
    ) -> Row[Asked]:
        """The first row that fits; ``named`` are the ids whose absence would be an answer."""
        return next(row for row in self.rows if row.fits(operation, status, document, named))

    def classify(
        self,
        operation: Asked,
        outcome: Answer | NoAnswer,
        *,
        now: datetime,
        secrets: Iterable[str] = (),
        named: frozenset[str] = frozenset(),
    ) -> BackendError | None:
        """What ``outcome`` means; None where it is a success, whose body is still to be read, or an absence that
        answers what was asked.

        ``now`` is aware, and what a ``Retry-After`` date is counted from; ``secrets`` are kept out of what is quoted;
        ``named`` are the ids whose absence would be an answer.
        """
        if isinstance(outcome, NoAnswer):
            return self._unanswered(operation, outcome)
        if self.succeeded(operation, outcome):
            return None
        document = self.read_error(operation, outcome)
        row = self.row_for(operation, outcome.status, document, named)
        if row.outcome is None:
            return None
        message = clipped(self._message(operation, outcome, row, document, tuple(secrets)))
        if row.outcome is ConnectionRefused:
            return ConnectionRefused(message, field=self.url_field, status=outcome.status)
        return row.outcome(
            message,
            operation=operation,
            status=outcome.status,
            retry_after=self._pause(outcome, document, now),
            trace_id=(document.request_id if document else "") or self._trace_id(outcome),
        )

    def usable(
        self,
        operation: Asked,
        outcome: Answer | NoAnswer,
        *,
        now: datetime,
        secrets: Iterable[str] = (),
        named: frozenset[str] = frozenset(),
    ) -> Answer:
        """``outcome`` as an answer to what was asked. Raises the `BackendError` that it means where it is none."""
        error = self.classify(operation, outcome, now=now, secrets=secrets, named=named)
        if isinstance(outcome, Answer) and error is None:
            return outcome
        raise error or AssertionError("a call without answer is an error")

    def unusable(self, operation: Asked, answer: Answer) -> BackendError:
        """What it means that an answer says success and is not what a success looks like. Nothing of it is quoted."""
        if operation == self.connect:
            return ConnectionRefused(f"{operation.words}: {self.mistaken}", field=self.url_field, status=answer.status)
        outcome = OutcomeUnknown if operation in self.writes else BackendUnavailable
        return outcome(
            f"{operation.words}: the answer is not what {self.vendor} answers (HTTP {answer.status})",
            operation=operation,
            status=answer.status,
            trace_id=self._trace_id(answer),
        )

    def whole(self, operation: Asked, found: Found | None) -> Found:
        """``found``; where an item of a list was not what the vendor lists (None), the whole list is not."""
        if found is None:
            words = f"{operation.words}: the list holds what {self.vendor} does not list"
            raise BackendUnavailable(words, operation=operation)
        return found

    def _message(
        self, operation: Asked, answer: Answer, row: Row[Asked], document: ErrorDocument | None, secrets: Iterable[str]
    ) -> str:
        code = f" {quotable(document.code, secrets)}" if document and document.code else ""
        says = row.says.format(right=self.rights.get(operation, ""))
        message = f"{operation.words}: {says} (HTTP {answer.status}{code})"
        if document and document.message and row.quotes:
            message += f": {quotable(document.message, secrets)}"
        return message

    def _pause(self, answer: Answer, document: ErrorDocument | None, now: datetime) -> float | None:
        """Seconds to wait: what the header says, else the document."""
        told = retry_after(answer.headers.get("retry-after"), now)
        return document.retry_after if told is None and document is not None else told

    def _trace_id(self, answer: Answer) -> str:
        return self.request_id(answer) or answer.trace_id

    def _unanswered(self, operation: Asked, outcome: NoAnswer) -> BackendError:
        message = clipped(f"{operation.words}: {outcome.words}")
        field = self.faulty_fields.get(outcome.why)
        if field and operation == self.connect:
            return ConnectionRefused(message, field=field)
        if field and outcome.why is Lost.CERTIFICATE:
            # Whoever refuses the certificate has not looked at the request (RFC 8446, 4.4.2.4).
            return CredentialsRejected(message, operation=operation, trace_id=outcome.trace_id)
        return unanswered(operation, outcome, writes=operation in self.writes)
