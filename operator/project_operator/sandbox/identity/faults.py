"""Faults that are switched on from outside: which request they hit, and how often.

Choosing is here and pure; doing it to a connection is `dispatch`'s part.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel


class FaultAction(StrEnum):
    """What is done to a request or to its answer."""

    DROP = "drop"
    """Close the connection without an answer."""
    DELAY = "delay"
    """Wait ``seconds``; before the commit the request takes effect late, also when the client has hung up meanwhile."""
    HANG = "hang"
    """Never answer: until the client gives up, the fault is removed or the server stops."""
    BAD_GATEWAY = "badGateway"
    """502 with an HTML page, as an ingress answers."""
    EMPTY_BODY = "emptyBody"
    """The real status, but nothing in the body."""
    TRUNCATED_BODY = "truncatedBody"
    """Half of the body announced, then the connection is closed."""
    BROKEN_JSON = "brokenJSON"
    """A complete response whose JSON text stops in the middle."""
    TOO_MANY_REQUESTS = "tooManyRequests"
    """429, with Retry-After where ``retryAfter`` is set."""
    SERVER_ERROR = "serverError"
    """500 with the vendor's error body."""
    SERVICE_UNAVAILABLE = "serviceUnavailable"
    """503 with an HTML page."""
    UNAUTHORIZED = "unauthorized"
    """401 with the vendor's error body."""
    FORBIDDEN = "forbidden"
    """403 with the vendor's error body."""
    EMPTY_LIST = "emptyList"
    """A listing that succeeds and holds nothing."""
    LIST_WITHOUT = "listWithout"
    """A listing that succeeds and lacks the items named in ``ids``."""


class FaultPhase(StrEnum):
    """When the fault strikes."""

    BEFORE_COMMIT = "beforeCommit"
    """Nothing was done yet; an answer by the fault means that nothing will be."""
    AFTER_COMMIT = "afterCommit"
    """The server has done its work; only the answer is affected."""


class RetryAfter(StrEnum):
    """The two forms of the header (RFC 9110, section 10.2.3)."""

    SECONDS = "seconds"
    DATE = "date"


_ANSWER_ONLY = {
    FaultAction.EMPTY_BODY,
    FaultAction.TRUNCATED_BODY,
    FaultAction.BROKEN_JSON,
    FaultAction.EMPTY_LIST,
    FaultAction.LIST_WITHOUT,
}


class Fault(BaseModel):
    """One rule: on which requests, from which on and how often, and what happens."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    action: FaultAction
    operation: str = "*"
    """Operation name, or a pattern with ``*`` and ``?``."""
    method: str = "*"
    path: str = "*"
    """Pattern matched against the raw path."""
    nth: int = Field(default=1, ge=1)
    """The first matching request that is hit, counted from when the fault was added."""
    count: int | None = Field(default=1, ge=1)
    """How many matching requests are hit; null: all, until the fault is removed."""
    phase: FaultPhase = FaultPhase.AFTER_COMMIT
    seconds: float = Field(default=0.0, ge=0)
    """For ``delay``."""
    retry_after: RetryAfter | None = None
    """For ``tooManyRequests`` and ``serviceUnavailable``: the form of the header."""
    retry_after_seconds: int = Field(default=1, ge=0)
    reset: bool = False
    """For ``drop``: end with a TCP reset, not with an orderly close."""
    ids: tuple[str, ...] = ()
    """For ``listWithout``."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.action in _ANSWER_ONLY and self.phase is FaultPhase.BEFORE_COMMIT:
            raise ValueError(f"{self.action} changes the real answer, so its phase must be {FaultPhase.AFTER_COMMIT}")
        if self.action is FaultAction.LIST_WITHOUT and not self.ids:
            raise ValueError("listWithout needs ids: the items that are to be missing")
        if self.action is FaultAction.DELAY and not self.seconds:
            raise ValueError("delay needs seconds, more than 0")
        return self


class FaultState(BaseModel):
    """A fault as it stands."""

    model_config = ConfigDict(frozen=True)

    id: int
    fault: Fault
    matched: int
    """Requests that matched since it was added."""
    hit: int
    """Requests it struck."""


@dataclass(slots=True)
class _Active:
    id: int
    fault: Fault
    matched: int = 0
    hit: int = 0


@dataclass(slots=True)
class FaultBook:
    """The faults in force, in the order in which they were added."""

    _active: list[_Active] = field(default_factory=list)
    _last_id: int = 0

    def add(self, fault: Fault) -> int:
        """Put ``fault`` in force; the id by which it can be removed."""
        self._last_id += 1
        self._active.append(_Active(self._last_id, fault))
        return self._last_id

    def remove(self, fault_id: int) -> bool:
        """Take one fault out of force; whether it was there."""
        before = len(self._active)
        self._active = [active for active in self._active if active.id != fault_id]
        return len(self._active) < before

    def clear(self) -> None:
        """Take all faults out of force."""
        self._active = []

    def state(self) -> list[FaultState]:
        """All faults in force, also those whose count is used up."""
        return [FaultState(id=a.id, fault=a.fault, matched=a.matched, hit=a.hit) for a in self._active]

    def in_force(self, fault_id: int) -> bool:
        """Whether the fault was not removed yet."""
        return any(active.id == fault_id for active in self._active)

    def select(self, operation: str, method: str, path: str) -> tuple[tuple[int, Fault], ...]:
        """The faults that strike this request, each with its id; counts it."""
        struck = []
        for active in self._active:
            fault = active.fault
            if not (
                fnmatchcase(operation, fault.operation)
                and fnmatchcase(method, fault.method.upper())
                and fnmatchcase(path, fault.path)
            ):
                continue
            active.matched += 1
            if active.matched >= fault.nth and (fault.count is None or active.hit < fault.count):
                active.hit += 1
                struck.append((active.id, fault))
        return tuple(struck)
