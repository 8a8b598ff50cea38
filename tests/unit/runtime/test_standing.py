"""How objects stand, in words for metrics."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from simulation.backend import Fault
from simulation.loop import run_virtually
from simulation.world import World

from project_operator.api.v1alpha1.project_status import ProjectStatus
from project_operator.api.v1alpha1.types import ObjectMeta
from project_operator.errors import BackendUnavailable
from project_operator.kube.resources import PROJECTS
from project_operator.observability.hooks import Happening, ProjectBecameReady, ReconcileFinished, RetryScheduled
from project_operator.runtime.standing import outcome, seconds_to_ready, tally

BORN = datetime(2026, 1, 1, tzinfo=UTC)


def project(ready: str = "True", reason: str = "Succeeded", *, stalled: bool = False, **more: Any) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": ready, "reason": reason}]
    conditions += [{"type": "Stalled", "status": "True", "reason": reason}] if stalled else []
    return {"spec": more.pop("spec", {}), "status": {"conditions": conditions, **more}}


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (None, "gone"),
        ({}, "working"),
        (project(), "done"),
        (project("Unknown", "Progressing"), "working"),
        (project("False", "Throttled"), "retrying"),
        (project("False", "Missing", stalled=True), "stalled"),
    ],
)
def test_a_look_is_called_by_what_it_left(raw: dict[str, Any] | None, word: str) -> None:
    assert outcome(raw) == word


def test_projects_are_counted_by_what_they_say() -> None:
    drift = [{"field": "description"}]
    found = tally(
        [
            project(provisioningStatus="provisioned", healthStatus="healthy"),
            project(provisioningStatus="provisioned", healthStatus="healthy", drift=drift),
            project("False", "Missing", stalled=True, provisioningStatus="unknown", healthStatus="unknown"),
            project(drift=drift, spec={"managementPolicy": "ReportDrift"}),
            {},
            {"spec": 7, "status": {"conditions": ["of somebody else's making"], "provisioningStatus": ["x"]}},
        ]
    )
    assert found.projects == {
        ("provisioned", "healthy", "true"): 2,
        ("unknown", "unknown", "false"): 1,
        ("none", "none", "true"): 1,
        ("none", "none", "unknown"): 2,
    }
    assert found.not_ready == {("Missing", True): 1, ("none", False): 2}
    assert found.drifted == {"Manage": 1, "ReportDrift": 1}


def test_a_suspended_project_waits_for_nobody() -> None:
    suspended: dict[str, Any] = {"spec": {"suspend": True}, "drift": [{"field": "description"}]}
    found = tally(
        [
            project("False", "Missing", stalled=True, **suspended),
            project("False", "Throttled", **suspended),
            project(**suspended),
            project("False", "Missing", stalled=True, spec={"suspend": False}),
        ]
    )
    assert found.not_ready == {("Suspended", False): 2, ("Missing", True): 1}
    assert found.drifted == {}


READY = {
    "type": "Ready",
    "status": "True",
    "reason": "Succeeded",
    "message": "",
    "observedGeneration": 1,
    "lastTransitionTime": "2026-01-01T00:00:00Z",
}
WAITING = {**READY, "status": "Unknown"}
ANEW = {"type": "Create", "state": "Pending", "startTime": "2026-01-01T00:01:00Z"}
MADE_ANEW = {"goneIDs": ["p-1"], "operation": ANEW, "observedGeneration": 1}


ACCEPTED = {**ANEW, "state": "Accepted"}
UPDATE = {**ANEW, "type": "Update"}
DONE = {"conditions": [READY], "applied": {"generation": 2}}


@pytest.mark.parametrize("was", ["Suspended", "Planned", "Observed", "InvalidSpec"])
@pytest.mark.parametrize(
    ("before", "seconds"),
    [
        ({"operation": ACCEPTED}, 30.0),
        # Held while it was made, and gone on with now.
        ({"operation": ACCEPTED, "observedGeneration": 1}, None),
        # Projects that were not made: taken over as they are, or brought to the spec.
        ({}, None),
        ({"operation": UPDATE}, None),
        ({"goneIDs": ["p-1"]}, None),
    ],
    ids=["made", "held", "taken over", "updated", "gone"],
)
def test_what_somebody_wanted_otherwise_for_days_is_not_in_the_time_to_ready(
    was: str, before: dict[str, Any], seconds: float | None
) -> None:
    metadata = ObjectMeta(name="web", generation=2, creation_timestamp=BORN - timedelta(days=7))
    status = ProjectStatus.parse({"observedGeneration": 2, "conditions": [{**WAITING, "reason": was}]} | before)
    assert seconds_to_ready(metadata, status, ProjectStatus.parse(DONE), BORN + timedelta(seconds=90)) == seconds


@pytest.mark.parametrize(
    ("before", "after", "seconds"),
    [
        ({}, {"conditions": [READY], "applied": {"generation": 1}}, 90.0),
        ({"applied": {}}, {"conditions": [READY], "applied": {"generation": 1}}, 90.0),
        ({}, {"conditions": [WAITING], "applied": {"generation": 1}}, None),
        ({"applied": {"generation": 1}}, {"conditions": [READY], "applied": {"generation": 2}}, None),
        ({}, {"conditions": [READY]}, None),
        (MADE_ANEW, {"conditions": [READY], "applied": {"generation": 1}}, 30.0),
    ],
    ids=["at once", "accepted before", "not yet", "ready before", "only observed", "made anew"],
)
def test_the_time_to_ready_ends_with_the_first_time(
    before: dict[str, Any], after: dict[str, Any], seconds: float | None
) -> None:
    metadata = ObjectMeta(name="web", generation=1, creation_timestamp=BORN)
    now = BORN + timedelta(seconds=90)
    assert seconds_to_ready(metadata, ProjectStatus.parse(before), ProjectStatus.parse(after), now) == seconds


def test_clocks_that_disagree_make_no_negative_time() -> None:
    metadata = ObjectMeta(name="web", creation_timestamp=BORN)
    after = ProjectStatus.parse({"conditions": [READY], "applied": {"generation": 1}})
    assert seconds_to_ready(metadata, ProjectStatus(), after, BORN - timedelta(seconds=2)) == 0.0


class Heard:
    """Hooks that remember."""

    def __init__(self) -> None:
        self.happenings: list[Happening] = []

    def emit(self, happening: Happening, /) -> None:
        self.happenings.append(happening)


def test_the_engine_tells_of_retries_outcomes_and_the_first_ready() -> None:
    heard = Heard()

    async def story() -> None:
        async with World() as world:
            world.hooks = heard
            world.install()
            world.start()
            world.backend.faults.append(Fault("create", BackendUnavailable("away")))
            world.apply(description="shop")
            await world.ready()
            world.kube.edit("web", description="other")
            await world.until(lambda: world.remote().content.description == "other")
            await world.ready()

    run_virtually(story())

    assert [one.reason for one in heard.happenings if isinstance(one, RetryScheduled)] == ["BackendUnavailable"]
    assert [one.backend for one in heard.happenings if isinstance(one, ProjectBecameReady)] == ["nscale"]
    outcomes = {one.outcome for one in heard.happenings if isinstance(one, ReconcileFinished) if one.kind == "projects"}
    assert {"working", "done"} <= outcomes


def test_an_hour_that_nobody_wanted_a_project_is_not_in_its_time_to_ready() -> None:
    heard = Heard()
    otherwise = {"suspended": {"suspend": True}, "planned": {"managementPolicy": "Plan"}}

    async def story() -> None:
        async with World() as world:
            world.hooks = heard
            world.install()
            for name, spec in otherwise.items():
                made = world.kube.make(PROJECTS, {"metadata": {"name": name}, "spec": spec})
                # By the clock of that world, which begins with it.
                made["metadata"]["creationTimestamp"] = "1970-01-01T00:00:00Z"
            world.start()
            await world.until(lambda: {world.reason(name) for name in otherwise} == {"Suspended", "Planned"})
            await asyncio.sleep(3600)
            world.kube.edit("suspended", suspend=False)
            world.kube.edit("planned", managementPolicy="Manage")
            await world.ready()

    run_virtually(story())

    took = [one.seconds for one in heard.happenings if isinstance(one, ProjectBecameReady)]
    assert len(took) == len(otherwise)
    assert all(0 < seconds < 600 for seconds in took), took
