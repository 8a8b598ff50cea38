"""Single decisions that a story does not come by, or comes by too seldom."""

from dataclasses import replace
from typing import Any

import pytest
from simulation.views import NOW, UID, WALL, a_backend, a_listing, a_project, a_remote, a_view, mark_of
from sound_decisions import decide

from project_operator.api.conditions import Reason
from project_operator.api.names import FINALIZER
from project_operator.api.v1alpha1.project_status import MOST_FORMER_IDS
from project_operator.backends.base import ProjectContent
from project_operator.reconcile.actions import (
    Action,
    AddFinalizer,
    Create,
    Delete,
    Forget,
    Purpose,
    Read,
    RemoveFinalizer,
    Rest,
    VerifyReadAccess,
    WriteStatus,
)
from project_operator.reconcile.evidence import NEVER, Observation
from project_operator.reconcile.memory import Announced, Failure, Intent
from project_operator.reconcile.policies import backend_annotation
from project_operator.reconcile.record import Record, Right
from project_operator.reconcile.view import BackendView, Verdict, View

MADE = {"id": "p1", "backendRef": {"kind": "IdentityBackend", "name": "default", "uid": "b1"}, "endpointID": "e1"}
CREATED = MADE | {"origin": "Created"}
GOING = {"deletionTimestamp": "2026-01-02T03:00:00Z"}
HELD = {"finalizers": [FINALIZER]}
NAMED = Record(UID, finalizer=True, attempt="", id="p1")
OTHER_UID = "00000000-0000-4000-8000-00000000000b"
UNNAMED = replace(NAMED, id="")
GONE = Observation(NOW - 1.0, None)
OURS = a_remote(mark=mark_of())


def intended(**more: Any) -> Any:
    """A Project with the record of intent and no id."""
    return a_project(
        **HELD, annotations={"identity.project-operator.dev/backend": backend_annotation(a_backend())}, **more
    )


def rested(view: View) -> Rest:
    action = decide(view)
    assert isinstance(action, Rest), action
    return action


def told(view: View) -> tuple[str, str]:
    """Ready's reason and message in the status that is written."""
    status = rested(view).status
    assert status is not None
    ready = status.conditions[0]
    return ready.reason, ready.message


def test_without_one_look_at_what_is_there_nothing_is_begun() -> None:
    action = rested(a_view())
    assert action.poll is not None
    assert action.poll.project_id == ""


def test_a_new_project_gets_the_finalizer_and_a_right_first() -> None:
    assert decide(a_view(backend=a_backend(listing=a_listing()))) == AddFinalizer(
        backend_annotation(a_backend()), grants_right=True
    )


def test_a_finalizer_that_was_torn_off_after_an_attempt_gives_no_right() -> None:
    view = a_view(a_project(status={"attempt": "t0"}))
    assert decide(view) == AddFinalizer(backend_annotation(a_backend()), grants_right=False)


def test_a_right_in_hand_is_used_with_the_newest_spec() -> None:
    right = Right(NOW, 0.0, UNNAMED)
    view = a_view(intended(spec={"description": "new"}), a_backend(listing=a_listing()), memory={"right": right})
    assert decide(view) == Create(ProjectContent("web", "new", mark=mark_of()), right)


@pytest.mark.parametrize(
    ("listing", "attempted"),
    [
        pytest.param(None, False, id="no listing"),
        pytest.param(a_listing(begun_at=NOW - 1, credible=False), False, id="not credible"),
        pytest.param(a_listing(begun_at=NOW - 990), False, id="begun within the quarantine"),
        pytest.param(a_listing(begun_at=NOW - 1), True, id="begun after it, and credible"),
    ],
)
def test_another_right_is_bought_only_on_a_proven_absence(listing: Any, attempted: bool) -> None:  # noqa: FBT001 - a column
    action = decide(a_view(intended(), a_backend(listing=listing)))
    assert (isinstance(action, WriteStatus) and action.purpose is Purpose.ATTEMPT) is attempted


def test_what_carries_our_mark_is_taken_up_without_a_wait() -> None:
    shown = a_listing(a_remote("p7", mark=mark_of()), begun_at=NOW - 990, credible=False)
    action = decide(a_view(intended(), a_backend(listing=shown)))
    assert isinstance(action, WriteStatus)
    assert (action.purpose, action.status.id, action.status.origin) == (Purpose.IDENTITY, "p7", "Created")


def test_the_organization_of_what_is_named_is_its_own() -> None:
    """A backend object can have more than one: what is right at once is not written again."""
    answer = a_remote("p7", mark=mark_of(), organization_id="another")
    action = decide(a_view(intended(), memory={"answer": answer}))
    assert isinstance(action, WriteStatus)
    assert (action.status.id, action.status.organization_id) == ("p7", "another")


def test_what_a_predecessor_of_this_name_left_is_not_doubled() -> None:
    left = a_listing(a_remote("p3", mark=mark_of(OTHER_UID)))
    reason, message = told(a_view(backend=a_backend(listing=left)))
    assert reason == "Conflict"
    assert "`spec.import.id: p3`" in message


