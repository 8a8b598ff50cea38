"""What an action's end means: the memory afterwards. The counterpart of ``decide``, pure like it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import ceil
from typing import assert_never

from project_operator.api.conditions import Reason
from project_operator.backends.base import RemoteProject
from project_operator.errors import (
    BackendError,
    BackendUnavailable,
    BreakerOpen,
    ConnectionRefused,
    CredentialsRejected,
    DeletionBlocked,
    NameTaken,
    OutcomeUnknown,
    PermissionDenied,
    ProjectNotFound,
    RequestRefused,
    RightExpired,
    Throttled,
    WriteConflict,
)
from project_operator.reconcile.actions import AddFinalizer, Create, Delete, Purpose, Update, WriteStatus
from project_operator.reconcile.backoff import WORTH_A_WORD, delay
from project_operator.reconcile.content import ids_of
from project_operator.reconcile.evidence import Observation, without_assignments
from project_operator.reconcile.memory import Failure, Intent, Memory, Refusal
from project_operator.reconcile.record import Record, Right


@dataclass(frozen=True, slots=True)
class Moment:
    """The circumstances of an action: when it was asked for and ended, what for, and the dice for a backoff."""

    asked_at: float
    asked_wall: float
    ended_at: float
    jitter: float = 0.5
    generation: int = 0
    """The generation it was asked for."""
    revision: str = ""
    """The revision of the backend it was asked of."""


def finalizer_added(memory: Memory, action: AddFinalizer, record: Record, moment: Moment) -> Memory:
    """R2a: the guarded finalizer add is the right to one creation."""
    right = Right(moment.asked_at, moment.asked_wall, record) if action.grants_right else None
    return replace(memory, record=record, record_since=moment.ended_at, right=right)


def status_written(
    memory: Memory, action: WriteStatus, record: Record, moment: Moment, *, was_updating: bool
) -> Memory:
    """What a guarded status write of ours buys, by its purpose. ``was_updating``: an update stood in the status it
    replaced.
    """
    if record != memory.record:
        memory = replace(memory, record=record, record_since=moment.ended_at)
    match action.purpose:
        case Purpose.IDENTITY:
            own = memory.answer is not None and memory.answer.id == record.id
            return replace(
                memory, answer=None, polls=0, answered_record=record if own else memory.answered_record, right=None
            )
        case Purpose.ATTEMPT:
            return replace(memory, right=Right(moment.asked_at, moment.asked_wall, record), unsent_record=None)
        case Purpose.ANNOUNCE:
            announced = replace(action.announces, at=moment.ended_at) if action.announces is not None else None
            # Only the first of a term replaces what a former process wrote; later ones replace our own.
            hazard = was_updating if memory.start_is_hazard is None else memory.start_is_hazard
            return replace(memory, announced=announced, start_is_hazard=hazard, polls=0)
        case Purpose.FORGET:
            return replace(memory, reads={}, announced=None, polls=0, right=None)
        case Purpose.CONDEMN | Purpose.REPORT:
            return memory
        case _:
            assert_never(action.purpose)


def created(memory: Memory, project: RemoteProject, moment: Moment) -> Memory:
    """An own creation was answered: the answer is kept until status names it."""
    memory = replace(
        memory,
        right=None,
        answer=project,
        answered_at=moment.ended_at,
        last_write_at=moment.asked_at,
        refusal=None,
        failures=0,
        failure=None,
    )
    # A project that was made this moment has no role assignments but those of its creation, which sends none.
    fresh = replace(project, content=replace(project.content, role_assignments=()))
    return memory.with_read(project.id, Observation(moment.ended_at, fresh), None)


def updated(memory: Memory, action: Update, moment: Moment) -> Memory:
    """An own update was answered; what was read before says nothing any more."""
    announced = memory.announced
    memory = replace(
        memory,
        last_write_at=moment.ended_at,
        updated_at=moment.ended_at,
        updates=memory.updates + 1,
        announced=None if announced is not None and announced.intent is Intent.UPDATE else announced,
        refusal=None,
        failures=0,
        failure=None,
        polls=0,
    )
    return memory.without_read(action.current.id)


def deleted(memory: Memory, action: Delete, moment: Moment) -> Memory:
    """A deletion was accepted (or the project was missing)."""
    memory = replace(
        memory,
        last_write_at=moment.ended_at,
        deletes_sent={**memory.deletes_sent, action.project_id: moment.ended_at},
        refusal=None,
        failures=0,
        failure=None,
        polls=0,
        answer=memory.answer if memory.answer is None or memory.answer.id != action.project_id else None,
    )
    return memory.without_read(action.project_id)


def read(
    memory: Memory,
    project_id: str,
    project: RemoteProject | None,
    *,
    begun_at: float,
    group_ids: frozenset[str] = frozenset(),
) -> Memory:
    """A direct read was answered, if only with the vendor's not-found; it was to show the roles of ``group_ids``."""
    before = memory.reads.get(project_id)
    changed = before is None or before.project != (project and without_assignments(project))
    memory = replace(memory, failures=0, failure=None, polls=0 if changed else memory.polls + 1)
    return memory.with_read(project_id, Observation(begun_at, project), group_ids)


