"""Nothing to write to the backend: from when that is Ready, and what is said until then, and instead of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from simulation.views import NOW, WALL, a_backend, a_project, a_remote, a_view

from project_operator.api.conditions import ConditionType, Reason
from project_operator.api.names import FINALIZER
from project_operator.api.v1alpha1.types import Condition
from project_operator.backends.base import HealthStatus, ProvisioningStatus, RemoteProject, RoleAssignment
from project_operator.reconcile import settling
from project_operator.reconcile.actions import Poll, Rest
from project_operator.reconcile.content import Wanted, differences, target
from project_operator.reconcile.evidence import Observation
from project_operator.reconcile.record import Timing
from project_operator.reconcile.view import BackendView, Cadence, View

WANT: Final = Wanted(name="web", description=None, tags=None)
OTHER: Final = Wanted(name="web", description="another", tags=None)
UPDATING: Final = {"type": "Update", "state": "Pending", "startTime": "2026-01-02T03:00:00Z", "message": "updating"}
DRIFT: Final = [{"field": "description", "desired": "a", "observed": "b", "since": "2026-01-02T03:00:00Z"}]
CALM_AFTER: Final = Timing().in_flight_bound + Timing().read_lag
PERIODS: Final = (ProvisioningStatus.PROVISIONING, ProvisioningStatus.PENDING, ProvisioningStatus.UNKNOWN)
DONE: Final = a_remote()


def a_case(*, status: Any = None, spec: Any = None, **memory: Any) -> tuple[View, BackendView]:
    """A Project that has a project, which was reported to differ."""
    made = {"id": "p1", "provisioningStatus": "provisioned", "healthStatus": "healthy", "drift": DRIFT}
    project = a_project(spec=spec, status=made | (status or {}), finalizers=[FINALIZER])
    backend = a_backend()
    return a_view(project, backend, memory={"start_is_hazard": False} | memory), backend


def ready(action: object) -> Condition:
    """The condition Ready that an action writes."""
    assert isinstance(action, Rest)
    assert action.status is not None
    condition = action.status.condition(ConditionType.READY)
    assert condition is not None
    return condition


def reason(action: object) -> str:
    """Of that condition."""
    return ready(action).reason


@pytest.mark.parametrize(
    ("project", "said", "reads_on"),
    [
        pytest.param(DONE, None, False, id="done"),
        pytest.param(a_remote(health_status=HealthStatus.DEGRADED), None, False, id="degraded"),
        pytest.param(a_remote(health_status=HealthStatus.ERROR), Reason.UNHEALTHY, True, id="ill"),
        pytest.param(
            a_remote(provisioning_status=ProvisioningStatus.ERROR), Reason.PROVISIONING_FAILED, True, id="failed"
        ),
        pytest.param(
            a_remote(provisioning_status=ProvisioningStatus.DEPROVISIONING), Reason.DELETING, True, id="going"
        ),
        *(
            pytest.param(a_remote(provisioning_status=state), Reason.PROGRESSING, True, id=str(state))
            for state in PERIODS
        ),
    ],
)
def test_what_the_backend_has_not_finished_is_not_ready_and_looked_at_soon(
    project: RemoteProject, said: Reason | None, *, reads_on: bool
) -> None:
    view, backend = a_case()
    look = Observation(NOW - 1.0, project)
    poll = Poll("p1", NOW, Cadence().fast) if reads_on else None
    settled = settling.settle(view, backend, look, project, WANT)
    assert isinstance(settled, Rest)
    assert (reason(settled), settled.poll) == (said or Reason.SUCCEEDED, poll)
    assert settled.status is not None
    assert settled.status.drift == ()
    watched = settling.observed(view, look, project, WANT)
    assert isinstance(watched, Rest)
    assert (reason(watched), watched.poll) == (said or Reason.OBSERVED, poll)
    found = differences(project.content, target(OTHER, project.content, None, view.mark))
    assert reason(settling.drifted(view, backend, look, project, OTHER, found)) == (said or Reason.DRIFTED)


def test_the_words_of_the_backend_on_its_error_are_passed_on() -> None:
    told = {"provisioningStatusMessage": "quota exceeded"}
    for raw, end in ((told, ": quota exceeded"), ({}, "provisioning")):
        outcome = settling.unfinished(a_remote(provisioning_status=ProvisioningStatus.ERROR, raw_status=raw))
        assert outcome is not None
        assert outcome.message.endswith(end)


@pytest.mark.parametrize(
    ("memory", "facts", "calm_at"),
    [
        pytest.param({"unanswered_update_at": NOW - 30.0}, {}, NOW - 30.0 + CALM_AFTER, id="no answer came"),
        pytest.param(
            {"start_is_hazard": True}, {"started_at": NOW - 20.0}, NOW - 20.0 + CALM_AFTER, id="another may have sent"
        ),
        pytest.param(
            {"start_is_hazard": True, "unanswered_update_at": NOW - 90.0},
            {"started_at": NOW - 300.0},
            NOW - 90.0 + CALM_AFTER,
            id="the later counts",
        ),
    ],
)
def test_an_update_that_may_still_land_keeps_it_from_ready(memory: Any, facts: Any, calm_at: float) -> None:
    project = a_project(status={"id": "p1", "operation": UPDATING, "drift": DRIFT}, finalizers=[FINALIZER])
    backend = a_backend()
    view = a_view(project, backend, memory={"start_is_hazard": False} | memory, **facts)
    early, late = Observation(calm_at, DONE), Observation(calm_at + 0.001, DONE)
    poll = Poll("p1", calm_at, max(0.0, calm_at - NOW) + 0.01)
    waiting = settling.settle(view, backend, early, DONE, WANT)
    assert isinstance(waiting, Rest)
    assert (reason(waiting), waiting.poll) == (Reason.PROGRESSING, poll)
    assert waiting.status is not None
    assert waiting.status.operation is not None
    assert waiting.status.drift == ()
    calm = settling.settle(view, backend, late, DONE, WANT)
    assert isinstance(calm, Rest)
    assert (reason(calm), calm.poll) == (Reason.SUCCEEDED, None)
    assert calm.status is not None
    assert calm.status.operation is None
    assert settling.announcement(view, early, DONE) == {"poll": poll}
    assert settling.announcement(view, late, DONE) == {"operation": None}


def test_only_an_announced_update_is_waited_for() -> None:
    for operation in (None, UPDATING | {"type": "Create"}):
        view, backend = a_case(status={"operation": operation}, unanswered_update_at=NOW)
        assert reason(settling.settle(view, backend, Observation(NOW - 1.0, DONE), DONE, WANT)) == Reason.SUCCEEDED


def test_what_is_settled_is_owned_and_what_differs_is_shown() -> None:
    view, backend = a_case()
    look = Observation(NOW, DONE)
    settled = settling.settle(view, backend, look, DONE, OTHER)
    assert isinstance(settled, Rest)
    assert settled.status is not None
    assert settled.status.applied is not None
    assert settled.status.applied.description == "another"
    aim = target(OTHER, DONE.content, None, view.mark)
    told = settling.drifted(view, backend, look, DONE, OTHER, differences(DONE.content, aim))
    watched = settling.observed(view, look, DONE, OTHER)
    for action in (told, watched):
        assert isinstance(action, Rest)
        assert action.status is not None
        assert [(one.field, one.desired, one.since) for one in action.status.drift] == [
            ("description", "another", WALL)
        ]
    assert "differs in description;" in ready(told).message
    assert "differs in its mark;" in ready(settling.drifted(view, backend, look, DONE, WANT, ())).message


def test_whatever_is_said_mirrors_the_project_and_reads_its_roles_again() -> None:
    roles = Wanted(name="web", description="another", tags=None, role_assignments=(RoleAssignment("g1", "r1"),))
    done = a_remote(content=replace(DONE.content, role_assignments=(RoleAssignment("g1", "r1"),)), created_by="robot")
    ill = replace(done, health_status=HealthStatus.ERROR)
    view, backend = a_case()
    hasty, _ = a_case(status={"operation": UPDATING}, unanswered_update_at=NOW)
    look = Observation(NOW, done)
    found = differences(done.content, target(roles, done.content, None, view.mark))
    for said, recheck, group_ids in (
        (settling.settle(view, backend, look, done, roles), True, None),
        (settling.settle(hasty, backend, look, done, roles), False, {"g1"}),
        (settling.settle(view, backend, look, ill, roles), False, {"g1"}),
        (settling.drifted(view, backend, look, done, roles, found), True, None),
        (settling.drifted(hasty, backend, look, done, roles, found), True, set()),
        (settling.observed(view, look, done, roles), True, None),
    ):
        assert isinstance(said, Rest)
        assert said.status is not None
        assert said.status.observed is not None
        assert said.status.observed.created_by == "robot"
        assert (said.recheck_in is not None) is recheck
        assert (said.poll.group_ids if said.poll is not None else None) == group_ids


def test_an_answer_that_shows_everything_done_is_ready_at_once() -> None:
    view, _ = a_case()
    marked = a_remote(mark=view.mark)
    assert settling.at_once(view, marked, WANT)
    assert not settling.at_once(view, marked, OTHER)
    assert not settling.at_once(view, DONE, WANT)
    assert not settling.at_once(view, a_remote(mark=view.mark, health_status=HealthStatus.ERROR), WANT)


def test_an_operation_begins_now() -> None:
    view, _ = a_case()
    begun = settling.operation("Update", "Pending", view, "updating")
    assert (begun.type, begun.state, begun.message) == ("Update", "Pending", "updating")
    assert begun.start_time is not None
    assert begun.start_time - WALL == timedelta(0)
