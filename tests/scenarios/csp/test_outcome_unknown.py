"""A creation whose answer is lost is never repeated by itself."""

import re

from csp_scenario import CSPScenario
from scenario import condition
from waiting import wait_until

from project_operator.api.names import REPEAT_CREATION_ANNOTATION
from project_operator.sandbox.identity.faults import Fault, FaultAction, FaultPhase


def lose_creations(stage: CSPScenario, phase: FaultPhase) -> None:
    stage.platform.admin.add_fault(Fault(action=FaultAction.DROP, operation="createProject", phase=phase))


def test_what_was_made_is_found_by_its_mark(stage: CSPScenario) -> None:
    stage.connect()
    lose_creations(stage, FaultPhase.AFTER_COMMIT)
    stage.apply_project(description="once")
    status = stage.wait_ready()["status"]
    assert status["id"] == stage.remote().id
    assert stage.count("createProject") == 1


def test_what_is_not_found_waits_for_a_persons_word(stage: CSPScenario) -> None:
    stage.connect()
    lose_creations(stage, FaultPhase.BEFORE_COMMIT)
    stage.apply_project()
    wait_until(
        lambda: condition(stage.get(), "Stalled").get("reason") == "OutcomeUnknown", "a person to be asked", within=30
    )
    message = condition(stage.get(), "Ready")["message"]
    assert "spec.import.id" in message
    assert stage.count("createProject") == 1
    (word,) = re.findall(r"to '([^']+)' to have", message)
    stage.kubectl("annotate", "projects.identity.project-operator.dev/team", f"{REPEAT_CREATION_ANNOTATION}={word}")
    stage.wait_ready()
    assert stage.count("createProject") == 2
    assert len(stage.remotes()) == 1
