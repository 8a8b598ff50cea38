"""From an object's status to what people are told of the plan."""

from typing import Any

import pytest

from project_operator.backends.base import PlannedCall
from project_operator.cli.plans import (
    Plan,
    Verdict,
    deletion_of,
    in_words,
    is_at_work,
    is_decided,
    plan_of,
    rehearsed_as,
)

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


@pytest.mark.parametrize(
    ("plan", "ran_out", "refusals", "message"),
    [
        (Plan("ns/a", Verdict.WAITING, reason="GroupNotFound", message="no group x"), None, [], "no group x"),
        (Plan("ns/a", Verdict.WAITING), 60.0, [], "not decided within --timeout 60 s"),
        (
            Plan("ns/a", Verdict.WAITING, reason="Progressing", message="connecting"),
            1.5,
            [],
            "not decided within --timeout 1.5 s; connecting",
        ),
        (Plan("ns/a", Verdict.WAITING), None, ["get /x: 403", "get /y: 403"], "get /x: 403; get /y: 403"),
        (Plan("ns/a", Verdict.WAITING), None, [], "the operator came to nothing: this is a defect; please report it"),
        (Plan("ns/a", Verdict.NONE), 60.0, ["x"], ""),
        (Plan("ns/a", Verdict.BLOCKED, message="because"), 60.0, ["x"], "because"),
    ],
)
def test_nothing_waits_without_a_word(plan: Plan, ran_out: float | None, refusals: list[str], message: str) -> None:
    assert in_words(plan, ran_out=ran_out, refusals=refusals).message == message


@pytest.mark.parametrize(
    ("raw", "at_work"),
    [
        (project(), True),
        (project(("Ready", "False", "Progressing")), True),
        (project(NOT), False),
        (project(READY), False),
    ],
)
def test_what_is_at_work_is_not_waited_out(raw: dict[str, Any], *, at_work: bool) -> None:
    assert is_at_work(raw) is at_work
