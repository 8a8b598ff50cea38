"""Actions of a Project: what is offered when, and what each does to the object."""

from typing import Any

import argo_cd
import pytest
import yaml
from argo_cd import CUSTOMIZATIONS
from lifecycle import row

from project_operator.api.names import RECONCILE_ANNOTATION

ACTIONS = CUSTOMIZATIONS / "Project" / "actions"
TESTS = yaml.safe_load((ACTIONS / "action_test.yaml").read_text(encoding="utf-8"))
SOME_TIME = "0001-01-01T00:00:00Z"
"""What upstream's test puts in place of the time in an annotation."""


def load(path: str) -> Any:
    return yaml.safe_load((ACTIONS / path).read_text(encoding="utf-8"))


def at_some_time(obj: Any) -> Any:
    if RECONCILE_ANNOTATION in obj["metadata"].get("annotations", {}):
        obj["metadata"]["annotations"][RECONCILE_ANNOTATION] = SOME_TIME
    return obj


@pytest.mark.parametrize("test", TESTS["discoveryTests"], ids=lambda test: test["inputPath"])
def test_what_is_offered(test: dict[str, Any]) -> None:
    script = (ACTIONS / "discovery.lua").read_text(encoding="utf-8")
    offered = argo_cd.run(script, load(test["inputPath"]))
    assert offered == {one["name"]: {"disabled": one["disabled"]} for one in test["result"]}


@pytest.mark.parametrize("test", TESTS["actionTests"], ids=lambda test: test["action"])
def test_what_an_action_does(test: dict[str, Any]) -> None:
    assert at_some_time(argo_cd.action(test["action"], load(test["inputPath"]))) == load(test["expectedOutputPath"])


def test_every_action_is_tested_and_offered() -> None:
    scripts = {path.parent.name for path in ACTIONS.glob("*/action.lua")}
    assert scripts == {test["action"] for test in TESTS["actionTests"]}
    assert scripts == set(argo_cd.run((ACTIONS / "discovery.lua").read_text(encoding="utf-8"), {"kind": "Project"}))


def test_resume_after_suspend_leaves_what_git_holds() -> None:
    ready = row("Project", "ready").snapshot()
    suspended = argo_cd.action("suspend", ready)
    assert argo_cd.health(suspended).status == "Suspended"
    assert argo_cd.action("resume", suspended) == ready
