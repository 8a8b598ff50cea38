"""What this process knows about one Project beyond the CR and the backend; lost with the process, and nothing is lost
with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Self

from project_operator.api.conditions import Reason
from project_operator.backends.base import RemoteProject
from project_operator.reconcile.backoff import delay
from project_operator.reconcile.evidence import NEVER, Assigned, Listing, Observation, without_assignments
from project_operator.reconcile.record import Record, Right, Timing


class Intent(StrEnum):
    """What a guarded write of this process announced, so that the backend write may follow (R9, R10)."""

    UPDATE = "Update"
    DELETE = "Delete"
    ORPHAN = "Orphan"
    DISABLE = "Disable"
    RESTORE = "Restore"

    @classmethod
    def sends_updates(cls, operation: str | None) -> bool:
        """Whether an ``operation`` in status means that updates of the project may have been sent: its own (Keystone's
        protection is taken off before a deletion), or those of the announced update whose place it took.
        """
        return operation in tuple(cls)


@dataclass(frozen=True, slots=True)
class Failure:
    """The last failure of a call, until one succeeds or the wait is over."""

    reason: Reason
    message: str
    """For people; "": not worth a word in status."""
    retry_at: float


@dataclass(frozen=True, slots=True)
class Announced:
    """A guarded write of ours that announced a backend write; good for this record and generation alone."""

    intent: Intent
    record: Record
    generation: int
    at: float = NEVER
    """When the guarded write succeeded; a read that leads to the backend write begins after it."""
    told: frozenset[str] = frozenset()
    """The projects of which it was said what their deletion takes with it, where it takes anything."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A clean refusal of a write: asking again changes nothing until spec, backend or a person does, so it is asked
    again seldom.
    """

    generation: int
    backend_revision: str
    reason: Reason
    message: str
    ids: frozenset[str] = frozenset()
    """The groups, roles and parent that were asked for: a name that means another one by now is worth asking again."""
    at: float = NEVER
    times: int = 1
    """How often the same was refused."""
    deletion: bool = False
    """Whether a deletion was refused."""


_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
"""One for all: most memories of thousands hold nothing."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Times are of the monotonic clock, in seconds; see the rules for what each serves."""

    record: Record
    record_since: float
    """R3: when the present record was first seen, or when an own creation of this record ended without an answer."""
    right: Right | None = None
    answer: RemoteProject | None = None
    """The answer to an own creation which no status names yet (step 3)."""
    answered_at: float = NEVER
    answered_record: Record | None = None
    """The record with the id that this process got in an answer and wrote itself: the short cut of step 9."""
    unsent_record: Record | None = None
    """A record whose only creation was cleanly refused, or never left: nothing of it can be under way (docs/adr: a
    creation that never left needs no quarantine)."""
    refusal: Refusal | None = None
    announced: Announced | None = None
    last_write_at: float = NEVER
    """When the last own backend write ended, with or without an answer: older reads say nothing about it."""
    updated_at: float = NEVER
    """When the last own update was answered: reads may show the state before it for another read lag."""
    updates: int = 0
    """Own updates since the project was last as it should be, to slow a quarrel with another writer."""
    unanswered_update_at: float = NEVER
    start_is_hazard: bool | None = None
    """R9: whether an update of a former process may still be under way, as the first announcement of this term found
    (docs/adr: Ready waits from start only after an announced update). None: not known before that, so it may be."""
    reads: Mapping[str, Observation] = field(default_factory=lambda: _NOTHING)
    """The latest direct read of each id that matters here, without role assignments."""
    assigned: Mapping[str, Assigned] = field(default_factory=lambda: _NOTHING)
    """The role assignments of these, where a read or our own creation tells them."""
    deletes_sent: Mapping[str, float] = field(default_factory=lambda: _NOTHING)
    """When a deletion of each id was last sent: it is repeated slowly, not at every look."""
    failures: int = 0
    """Failures in a row, for the backoff."""
    failure: Failure | None = None
    polls: int = 0
    """Looks in a row that brought nothing new, for the cadence."""
    reconcile_asked: tuple[str, float] | None = None
    """The reconcile-now annotation being served, and when it was first seen."""
    term: int = 0
    """The term of leadership in which all this came about; 0: this process was never in charge."""

    @classmethod
    def first_sight(cls, record: Record, now: float) -> Self:
        """The memory of a Project that this process has not seen before."""
        return cls(record=record, record_since=now)

    def in_term(self, term: int) -> "Memory":
        """The memory in that term of leadership. What was known, decided and allowed in another one is void (R5), for
        another process may have acted meanwhile. What makes us wait longer stays: the record clock (R3), and when our
        own writes ended. So does the answer to an own creation, whose id may still be written.
        """
        if self.term == term:
            return self
        return Memory(
            record=self.record,
            record_since=self.record_since,
            answer=self.answer,
            answered_at=self.answered_at,
            last_write_at=self.last_write_at,
            updated_at=self.updated_at,
            unanswered_update_at=self.unanswered_update_at,
            reconcile_asked=self.reconcile_asked,
            term=term,
        )

    def seen_as(self, record: Record, now: float) -> "Memory":
        """The memory after ``record`` was seen, now: another one restarts its clock (R3)."""
        return self if record == self.record else replace(self, record=record, record_since=now)

    def facing(self, record: Record, *, now: float, wall: float, timing: Timing, jitter: float) -> "Memory":
        """The memory at this moment: a changed record restarts its clock (R3), a right that no longer holds is gone,
        unused.
        """
        memory = self.seen_as(record, now)
        right = memory.right
        if right is None:
            return memory
        if right.record != record:
            return replace(memory, right=None)
        if not right.holds(now=now, wall=wall, timing=timing):
            return replace(memory, unsent_record=record).without_right(now=now, jitter=jitter)
        return memory

    def without_right(self, *, now: float, jitter: float) -> "Memory":
        """The memory after a right grew too old to be used: what was slow is given time before the next is bought."""
        failures = self.failures + 1
        pause = Failure(Reason.PROGRESSING_WITH_RETRY, "", now + delay(failures, jitter=jitter))
        return replace(self, right=None, failures=failures, failure=pause)

    def asked(self, annotation: str | None, *, now: float) -> "Memory":
        """The memory after seeing the reconcile-now ``annotation``: a new value lifts refusals and waits, and asks for
        fresh reads.
        """
        if not annotation or (self.reconcile_asked is not None and self.reconcile_asked[0] == annotation):
            return self
        return replace(self, reconcile_asked=(annotation, now), refusal=None, failure=None, failures=0, polls=0)

    def with_read(self, project_id: str, observation: Observation, group_ids: frozenset[str] | None) -> "Memory":
        """The memory with one more direct read, complete in the roles of ``group_ids`` (None: of all groups)."""
        project, assigned = observation.project, self.assigned
        if project is not None:
            if project.content.role_assignments is not None:
                shown = Assigned(observation.begun_at, project.content.role_assignments, group_ids)
                assigned = {**assigned, project_id: shown}
            observation = replace(observation, project=without_assignments(project))
        return replace(self, reads={**self.reads, project_id: observation}, assigned=assigned)

    def at_rest(self, listing: Listing | None) -> "Memory":
        """The memory when nothing is left to do: how long that took is no longer of interest, nor is a read of what
        ``listing`` shows whole by now. Thousands are kept.
        """
        reads = {
            known: seen
            for known, seen in self.reads.items()
            if listing is None
            or seen.begun_at > listing.begun_at
            or known not in listing.by_id
            or not listing.by_id[known].whole
        }
        return replace(self, reads=reads or _NOTHING, polls=0, updates=0, failures=0, failure=None)

    def without_read(self, project_id: str) -> "Memory":
        """The memory without what was read of ``project_id``."""
        return replace(
            self,
            reads={known: seen for known, seen in self.reads.items() if known != project_id},
            assigned={known: seen for known, seen in self.assigned.items() if known != project_id},
        )
