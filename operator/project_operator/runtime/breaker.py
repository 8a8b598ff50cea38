"""Whether calls to an endpoint are worth beginning: a pure state machine over what became of the calls before.

What counts is the endpoint's own failure and nothing else (docs/adr: what counts as the endpoint's failure). A call
counts for the state in which it was begun: those that were under way when the breaker opened neither open it for longer
nor, once it is closed again, open it anew.
"""

from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from http import HTTPStatus
from typing import Any, Final

from project_operator.errors import (
    BackendError,
    BackendUnavailable,
    BreakerOpen,
    ConnectionRefused,
    CredentialNotKept,
    OutcomeUnknown,
    RightExpired,
    Throttled,
)
from project_operator.reconcile.backoff import delay
from project_operator.reconcile.evidence import NEVER

LONGEST_ASKED: Final = 300.0
"""Seconds for which a backend is left alone at most because it asks for it (Retry-After)."""


class State(StrEnum):
    """Whether calls begin."""

    CLOSED = "closed"
    """They do."""
    OPEN = "open"
    """None does."""
    HALF_OPEN = "half_open"
    """One does, a read, that shows whether it is over."""


class Ended(Enum):
    """What the end of a call says about the endpoint."""

    ANSWERED = "answered"
    """It gave a usable answer, if only a refusal."""
    FAILED = "failed"
    """It gave none."""
    NEITHER = "neither"
    """Nothing: it asks for fewer calls, was not asked at all, or the call was given up."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one breaker, as its backend object sets them."""

    failure_threshold: int = 5
    """Failures in a row that open it."""
    longest_pause: float = 60.0
    """Seconds until it is tried again, at most, whether the endpoint answers."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """At one moment. Times are of the monotonic clock, in seconds."""

    limits: Limits = Limits()
    state: State = State.CLOSED
    since: float = NEVER
    """When it came into this state."""
    turn: int = 0
    """Changes of state so far: that in which a call was begun tells whether it still counts."""
    failures: int = 0
    """In a row, while closed."""
    openings: int = 0
    """In a row: each makes the next pause longer, until it has stayed closed for the longest pause."""
    probe_at: float = NEVER
    """When it may be half open, while open."""

    def ended(self, turn: int, how: Ended, *, now: float, jitter: float, retry_after: float | None = None) -> "Breaker":
        """The breaker after the end of a call that was begun in ``turn``.

        ``retry_after``: seconds that the failed answer asks for, which opens at once; ``jitter`` is in [0, 1).
        """
        if turn != self.turn or self.state is State.OPEN:
            return self
        asked = min(retry_after, LONGEST_ASKED) if retry_after else None
        if self.state is State.HALF_OPEN:
            if how is Ended.ANSWERED:
                return self._into(State.CLOSED, now, failures=0)
            more = 1 if how is Ended.FAILED else 0
            return self._opened(self.openings + more, now, jitter, asked)
        if how is Ended.ANSWERED:
            return replace(self, failures=0) if self.failures else self
        if how is Ended.NEITHER:
            return self
        failures = self.failures + 1
        if asked is None and failures < self.limits.failure_threshold:
            return replace(self, failures=failures)
        relapse = now - self.since <= self.limits.longest_pause
        return self._opened(self.openings + 1 if relapse else 1, now, jitter, asked)

    def tried(self, now: float) -> "Breaker":
        """Half open, if it is time for that."""
        due = self.state is State.OPEN and now >= self.probe_at
        return self._into(State.HALF_OPEN, now) if due else self

    def _opened(self, openings: int, now: float, jitter: float, asked: float | None) -> "Breaker":
        pause = delay(openings, jitter=jitter, retry_after=asked, cap=self.limits.longest_pause)
        return self._into(State.OPEN, now, openings=openings, probe_at=now + pause)

    def _into(self, state: State, now: float, **facts: Any) -> "Breaker":
        return replace(self, state=state, since=now, turn=self.turn + 1, **facts)


def meaning(error: BackendError, *, of_one: bool) -> Ended:
    """What a call that ended with ``error`` says about the endpoint; ``of_one``: it was about a single project."""
    match error:
        case BreakerOpen() | CredentialNotKept() | RightExpired() | Throttled():
            return Ended.NEITHER
        case BackendUnavailable() | OutcomeUnknown() | ConnectionRefused():
            return Ended.NEITHER if of_one and _is_about_the_request(error.status) else Ended.FAILED
        case _:
            return Ended.ANSWERED


def _is_about_the_request(status: int | None) -> bool:
    """RFC 9110, 15.5: a client error, unless it says that the time was up."""
    return (
        status is not None
        and HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
        and status != HTTPStatus.REQUEST_TIMEOUT
    )
