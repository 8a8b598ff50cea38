"""What was asked of an embedded server and what came of it: the oracle of tests that count calls.

Bodies, headers and so secrets are never kept.
"""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

CAPACITY: Final = 500_000
"""Requests kept; the oldest are forgotten first (their counts are not)."""


@dataclass(slots=True)
class RequestRecord:
    """One request. Times are seconds since the epoch."""

    __pydantic_config__: ClassVar = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    sequence: int
    """1, 2, 3 … in the order of arrival."""
    begun: float
    method: str
    template: str
    operation: str
    organization_id: str = ""
    project_id: str = ""
    name: str = ""
    """``metadata.name`` of the body, or the vendor's equal."""
    tags: tuple[tuple[str, str], ...] = ()
    """Tags in the body, so that an ownership mark can be found."""
    caller: str = ""
    """Service account (or user) that was authenticated."""
    status: int | Literal["dropped"] | None = None
    """None while under way."""
    committed: bool = False
    """Whether the server's state was changed by it."""
    delivered: bool = False
    """Whether the whole answer was handed to a connection that was still open."""
    ended: float | None = None

    def tag(self, name: str) -> str | None:
        """Value of the first tag called ``name`` in the body."""
        return next((value for key, value in self.tags if key == name), None)


@dataclass(frozen=True, slots=True)
class OperationCounts:
    """Totals of one operation since the start (or since the log was cleared)."""

    requests: int
    committed: int
    delivered: int
    statuses: dict[str, int]
    """By status code; ``dropped`` where the connection ended without a whole answer."""


class RequestLog:
    """Keeps records and totals; one thread at a time."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._records: deque[RequestRecord] = deque(maxlen=capacity)
        self._sequence = 0
        self._requests: Counter[str] = Counter()
        self._committed: Counter[str] = Counter()
        self._delivered: Counter[str] = Counter()
        self._statuses: Counter[tuple[str, str]] = Counter()

    def begin(self, now: float, method: str, template: str, operation: str) -> RequestRecord:
        """A new record for a request that has just arrived."""
        self._sequence += 1
        record = RequestRecord(self._sequence, now, method, template, operation)
        self._records.append(record)
        self._requests[operation] += 1
        return record

    def commit(self, record: RequestRecord) -> None:
        """Note that the request changed the server's state."""
        record.committed = True
        self._committed[record.operation] += 1

    def end(self, record: RequestRecord, now: float, status: int | Literal["dropped"], *, delivered: bool) -> None:
        """Close a record."""
        record.status = status
        record.delivered = delivered
        record.ended = now
        self._statuses[record.operation, str(status)] += 1
        if delivered:
            self._delivered[record.operation] += 1

    def records(self, *, after: int = 0, operation: str = "") -> Iterable[RequestRecord]:
        """Records with a sequence above ``after``, of one operation or of all, in the order of arrival."""
        return (r for r in self._records if r.sequence > after and operation in ("", r.operation))

    def counts(self) -> dict[str, OperationCounts]:
        """Totals by operation; requests under way count as requests only."""
        return {
            operation: OperationCounts(
                requests=requests,
                committed=self._committed[operation],
                delivered=self._delivered[operation],
                statuses={status: n for (name, status), n in sorted(self._statuses.items()) if name == operation},
            )
            for operation, requests in sorted(self._requests.items())
        }

    def clear(self) -> None:
        """Forget records and totals; the sequence goes on."""
        self._records.clear()
        for counter in (self._requests, self._committed, self._delivered):
            counter.clear()
        self._statuses.clear()
