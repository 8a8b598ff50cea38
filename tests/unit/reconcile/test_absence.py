"""Gone outside: from when a not-found counts, what is asked before it does, and what is written then."""

from dataclasses import replace
from typing import Any, Final

import pytest
from simulation.views import NOW, WALL, a_backend, a_project, a_view

from project_operator.api.conditions import ConditionType, Reason
from project_operator.api.names import FINALIZER
from project_operator.api.v1alpha1.project_status import MOST_FORMER_IDS
from project_operator.reconcile import absence
from project_operator.reconcile.actions import Action, Poll, Purpose, Rest, VerifyReadAccess, WriteStatus
from project_operator.reconcile.evidence import Observation
from project_operator.reconcile.record import Timing
from project_operator.reconcile.view import Cadence

STATUS: Final = {
    "id": "p1",
    "origin": "Created",
    "provisioningStatus": "provisioned",
    "healthStatus": "healthy",
    "applied": {"name": "web"},
    "observed": {"name": "web"},
    "attempt": "t0",
}
QUARANTINE, READ_LAG = Timing().quarantine, Timing().read_lag
LONG_AGO: Final = {"record_since": NOW - 1000.0}


def judged(
    begun_at: float, *, status: Any = None, spec: Any = None, memory: Any = None, verified_at: float = NOW
) -> Action:
    """What a not-found leads to that was asked for at ``begun_at``."""
    project = a_project(spec=spec, status=STATUS | (status or {}), finalizers=[FINALIZER])
    backend = a_backend(read_verified_at=verified_at)
    view = a_view(project, backend, memory=LONG_AGO | (memory or {}))
    return absence.judge(view, backend, Observation(begun_at, None))


@pytest.mark.parametrize(
    ("memory", "provable_at"),
    [
        pytest.param({"record_since": NOW - 1.0}, NOW - 1.0 + QUARANTINE, id="after the quarantine"),
        pytest.param({"last_write_at": NOW - 1.0}, NOW - 1.0 + READ_LAG, id="a read lag after the last write"),
    ],
)
def test_a_not_found_counts_only_when_what_was_sent_would_show(memory: Any, provable_at: float) -> None:
    early = judged(provable_at, memory=memory)
    assert isinstance(early, Rest)
    assert early.status is None
    late = judged(provable_at + 0.001, memory=memory, verified_at=provable_at)
    assert isinstance(late, Rest)
    assert late.status is not None


@pytest.mark.parametrize(
    ("provable_in", "polls", "within"),
    [
        (0.25, 0, 0.26),
        (5.0, 0, Cadence().after(0)),
        (5.0, 9, 5.01),
        (0.0, 0, Cadence().after(0)),
        (-3.0, 4, Cadence().after(4)),
    ],
)
def test_the_next_look_is_as_soon_as_it_can_count(provable_in: float, polls: int, within: float) -> None:
    memory = {"last_write_at": NOW + provable_in - READ_LAG, "polls": polls}
    action = judged(NOW + provable_in, memory=memory)
    assert isinstance(action, Rest)
    assert action.poll is not None
    assert replace(action.poll, within=round(action.poll.within, 6)) == Poll("p1", NOW, within)


def test_a_credential_that_may_have_lost_its_rights_shows_first_that_it_reads() -> None:
    slow = Cadence().slow
    assert judged(NOW, verified_at=NOW - slow - 0.001) == VerifyReadAccess()
    assert judged(NOW, verified_at=NOW - slow) != VerifyReadAccess()


def test_what_is_gone_is_reported_and_looked_for_seldom() -> None:
    action = judged(NOW)
    assert isinstance(action, Rest)
    assert action.status is not None
    assert (action.status.id, action.status.provisioning_status, action.status.health_status) == (
        "p1",
        "unknown",
        "unknown",
    )
    ready = action.status.condition(ConditionType.READY)
    assert ready is not None
    assert ready.reason == Reason.MISSING
    assert action.poll == Poll("p1", NOW, Cadence().resync)


def test_an_id_that_is_given_up_takes_with_it_what_was_known_of_it() -> None:
    action = judged(NOW, spec={"missingPolicy": "Recreate"}, status={"goneIDs": ["p0"]})
    assert isinstance(action, WriteStatus)
    assert action.purpose is Purpose.FORGET
    status = action.status
    assert (status.id, status.gone_ids, status.attempt) == (None, ("p0", "p1"), "t1")
    assert (status.applied, status.observed) == (None, None)
    assert (status.provisioning_status, status.health_status) == ("unknown", "unknown")
    assert status.operation is not None
    assert (status.operation.type, status.operation.state, status.operation.start_time) == ("Create", "Waiting", WALL)


@pytest.mark.parametrize(
    ("origin", "former", "told"),
    [
        ("Created", 0, "missingPolicy: Recreate"),
        ("Imported", 0, "It was imported"),
        ("Resumed", 0, "It was resumed"),
        (None, 0, "It was imported"),
        ("Created", MOST_FORMER_IDS, f"So were {MOST_FORMER_IDS} before it"),
    ],
)
def test_the_way_out_depends_on_where_it_came_from(origin: str | None, former: int, told: str) -> None:
    gone = [f"g{number}" for number in range(former)]
    action = judged(NOW, status={"origin": origin, "goneIDs": gone})
    assert isinstance(action, Rest)
    assert action.status is not None
    ready = action.status.condition(ConditionType.READY)
    assert ready is not None
    assert ready.message.startswith("project p1 was deleted outside: ")
    assert told in ready.message


@pytest.mark.parametrize(("former", "again"), [(MOST_FORMER_IDS - 1, True), (MOST_FORMER_IDS, False)])
def test_none_is_crossed_out_to_make_room_for_one_more(*, former: int, again: bool) -> None:
    gone = [f"g{number}" for number in range(former)]
    action = judged(NOW, spec={"missingPolicy": "Recreate"}, status={"goneIDs": gone})
    assert isinstance(action, WriteStatus) is again
