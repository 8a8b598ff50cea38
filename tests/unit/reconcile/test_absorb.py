from dataclasses import replace
from typing import Any

import pytest
from simulation.views import a_remote

from project_operator.api.conditions import Reason
from project_operator.api.v1alpha1.project_status import ProjectStatus
from project_operator.backends.base import ProjectContent, RoleAssignment
from project_operator.errors import (
    BackendError,
    BackendUnavailable,
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
from project_operator.reconcile import absorb
from project_operator.reconcile.absorb import Moment, reason_for
from project_operator.reconcile.actions import AddFinalizer, Create, Delete, Purpose, Update, WriteStatus
from project_operator.reconcile.evidence import NEVER, Assigned, Observation
from project_operator.reconcile.memory import Announced, Failure, Intent, Memory
from project_operator.reconcile.record import Record, Right

BARE = Record("u", finalizer=False, attempt="", id="")
HELD = replace(BARE, finalizer=True)
NAMED = replace(HELD, id="p1")
MOMENT = Moment(asked_at=100.0, asked_wall=5000.0, ended_at=103.0, generation=2, revision="r1")
RIGHT = Right(100.0, 5000.0, HELD)
CREATE = Create(ProjectContent("web", group_ids=("g1",)), RIGHT)
UPDATE = Update(a_remote("p1", mark="m"), ProjectContent("web", mark="m", group_ids=("g1",)))
UNKNOWN = OutcomeUnknown("no answer")


def memory(record: Record = HELD, **facts: Any) -> Memory:
    return replace(Memory.first_sight(record, 50.0), **facts)


def write(purpose: Purpose, **facts: Any) -> WriteStatus:
    return WriteStatus(ProjectStatus(), purpose, **facts)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (NameTaken(""), Reason.NAME_TAKEN),
        (RequestRefused(""), Reason.REQUEST_REFUSED),
        (CredentialsRejected(""), Reason.CREDENTIALS_REJECTED),
        (PermissionDenied(""), Reason.PERMISSION_DENIED),
        (Throttled(""), Reason.THROTTLED),
        (OutcomeUnknown(""), Reason.OUTCOME_UNKNOWN),
        (ConnectionRefused("", field="spec.nscale.url"), Reason.ENDPOINT_INVALID),
        (BackendUnavailable(""), Reason.BACKEND_UNAVAILABLE),
        (DeletionBlocked(""), Reason.DELETION_BLOCKED),
        (WriteConflict(""), Reason.BACKEND_UNAVAILABLE),
        (ProjectNotFound(""), Reason.BACKEND_UNAVAILABLE),
        (RightExpired(""), Reason.BACKEND_UNAVAILABLE),
    ],
)
def test_every_error_has_its_reason(error: BackendError, reason: Reason) -> None:
    assert reason_for(error) is reason


def test_no_error_of_the_tree_is_without_a_row_above() -> None:
    (mark,) = test_every_error_has_its_reason.pytestmark  # type: ignore[attr-defined]  # pytest puts it there
    assert {type(error) for error, _ in mark.args[1]} == set(BackendError.__subclasses__())


def test_the_finalizer_is_a_right_where_it_was_to_be_one() -> None:
    granted = absorb.finalizer_added(memory(BARE), AddFinalizer("", grants_right=True), HELD, MOMENT)
    assert granted.right == RIGHT
    assert (granted.record, granted.record_since) == (HELD, 103.0)
    assert absorb.finalizer_added(memory(BARE), AddFinalizer("", grants_right=False), HELD, MOMENT).right is None


def test_an_attempt_is_a_right_counted_from_asking() -> None:
    tried = replace(HELD, attempt="t1")
    after = absorb.status_written(memory(unsent_record=HELD), write(Purpose.ATTEMPT), tried, MOMENT, was_updating=False)
    assert after.right == Right(100.0, 5000.0, tried)
    assert (after.record_since, after.unsent_record) == (103.0, None)


@pytest.mark.parametrize(("answered", "short_cut"), [("p1", NAMED), ("p2", None)])
def test_naming_our_own_answer_opens_the_short_cut_and_naming_a_find_does_not(
    answered: str, short_cut: Record | None
) -> None:
    before = memory(answer=a_remote(answered), right=RIGHT, polls=4)
    after = absorb.status_written(before, write(Purpose.IDENTITY), NAMED, MOMENT, was_updating=False)
    assert (after.answer, after.right, after.polls, after.answered_record) == (None, None, 0, short_cut)


