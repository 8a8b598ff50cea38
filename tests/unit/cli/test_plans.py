"""From an object's status to what people are told of the plan."""

from typing import Any

import pytest

from project_operator.backends.base import PlannedCall
from project_operator.cli.plans import Verdict, deletion_of, is_decided, plan_of, rehearsed_as

CALL = {"verb": "POST", "target": "/projects", "summary": "create it"}


def project(*kinds: tuple[str, str, str], generation: int = 2, **parts: Any) -> dict[str, Any]:
    conditions = [
        {"type": kind, "status": status, "reason": reason, "message": "why", "observedGeneration": 2}
        for kind, status, reason in kinds
    ]
    status = {"conditions": conditions} | parts.pop("status", {})
    return {"metadata": {"namespace": "ns", "name": "a", "generation": generation}, "status": status, **parts}


READY = ("Ready", "True", "Planned")
NOT = ("Ready", "False", "GroupNotFound")
STALLED = ("Stalled", "True", "GroupNotFound")


@pytest.mark.parametrize(
    ("raw", "verdict"),
    [
        (project(READY), Verdict.NONE),
        (project(("Ready", "False", "Planned"), STALLED, status={"plan": [CALL]}), Verdict.CALLS),
        (project(NOT, STALLED), Verdict.BLOCKED),
        (project(NOT), Verdict.WAITING),
        (project(), Verdict.WAITING),
        (project(READY, generation=3), Verdict.WAITING),
        (project(spec={"suspend": True}), Verdict.NONE),
    ],
)
def test_the_verdict(raw: dict[str, Any], verdict: Verdict) -> None:
    made = plan_of(raw, new=True)
    assert (made.verdict, made.name, made.new) == (verdict, "ns/a", True)
    assert [call.verb for call in made.calls] == (["POST"] if verdict is Verdict.CALLS else [])
    assert is_decided(raw) is (verdict is not Verdict.WAITING)


def test_differences_are_told() -> None:
    entry = {"field": "name", "desired": "b", "observed": "a", "since": "2026-01-01T00:00:00Z"}
    made = plan_of(project(READY, status={"drift": [entry]}), new=False)
    assert made.drift == ({"field": "name", "desired": "b", "observed": "a"},)


@pytest.mark.parametrize(
    ("spec", "applied", "policy"),
    [
        ({}, None, "Plan"),
        ({"managementPolicy": "Manage"}, 2, "Plan"),
        ({"managementPolicy": "Plan"}, None, "Plan"),
        ({"managementPolicy": "Observe"}, None, "Observe"),
        ({"managementPolicy": "ReportDrift"}, 2, "ReportDrift"),
        ({"managementPolicy": "ReportDrift"}, 1, "Plan"),
        ({"managementPolicy": "ReportDrift"}, None, "Plan"),
    ],
)
def test_which_policy_is_rehearsed(spec: dict[str, Any], applied: int | None, policy: str) -> None:
    status = {"applied": {"generation": applied}} if applied else {}
    assert rehearsed_as(project(spec=spec, status=status))["spec"]["managementPolicy"] == policy


def test_a_deletion() -> None:
    raw = project(READY, status={"id": "1", "deletionPolicy": {"policy": "Orphan"}})
    call = PlannedCall("DELETE", "/projects/1", "delete it")
    assert deletion_of(raw, raw, [call]).calls == (call,)
    gone = deletion_of(raw, None, [])
    assert (gone.verdict, gone.message) == (Verdict.NONE, "the Project goes without a call (Orphan); project 1 stays")
    assert deletion_of(project(), None, []).message == "there is no project"
    held = deletion_of(raw, project(NOT, STALLED), [])
    assert (held.verdict, held.reason) == (Verdict.BLOCKED, "GroupNotFound")
