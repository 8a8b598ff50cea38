"""What status says of a Project that is suspended: what it said last, of this generation, unless that became untrue."""

from dataclasses import replace
from typing import Any

import pytest
from simulation.views import a_backend, a_project, a_view
from sound_decisions import decide

from project_operator.api.conditions import ConditionType, Reason
from project_operator.api.names import FINALIZER
from project_operator.api.v1alpha1.project_status import ProjectStatus
from project_operator.backends.base import Group, Role
from project_operator.reconcile.actions import Rest
from project_operator.reconcile.view import BackendView, Cadence, Groups, Roles, Verdict

SEEN = {"name": "web", "description": "ours", "tags": [{"name": "team", "value": "a"}], "groupIDs": ["g1"]}
APPLIED = {"name": "web", "tags": [{"name": "team", "value": "a"}], "groupIDs": ["g1"], "generation": 1}
WANTS = {"description": "ours", "tags": [{"name": "team", "value": "a"}], "groups": [{"id": "g1"}]}
KNOWN = a_backend(groups=Groups(0.0, (Group("g1", "one"), Group("g2", "two"))))


def said(type_: str = "Ready", status: str = "True", reason: str = "Succeeded", generation: int = 1) -> dict[str, Any]:
    """A condition of generation 1."""
    return {
        "type": type_,
        "status": status,
        "reason": reason,
        "message": "as it was",
        "observedGeneration": generation,
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }


def before(*conditions: dict[str, Any], **status: Any) -> dict[str, Any]:
    """The status of generation 1."""
    return {"id": "p1", "observedGeneration": 1, "conditions": list(conditions), "observed": SEEN} | status


def suspended(
    status: dict[str, Any] | None,
    spec: dict[str, Any] | None = None,
    backend: BackendView | Verdict = KNOWN,
    *,
    generation: int = 2,
    finalizers: tuple[str, ...] = (),
) -> Rest:
    """What is done about generation 2, which is suspended."""
    project = a_project(
        spec=(spec or {}) | {"suspend": True}, status=status, generation=generation, finalizers=finalizers
    )
    action = decide(a_view(project, backend))
    assert isinstance(action, Rest), action
    assert action.poll is None
    return action


def ready(status: ProjectStatus | None) -> tuple[str, str, int | None]:
    assert status is not None
    found = status.condition(ConditionType.READY)
    assert found is not None
    return found.status, found.reason, found.observed_generation


def test_a_new_one_says_that_nothing_was_begun() -> None:
    told = suspended(None, generation=1)
    assert ready(told.status) == ("Unknown", "Suspended", 1)
    assert told.status is not None
    assert [one.type for one in told.status.conditions] == ["Ready"]
    assert told.notice is not None
    assert (told.notice.reason, told.notice.warning) == ("Suspended", False)
    again = suspended(told.status.to_wire(), generation=1)
    assert (again.status, again.notice) == (None, None)


@pytest.mark.parametrize("record", [{"finalizers": (FINALIZER,)}, {"status": {"attempt": "t1"}}], ids=str)
@pytest.mark.parametrize("said_before", [True, False])
def test_of_what_may_have_been_sent_it_is_not_said_that_nothing_was_begun(
    record: dict[str, Any],
    said_before: bool,  # noqa: FBT001 - a column
) -> None:
    """The finalizer is the right to a creation, and the creation changes no status: the first words may be true no
    longer.
    """
    first = suspended(None, generation=1).status if said_before else None
    status = (first.to_wire() if first is not None else {}) | record.get("status", {})
    told = suspended(status, generation=3, finalizers=record.get("finalizers", ()))
    assert ready(told.status) == ("Unknown", "Suspended", 3)
    assert told.notice is not None
    assert "nothing was begun" not in told.notice.note
    assert "looked for when suspend is set to false" in told.notice.note
    assert told.status is not None
    again = suspended(told.status.to_wire(), generation=3, finalizers=record.get("finalizers", ()))
    assert (again.status, again.notice) == (None, None)


