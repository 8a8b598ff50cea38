"""A creation whose answer is lost is looked for by its mark, and repeated only after proof that it did not happen."""

from scenario import Scenario, condition

from project_operator.api.names import MARK_TAG
from project_operator.sandbox.identity.faults import Fault, FaultAction, FaultPhase


def test_a_creation_that_happened_is_found_and_not_repeated(scenario: Scenario) -> None:
    scenario.identity.admin.add_fault(Fault(action=FaultAction.DROP, operation="createProject"))

    scenario.apply_project()

    status = scenario.wait_ready()["status"]
    assert (status["id"], status["origin"]) == (scenario.remote().id, "Created")
    assert [(call.operation, call.committed, call.delivered) for call in scenario.calls()] == [
        ("createProject", True, False)
    ]


def test_a_creation_that_did_not_happen_is_repeated_after_the_quarantine(scenario: Scenario) -> None:
    lost = Fault(action=FaultAction.DROP, operation="createProject", phase=FaultPhase.BEFORE_COMMIT)
    scenario.identity.admin.add_fault(lost)

    scenario.apply_project()

    waiting = scenario.wait_for("Unknown", "OutcomeUnknown")
    assert "before another is sent" in condition(waiting, "Ready")["message"]
    assert scenario.wait_ready()["status"]["id"] == scenario.remote().id
    first, second = scenario.calls()
    assert first.tag(MARK_TAG) == second.tag(MARK_TAG)
    # 1 s to send, 1 s to take effect, 0.3 s until a read shows it: what the settings and the backend object say.
    assert second.begun - (first.ended or 0) > 1 + 1 + 0.3


def test_a_deletion_whose_answer_is_lost_ends_all_the_same(scenario: Scenario) -> None:
    scenario.apply_project()
    scenario.wait_ready()
    scenario.identity.admin.add_fault(Fault(action=FaultAction.DROP, operation="deleteProject"))

    scenario.kubectl("delete", "iproj", "team", "--timeout=60s")

    assert scenario.identity.admin.projects() == []