def create_failed(memory: Memory, action: Create, error: BackendError, moment: Moment) -> Memory:
    """A clean refusal, or a request that never left, leaves a record under which nothing is under way; anything else
    restarts the record clock (R3).
    """
    memory = replace(memory, right=None)
    if isinstance(error, OutcomeUnknown):
        return replace(memory, record_since=moment.ended_at, last_write_at=moment.ended_at, polls=0)
    memory = replace(memory, unsent_record=action.right.record)
    if isinstance(error, RightExpired):
        return memory.without_right(now=moment.ended_at, jitter=moment.jitter)
    return _write_failed(memory, error, moment, ids_of(action.content))


def update_failed(memory: Memory, action: Update, error: BackendError, moment: Moment) -> Memory:
    """After an update without an answer, Ready waits (R9); after any failure the project is read anew, for of several
    requests those before the one that failed stand.
    """
    memory = replace(memory.without_read(action.current.id), last_write_at=moment.ended_at)
    if isinstance(error, OutcomeUnknown):
        memory = replace(memory, unanswered_update_at=moment.ended_at, announced=None, polls=0)
    return _write_failed(memory, error, moment, ids_of(action.content))


def delete_failed(memory: Memory, action: Delete, error: BackendError, moment: Moment) -> Memory:
    """Look before the next: a deletion without an answer may have been accepted, and of several requests those before
    the one that failed stand.
    """
    memory = replace(memory.without_read(action.project_id), last_write_at=moment.ended_at)
    return _write_failed(memory, error, moment, deletion=True)


def failed(memory: Memory, error: BackendError, moment: Moment) -> Memory:
    """Any failed call that is not a refused write: it is tried again later and later. One that was not begun, because
    of other calls that failed, is no failure of this Project's: it is made when calls begin again.
    """
    if isinstance(error, BreakerOpen):
        return memory
    failures = memory.failures + 1
    pause = delay(failures, jitter=moment.jitter, retry_after=error.retry_after)
    message = str(error)
    if isinstance(error, Throttled) and pause >= WORTH_A_WORD:
        message += f"; the next request is sent at {_wall_after(moment, pause):%Y-%m-%dT%H:%M:%SZ}"
    failure = Failure(reason_for(error), message, moment.ended_at + pause)
    return replace(memory, failures=failures, failure=failure)


def _wall_after(moment: Moment, seconds: float) -> datetime:
    """The wall time ``seconds`` after its end, rounded up so that many who wait for the same say the same."""
    ended_wall = moment.asked_wall + moment.ended_at - moment.asked_at
    return datetime.fromtimestamp(ceil((ended_wall + seconds) / 10) * 10, tz=UTC)


def _write_failed(
    memory: Memory, error: BackendError, moment: Moment, ids: frozenset[str] = frozenset(), *, deletion: bool = False
) -> Memory:
    """A refusal is remembered, and how often it was said; anything else is like any failed call."""
    if not isinstance(error, (RequestRefused, NameTaken)):
        return failed(memory, error, moment)
    refusal = Refusal(
        generation=moment.generation,
        backend_revision=moment.revision,
        reason=reason_for(error),
        message=str(error),
        ids=ids,
        at=moment.ended_at,
        deletion=deletion,
    )
    before = memory.refusal
    if before is not None and replace(before, at=refusal.at, times=1) == refusal:
        refusal = replace(refusal, times=before.times + 1)
    return replace(memory, refusal=refusal, failures=0, failure=None)


def reason_for(error: BackendError) -> Reason:
    """What a person is told about a failed call."""
    match error:
        case NameTaken():
            return Reason.NAME_TAKEN
        case RequestRefused():
            return Reason.REQUEST_REFUSED
        case DeletionBlocked():
            return Reason.DELETION_BLOCKED
        case CredentialsRejected():
            return Reason.CREDENTIALS_REJECTED
        case PermissionDenied():
            return Reason.PERMISSION_DENIED
        case Throttled():
            return Reason.THROTTLED
        case OutcomeUnknown():
            return Reason.OUTCOME_UNKNOWN
        case ConnectionRefused():
            return Reason.ENDPOINT_INVALID
        case BackendUnavailable() | WriteConflict() | ProjectNotFound() | RightExpired() | _:
            return Reason.BACKEND_UNAVAILABLE