@pytest.mark.parametrize("status", [{"goneIDs": ["p7"]}, {"condemned": ["p7"]}])
def test_what_was_gone_or_is_condemned_is_never_taken_up_again(status: dict[str, list[str]]) -> None:
    shown = a_listing(a_remote("p7", mark=mark_of()), begun_at=NOW - 1)
    action = decide(a_view(intended(status=status), a_backend(listing=shown)))
    assert not (isinstance(action, WriteStatus) and action.purpose is Purpose.IDENTITY)


def test_nothing_is_said_where_nothing_is_to_be_done() -> None:
    assert rested(a_view(a_project(spec={"managementPolicy": "Observe"}))).status is None


# Gone outside (R6, I4).


def missing(status: dict[str, Any] = CREATED, *, backend: BackendView | None = None, **spec: Any) -> View:
    memory = {"reads": {"p1": GONE}}
    return a_view(a_project(**HELD, status=status, spec=spec), backend or a_backend(), memory=memory)


def test_a_not_found_within_the_quarantine_is_looked_at_again() -> None:
    view = replace(missing(), memory=replace(missing().memory, record_since=NOW - 2.0))
    action = rested(view)
    assert action.status is None
    assert action.poll is not None
    assert action.poll.project_id == "p1"


def test_a_not_found_is_no_proof_until_the_credential_has_shown_that_it_reads() -> None:
    assert decide(missing(backend=a_backend(read_verified_at=NEVER))) == VerifyReadAccess()


@pytest.mark.parametrize(
    ("origin", "way_out"), [("Created", "`missingPolicy: Recreate`"), ("Imported", "it is not created anew")]
)
def test_a_proven_absence_is_reported_with_the_way_out(origin: str, way_out: str) -> None:
    reason, message = told(missing(MADE | {"origin": origin}))
    assert reason == "Missing"
    assert way_out in message


def test_recreate_moves_the_id_to_the_gone_and_buys_no_right_yet() -> None:
    action = decide(missing(missingPolicy="Recreate"))
    assert isinstance(action, WriteStatus)
    assert action.purpose is Purpose.FORGET
    assert (action.status.id, action.status.gone_ids, action.status.attempt) == (None, ("p1",), "t1")


def test_an_id_that_is_gone_is_never_crossed_out_for_another() -> None:
    many = [f"g{number}" for number in range(MOST_FORMER_IDS)]
    reason, message = told(missing(CREATED | {"goneIDs": many}, missingPolicy="Recreate"))
    assert reason == "Missing"
    assert "create a new Project" in message


def test_nor_is_a_duplicate_that_was_condemned() -> None:
    many = [f"c{number}" for number in range(MOST_FORMER_IDS)]
    shown = a_listing(OURS, a_remote("p9", mark=mark_of()), begun_at=NOW - 1)
    project = a_project(**HELD, status=CREATED | {"condemned": many})
    reason, message = told(a_view(project, a_backend(listing=shown)))
    assert reason == "Conflict"
    assert str(MOST_FORMER_IDS + 1) in message


@pytest.mark.parametrize(("age", "next_"), [(1.0, Delete("p9")), (100.0, Read("p9"))])
def test_a_duplicate_is_deleted_only_where_it_was_looked_at_just_now(age: float, next_: Action) -> None:
    extra = a_remote("p9", mark=mark_of(), created_by="robot")
    backend = a_backend(listing=a_listing(OURS, extra, begun_at=NOW - 1), remove_duplicates=True, principal="robot")
    memory = {"reads": {"p9": Observation(NOW - age, extra)}}
    project = a_project(**HELD, status=CREATED | {"condemned": ["p9"]})
    assert decide(a_view(project, backend, memory=memory)) == next_


# Failures.


def test_a_failure_is_waited_out_and_said() -> None:
    view = a_view(memory={"failure": Failure(Reason.THROTTLED, "slow down", NOW + 7.0)})
    assert told(view) == ("Throttled", "slow down")
    assert rested(view).wake_in == 7.0


def test_a_failure_without_words_is_waited_out_in_silence() -> None:
    action = rested(a_view(memory={"failure": Failure(Reason.PROGRESSING_WITH_RETRY, "", NOW + 7.0)}))
    assert (action.status, action.wake_in) == (None, 7.0)


# Deletion.


def leaving(backend: BackendView | Verdict | None = None, *, intent: Intent | None = None, **facts: Any) -> View:
    spec, status, memory = facts.pop("spec", {}), facts.pop("status", CREATED), facts.pop("memory", {})
    project = intended(status=status, spec=spec, **GOING)
    if intent is not None:
        record = NAMED if "id" in status else UNNAMED
        memory = {"announced": Announced(intent, record, 1, at=NOW - 50.0)} | memory
    return a_view(project, backend, memory=memory, definition_checked_at=NOW - 40.0, **facts)


def test_without_our_finalizer_a_deletion_is_none_of_our_business() -> None:
    assert decide(a_view(a_project(status=CREATED, **GOING))) == Forget()


@pytest.mark.parametrize(
    ("spec", "reason"), [({"deletionProtection": True}, "DeletionProtected"), ({"suspend": True}, "Suspended")]
)
def test_a_deletion_that_is_held_says_by_what(spec: dict[str, bool], reason: str) -> None:
    assert told(leaving(spec=spec))[0] == reason


