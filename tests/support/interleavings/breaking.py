"""Rules of the protocol, each taken out of the real core for as long as a test needs to see it missed.

`guarded=False` of `steps.Rules` is R1; the rest are here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from project_operator.reconcile import absence, creation, deleting, duplicates, settling, updating, upkeep
from project_operator.reconcile.actions import Action, Create, Delete, Purpose, Update, WriteStatus
from project_operator.reconcile.content import Wanted, initial, target
from project_operator.reconcile.evidence import NEVER
from project_operator.reconcile.memory import Memory
from project_operator.reconcile.record import Right, Timing
from project_operator.reconcile.resolving import resolve
from project_operator.reconcile.view import View


@contextmanager
def quarantine_of(*terms: str) -> Iterator[None]:
    """The quarantine is the sum of these terms of `Timing` alone (`Q > S + F + L`)."""
    total = property(lambda timing: sum(getattr(timing, term) for term in terms) * 1.01 + 1.0)
    with patch.object(Timing, "quarantine", total):
        yield


@contextmanager
def rights_for_ever() -> Iterator[None]:
    """S: a right holds however old it is."""
    with patch.object(Right, "holds", lambda *_, **__: True):
        yield


@contextmanager
def creations_without_an_attempt() -> Iterator[None]:
    """R2b: what proved an absence creates straight away, without a guarded write that buys the right."""

    def create(view: View, _backend: Any, want: Any) -> Action:
        return Create(initial(want, view.mark), Right(view.now, view.now, view.record))

    with patch.object(creation, "_buy_right", create):
        yield


@contextmanager
def a_clock_from_the_start_alone() -> Iterator[None]:
    """R3: neither a change of the record nor an unknown outcome restarts its clock."""
    with patch.object(View, "quarantined_until", property(lambda _view: NEVER)):
        yield


@contextmanager
def listings_of_any_age() -> Iterator[None]:
    """R4: that the quarantine is over makes a listing evidence which was begun before."""

    def proved(view: View, backend: Any) -> bool:
        return backend.listing is not None and view.now > view.quarantined_until

    with patch.object(creation, "_absence_is_proved", proved):
        yield


@contextmanager
def an_id_shortens_the_wait() -> Iterator[None]:
    """Step 9: whatever id status names, a read lag is enough at the end."""

    def counts_from(view: View) -> float:
        lag = view.memory.record_since + view.timing.read_lag
        return lag if view.record.id else view.quarantined_until

    with patch.object(deleting, "_absence_counts_from", counts_from):
        yield


@contextmanager
def ready_at_once() -> Iterator[None]:
    """R9: a read-back is believed although an older update may still land."""
    with patch.object(settling, "_calm_at", lambda _view: NEVER):
        yield


@contextmanager
def edits_under_an_update_are_missed() -> Iterator[None]:
    """R9: while an update is under way nobody compares again; what it leaves is taken for what is wanted by then."""
    decide = updating.decide

    def once(view: View, backend: Any, observation: Any, project: Any, want: Any, found: Any) -> Action:
        operation, announced = view.project.status.operation, view.memory.announced
        current = announced is not None and announced.generation == view.project.metadata.generation
        if operation is not None and operation.type == "Update" and not current:
            return settling.settle(view, backend, observation, project, want)
        return decide(view, backend, observation, project, want, found)

    with patch.object(updating, "decide", once):
        yield


@contextmanager
def not_found_is_gone() -> Iterator[None]:
    """R6: a single not-found leads straight to another creation."""

    def judge(view: View, backend: Any, _observation: Any) -> Action:
        want = resolve(view, backend)
        if not isinstance(want, Wanted):
            return want
        return Create(initial(want, view.mark), Right(view.now, view.now, view.record))

    with patch.object(absence, "judge", judge):
        yield


@contextmanager
def gone_ids_are_forgotten() -> Iterator[None]:
    """R6: after a true not-found the id is cleared and a creation follows at once; nothing notes which id it was."""
    forget = absence._forget

    def straight(view: View) -> WriteStatus:
        action = forget(view)
        return replace(action, status=action.status.model_copy(update={"gone_ids": ()}), purpose=Purpose.ATTEMPT)

    with patch.object(absence, "_forget", straight):
        yield


@contextmanager
def updates_without_announcement() -> Iterator[None]:
    """R9: what differs is sent as it is known, without a guarded write before."""

    def decide(view: View, _backend: Any, _observation: Any, project: Any, want: Any, _found: Any) -> Action:
        return Update(project, target(want, project.content, view.project.status.applied, view.mark))

    with patch.object(updating, "decide", decide):
        yield


@contextmanager
def rights_outlive_their_record() -> Iterator[None]:
    """R2, R5: a worker keeps its right whatever has become of the record, and however long it takes."""

    def facing(memory: Memory, record: Any, *, now: float, **_: Any) -> Memory:
        return memory if memory.record == record else replace(memory, record=record, record_since=now)

    with patch.object(Memory, "facing", facing), patch.object(Right, "holds", lambda *_, **__: True):
        yield


@contextmanager
def extras_removed_on_sight() -> Iterator[None]:
    """R8: whatever a listing shows beside the named project is deleted, and nothing of it is written down."""

    def on_sight(view: View, backend: Any, named: Any) -> Action | None:
        shown = backend.listing.of_mark(view.mark) if backend.listing is not None else ()
        extras = [one.id for one in shown if one.id != named.id and not one.deleting]
        return Delete(extras[0]) if extras else None

    with patch.object(duplicates, "report", on_sight):
        yield


@contextmanager
def a_lost_race_deleted_on_sight() -> Iterator[None]:
    """R8, step 3: who is answered while status names another project deletes its own at once."""
    decide = upkeep.decide

    def straight(view: View, backend: Any) -> Action:
        answer = view.memory.answer
        return Delete(answer.id) if answer is not None and answer.id != view.record.id else decide(view, backend)

    with patch.object(upkeep, "decide", straight):
        yield


@contextmanager
def extras_ignored() -> Iterator[None]:
    """R8: nobody looks for further projects of the mark."""
    with patch.object(duplicates, "report", lambda *_: None):
        yield