@pytest.mark.parametrize("was_updating", [True, False])
def test_a_start_stays_a_hazard_only_if_an_update_stood_in_status(was_updating: bool) -> None:  # noqa: FBT001 - a column
    action = write(Purpose.ANNOUNCE, announces=Announced(Intent.UPDATE, NAMED, 2))
    after = absorb.status_written(memory(NAMED), action, NAMED, MOMENT, was_updating=was_updating)
    assert after.announced == Announced(Intent.UPDATE, NAMED, 2, at=103.0)
    assert after.start_is_hazard is was_updating
    # What the next one replaces is our own.
    again = absorb.status_written(after, action, NAMED, MOMENT, was_updating=not was_updating)
    assert again.start_is_hazard is was_updating


@pytest.mark.parametrize("intent", Intent)
def test_whatever_was_announced_may_have_sent_updates_or_have_taken_the_place_of_one(intent: Intent) -> None:
    assert Intent.sends_updates(intent)
    assert not any(map(Intent.sends_updates, (None, "Create", "Recreate", "Import")))


def test_forgetting_an_id_forgets_what_was_read_and_announced() -> None:
    before = memory(
        NAMED, reads={"p1": Observation(1.0, None)}, announced=Announced(Intent.UPDATE, NAMED, 1), right=RIGHT
    )
    after = absorb.status_written(before, write(Purpose.FORGET), HELD, MOMENT, was_updating=False)
    assert (after.reads, after.announced, after.right) == ({}, None, None)


@pytest.mark.parametrize("purpose", [Purpose.CONDEMN, Purpose.REPORT])
def test_a_report_changes_nothing(purpose: Purpose) -> None:
    before = memory(NAMED, polls=3)
    assert absorb.status_written(before, write(purpose), NAMED, MOMENT, was_updating=False) == before


def test_an_answered_creation_is_kept_until_it_is_named() -> None:
    after = absorb.created(memory(right=RIGHT, failures=2), a_remote("p1"), MOMENT)
    assert after.answer == a_remote("p1")
    assert (after.right, after.answered_at, after.last_write_at, after.failures) == (None, 103.0, 100.0, 0)
    assert after.reads["p1"].begun_at == 103.0


def test_a_creation_without_an_answer_restarts_the_record_clock() -> None:
    after = absorb.create_failed(memory(right=RIGHT), CREATE, UNKNOWN, MOMENT)
    assert (after.right, after.record_since, after.last_write_at) == (None, 103.0, 103.0)
    assert after.unsent_record is None


def test_a_refused_creation_is_remembered_with_what_was_asked() -> None:
    after = absorb.create_failed(memory(right=RIGHT), CREATE, RequestRefused("no"), MOMENT)
    assert (after.right, after.record_since, after.unsent_record) == (None, 50.0, HELD)
    assert after.refusal is not None
    assert (after.refusal.generation, after.refusal.backend_revision) == (2, "r1")
    assert after.refusal.ids == {"g1"}


def test_a_right_that_expired_unsent_makes_a_pause_that_says_nothing() -> None:
    after = absorb.create_failed(memory(right=RIGHT), CREATE, RightExpired("late"), MOMENT)
    assert (after.right, after.unsent_record) == (None, HELD)
    assert after.failure is not None
    assert after.failure.message == ""


def test_an_answered_update_makes_older_reads_void() -> None:
    before = memory(NAMED, reads={"p1": Observation(1.0, None)}, announced=Announced(Intent.UPDATE, NAMED, 2))
    after = absorb.updated(before, UPDATE, MOMENT)
    assert (after.reads, after.updated_at, after.last_write_at, after.updates) == ({}, 103.0, 103.0, 1)
    assert after.announced is None
    release = replace(before, announced=Announced(Intent.ORPHAN, NAMED, 2))
    assert absorb.updated(release, UPDATE, MOMENT).announced == release.announced


def test_an_update_without_an_answer_makes_ready_wait() -> None:
    after = absorb.update_failed(memory(NAMED, announced=Announced(Intent.UPDATE, NAMED, 2)), UPDATE, UNKNOWN, MOMENT)
    assert (after.unanswered_update_at, after.last_write_at, after.announced) == (103.0, 103.0, None)
    assert after.failure is not None
    assert after.failure.reason is Reason.OUTCOME_UNKNOWN


def test_an_update_that_failed_is_no_hazard_but_read_anew_as_it_may_be_half_done() -> None:
    before = memory(NAMED, reads={"p1": Observation(1.0, None)})
    after = absorb.update_failed(before, UPDATE, WriteConflict("again"), MOMENT)
    assert (after.unanswered_update_at, after.last_write_at, after.reads) == (NEVER, MOMENT.ended_at, {})


def test_a_deletion_is_noted_and_ends_the_answer_it_was_for() -> None:
    before = memory(answer=a_remote("p1"), reads={"p1": Observation(1.0, None)})
    after = absorb.deleted(before, Delete("p1"), MOMENT)
    assert (after.answer, after.reads, after.deletes_sent) == (None, {}, {"p1": 103.0})
    assert absorb.deleted(before, Delete("p2"), MOMENT).answer == a_remote("p1")


