"""A creation whose answer is lost is never repeated by itself."""

import re

from csp_scenario import CSPScenario
from scenario import condition
from waiting import wait_until

from project_operator.api.names import REPEAT_CREATION_ANNOTATION
from project_operator.sandbox.identity.faults import Fault, FaultAction, FaultPhase


def lose_creations(stage: CSPScenario, phase: FaultPhase, count: int = 1) -> None:
    stage.platform.admin.add_fault(Fault(action=FaultAction.DROP, operation="createProject", phase=phase, count=count))


def test_what_was_made_is_found_by_its_mark(stage: CSPScenario) -> None:
    stage.connect()
    lose_creations(stage, FaultPhase.AFTER_COMMIT)
    stage.apply_project(description="once")
    status = stage.wait_ready()["status"]
    assert status["id"] == stage.remote().id
    assert stage.count("createProject") == 1


def asked(stage: CSPScenario, name: str, begins: str) -> str:
    """Wait until a person is asked; the word that the message gives."""

    def message() -> str:
        stalled = condition(stage.get(name), "Stalled")
        return str(stalled.get("message")) if stalled.get("reason") == "OutcomeUnknown" else ""

    wait_until(lambda: message().startswith(begins), "a person to be asked", within=30)
    (word,) = re.findall(r"to '([^']+)' to (?:have|let)", message())
    return str(word)


def say(stage: CSPScenario, name: str, word: str) -> None:
    """A person has looked."""
    stage.kubectl("annotate", f"projects.identity.project-operator.dev/{name}", f"{REPEAT_CREATION_ANNOTATION}={word}")


def test_what_is_not_found_waits_for_a_persons_word(stage: CSPScenario) -> None:
    stage.connect(delete=True)
    names = ("team", "given-up", "left")
    lose_creations(stage, FaultPhase.BEFORE_COMMIT, len(names))
    for name in names:
        stage.apply_project(name, deletionPolicy="Orphan" if name == "left" else "Delete")
    words = {name: asked(stage, name, "whether") for name in names}
    assert stage.count("createProject") == len(names)

    say(stage, "team", words["team"])
    stage.delete("given-up")
    stage.delete("left")
    stage.wait_gone("left")
    _, _, note = stage.wait_for_event("Released", "left")
    assert "whether the last creation made one is not known" in note
    assert asked(stage, "given-up", "the deletion waits") == words["given-up"]
    say(stage, "given-up", words["given-up"])
    stage.wait_gone("given-up")

    stage.wait_ready("team")
    assert stage.count("createProject") == len(names) + 1
    assert stage.remote().display_name == "team"