def test_a_deletion_waits_for_a_spec_that_can_be_understood() -> None:
    assert told(leaving(invalid="`spec.tags`: …"))[0] == "InvalidSpec"


def test_a_policy_that_the_backend_cannot_keep_is_refused() -> None:
    assert told(leaving(spec={"deletionPolicy": "Disable"}))[0] == "Unsupported"


def test_a_deletion_is_announced_then_looked_at_live() -> None:
    action = decide(leaving())
    assert isinstance(action, WriteStatus)
    assert action.purpose is Purpose.ANNOUNCE
    assert decide(leaving(intent=Intent.DELETE)) == Read("p1")


def test_a_deletion_that_was_seen_stays_seen_when_reads_cross() -> None:
    """A read that began later, and was answered sooner, shows what was before."""
    for status in ("deprovisioning", "provisioned"):
        view = leaving(
            intent=Intent.DELETE,
            status=CREATED | {"provisioningStatus": status, "healthStatus": "healthy"},
            memory={"reads": {"p1": Observation(NOW - 0.1, OURS)}, "deletes_sent": {"p1": NOW - 0.5}},
        )
        action = rested(view)
        assert action.status is not None
        assert action.status.provisioning_status == status


def test_a_definition_that_goes_lets_the_project_stay() -> None:
    action = decide(leaving(intent=Intent.DELETE, definition_terminating=True))
    assert isinstance(action, RemoveFinalizer)


@pytest.mark.parametrize(
    ("listing", "read_verified_at", "expected"),
    [
        pytest.param(a_listing(begun_at=NOW - 1), NOW, RemoveFinalizer, id="a credible listing without it"),
        pytest.param(a_listing(begun_at=NOW - 1), NEVER, VerifyReadAccess, id="by a credential that may be blind"),
        pytest.param(a_listing(begun_at=NOW - 1, credible=False), NOW, Rest, id="not credible"),
        pytest.param(a_listing(begun_at=NOW - 60), NOW, Rest, id="begun before the announcement"),
        pytest.param(None, NOW, Rest, id="no listing"),
    ],
)
def test_the_finalizer_leaves_only_on_a_credible_listing(listing: Any, read_verified_at: float, expected: type) -> None:
    backend = a_backend(listing=listing, read_verified_at=read_verified_at)
    view = leaving(backend, intent=Intent.DELETE, memory={"reads": {"p1": GONE}})
    assert isinstance(decide(view), expected)


def test_within_the_quarantine_the_wait_is_explained() -> None:
    view = leaving(intent=Intent.DELETE, memory={"reads": {"p1": GONE}, "record_since": NOW - 2.0})
    reason, message = told(view)
    assert reason == "Deleting"
    assert "making sure until" in message


def test_a_project_that_lost_our_mark_is_not_deleted() -> None:
    theirs = {"p1": Observation(NOW - 1.0, a_remote("p1"))}
    reason, message = told(leaving(intent=Intent.DELETE, memory={"reads": theirs}))
    assert reason == "Conflict"
    assert "`deletionPolicy: Orphan`" in message


def test_a_deletion_that_lasts_is_called_blocked() -> None:
    going = a_remote("p1", mark=mark_of(), deletion_time=WALL.replace(hour=1))
    reads = {"p1": Observation(NOW - 1.0, going)}
    assert told(leaving(intent=Intent.DELETE, memory={"reads": reads}))[0] == "DeletionBlocked"


def test_orphaning_waits_until_no_creation_can_be_under_way() -> None:
    status = {key: value for key, value in CREATED.items() if key != "id"}
    view = leaving(spec={"deletionPolicy": "Orphan"}, status=status, intent=Intent.ORPHAN)
    assert rested(view).poll is not None
    sure = replace(view, memory=replace(view.memory, unsent_record=UNNAMED))
    assert isinstance(decide(sure), RemoveFinalizer)
    shown = replace(view, backend=a_backend(listing=a_listing(begun_at=NOW - 1)))
    assert isinstance(decide(shown), RemoveFinalizer)


def test_orphaning_where_updates_are_not_allowed_leaves_the_mark() -> None:
    verbs = replace(a_backend().verbs, update=False)
    reads = {"p1": Observation(NOW - 1.0, a_remote("p1", mark=mark_of()))}
    view = leaving(
        a_backend(verbs=verbs), spec={"deletionPolicy": "Orphan"}, intent=Intent.ORPHAN, memory={"reads": reads}
    )
    assert isinstance(decide(view), RemoveFinalizer)


def test_a_backend_that_is_gone_holds_the_deletion_and_names_the_way_out() -> None:
    gone = Verdict(Reason.BACKEND_NOT_FOUND, "IdentityBackend 'default' is not there")
    reason, message = told(leaving(gone))
    assert reason == "BackendNotFound"
    assert "set `deletionPolicy: Orphan`" in message
    assert isinstance(decide(leaving(gone, spec={"deletionPolicy": "Orphan"})), RemoveFinalizer)