@pytest.mark.parametrize(
    "conditions",
    [
        (said(status="False", reason="Unsupported"), said("Stalled", reason="Unsupported")),
        (said(status="False", reason="Throttled"), said("Reconciling", reason="ProgressingWithRetry")),
        (said(status="Unknown", reason="Progressing"), said("Reconciling", reason="Progressing")),
        (said(),),
    ],
    ids=["stalled", "retrying", "working", "ready"],
)
def test_what_was_said_last_is_said_of_this_generation_with_one_event(conditions: tuple[dict[str, Any], ...]) -> None:
    told = suspended(before(*conditions, applied=APPLIED), WANTS)
    assert told.status is not None
    assert (
        told.status.to_wire()
        == ProjectStatus.parse(
            before(*(one | {"observedGeneration": 2} for one in conditions), applied=APPLIED)
            | {"observedGeneration": 2}
        ).to_wire()
    )
    assert told.notice is not None
    assert told.notice.reason == "Suspended"

    again = suspended(told.status.to_wire(), WANTS)
    assert (again.status, again.notice) == (None, None)


@pytest.mark.parametrize(
    "edit",
    [
        {"description": "new"},
        {"name": "other"},
        {"tags": []},
        {"tags": [{"name": "team", "value": "b"}]},
        {"groups": [{"id": "g2"}]},
        {"groups": [{"name": "nobody"}]},
        {"enabled": False},
        {"keystone": {"immutable": True}},
    ],
    ids=str,
)
def test_ready_is_not_said_of_what_was_not_applied(edit: dict[str, Any]) -> None:
    told = suspended(before(said(), applied=APPLIED), WANTS | edit)
    assert (told.status, told.notice) == (None, None)
    assert told.wake_in == Cadence().resync


def test_what_nobody_manages_any_more_leaves_it_ready() -> None:
    assert ready(suspended(before(said(), applied=APPLIED), {}).status) == ("True", "Succeeded", 2)


def test_without_the_backend_ready_is_not_said_again() -> None:
    spec, status = WANTS | {"groups": [{"name": "one"}]}, before(said(), applied=APPLIED)
    assert suspended(status, spec).status is not None
    assert suspended(status, spec, a_backend()).status is None
    assert suspended(status, spec, Verdict(Reason.BACKEND_NOT_FOUND, "…")).status is None


def test_a_difference_that_was_reported_stays_reported() -> None:
    drift = {"field": "description", "desired": "mine", "observed": "ours", "since": "2026-01-01T00:00:00Z"}
    status = before(said(reason="Drifted"), applied=APPLIED, drift=[drift])
    policy = {"managementPolicy": "ReportDrift"}
    assert ready(suspended(status, WANTS | policy | {"description": "mine"}).status) == ("True", "Drifted", 2)
    assert suspended(status, WANTS | policy | {"description": "another"}).status is None


def test_observe_asks_for_nothing_that_could_differ() -> None:
    spec = {"managementPolicy": "Observe", "description": "whatever"}
    assert ready(suspended(before(said(reason="Observed")), spec).status) == ("True", "Observed", 2)


def test_a_plan_is_of_the_generation_that_it_was_made_for() -> None:
    spec = {"managementPolicy": "Plan"}
    status = before(said(reason="Planned"))
    assert ready(suspended(status, WANTS | spec).status) == ("True", "Planned", 2)
    assert suspended(status, WANTS | spec | {"description": "new"}).status is None


def test_roles_of_groups_are_compared_as_they_were_last_read() -> None:
    ordinary = a_backend(groups=Groups(0.0, (Group("g1", "one"),)), roles=Roles(0.0, (Role("r1", "member"),)))
    backend = replace(ordinary, abilities=replace(ordinary.abilities, roles=True))
    ours = [{"groupID": "g1", "roleID": "r1"}]
    observed = {"name": "web", "roleAssignments": ours}
    status = before(said(), observed=observed, applied={"name": "web", "roleAssignments": ours, "generation": 1})
    granted = {"groups": [{"name": "one", "roles": [{"name": "member"}]}]}
    assert ready(suspended(status, granted, backend).status) == ("True", "Succeeded", 2)
    assert suspended(status, {"groups": []}, backend).status is None
    assert suspended(status | {"observed": {"name": "web"}}, granted, backend).status is None