@pytest.mark.parametrize("error", [UNKNOWN, Throttled("slow"), DeletionBlocked("children")])
def test_after_a_deletion_that_failed_one_looks_first_as_it_may_be_half_done(error: BackendError) -> None:
    after = absorb.delete_failed(memory(reads={"p1": Observation(1.0, None)}), Delete("p1"), error, MOMENT)
    assert (after.reads, after.last_write_at) == ({}, MOMENT.ended_at)


def test_a_blocked_deletion_is_tried_again_later_and_later() -> None:
    after = absorb.delete_failed(memory(), Delete("p1"), DeletionBlocked("children"), MOMENT)
    assert after.refusal is None
    assert after.failure is not None
    assert (after.failure.reason, after.failure.message) == (Reason.DELETION_BLOCKED, "children")


def test_a_read_that_shows_nothing_new_counts_for_the_cadence() -> None:
    first = absorb.read(memory(polls=5, failures=1), "p1", a_remote("p1"), begun_at=60.0)
    assert (first.polls, first.failures) == (0, 0)
    again = absorb.read(first, "p1", a_remote("p1"), begun_at=70.0)
    assert again.polls == 1
    assert absorb.read(again, "p1", None, begun_at=80.0).polls == 0


def test_failures_in_a_row_wait_longer_and_as_long_as_asked() -> None:
    once = absorb.failed(memory(), Throttled("slow"), MOMENT)
    twice = absorb.failed(once, Throttled("slow", retry_after=60.0), MOMENT)
    assert once.failure == Failure(Reason.THROTTLED, "slow", 103.5)
    until = "; the next request is sent at 1970-01-01T01:24:30Z"
    assert twice.failure == Failure(Reason.THROTTLED, f"slow{until}", 163.0)
    assert twice.failures == 2


def test_the_same_refusal_again_is_counted_and_another_is_not() -> None:
    once = absorb.create_failed(memory(right=RIGHT), CREATE, RequestRefused("no"), MOMENT)
    later = replace(MOMENT, ended_at=900.0)
    again = absorb.create_failed(replace(once, right=RIGHT), CREATE, RequestRefused("no"), later)
    other = absorb.create_failed(replace(again, right=RIGHT), CREATE, RequestRefused("not like this"), later)
    assert [one.refusal and (one.refusal.times, one.refusal.at) for one in (once, again, other)] == [
        (1, 103.0),
        (2, 900.0),
        (1, 900.0),
    ]


def test_a_refused_deletion_is_no_refusal_of_anything_else() -> None:
    after = absorb.delete_failed(memory(), Delete("p1"), RequestRefused("has children"), MOMENT)
    assert after.refusal is not None
    assert (after.refusal.deletion, after.refusal.message, after.failure) == (True, "has children", None)


def test_a_refused_read_is_like_any_failure() -> None:
    after = absorb.failed(memory(), RequestRefused("no"), MOMENT)
    assert after.refusal is None
    assert after.failure == Failure(Reason.REQUEST_REFUSED, "no", 103.5)


def test_what_succeeds_lifts_the_refusal() -> None:
    refused = absorb.create_failed(memory(right=RIGHT), CREATE, RequestRefused("no"), MOMENT)
    for after in (
        absorb.created(refused, a_remote("p1"), MOMENT),
        absorb.updated(refused, UPDATE, MOMENT),
        absorb.deleted(refused, Delete("p1"), MOMENT),
    ):
        assert after.refusal is None


def test_role_assignments_are_kept_apart_from_the_rest_of_a_read() -> None:
    role = RoleAssignment("g1", "r1")
    project = a_remote("p1", content=ProjectContent("web", role_assignments=(role,)))
    after = absorb.read(memory(), "p1", project, begun_at=60.0, group_ids=frozenset({"g1"}))
    assert after.reads == {"p1": Observation(60.0, a_remote("p1"))}
    assert after.assigned == {"p1": Assigned(60.0, (role,), frozenset({"g1"}))}
    without = absorb.read(after, "p1", a_remote("p1"), begun_at=70.0)
    assert (without.assigned, without.polls) == (after.assigned, 1)
    assert absorb.updated(without, UPDATE, MOMENT).assigned == {}


def test_what_was_made_this_moment_has_no_roles_of_groups() -> None:
    after = absorb.created(memory(right=RIGHT), a_remote("p1"), MOMENT)
    assert after.assigned["p1"].covers(frozenset({"g1", "g2"}))
    assert after.assigned["p1"].assignments == ()
    assert after.reads["p1"].project == a_remote("p1")
