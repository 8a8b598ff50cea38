"""`ReportDrift` applies a generation once; what differs later is shown field by field and left as it is."""

from scenario import Scenario, condition
from waiting import wait_until


def test_a_later_difference_is_reported_and_left(scenario: Scenario) -> None:
    scenario.apply_project(
        managementPolicy="ReportDrift", description="ours", tags=[{"name": "stage", "value": "live"}]
    )
    project_id = scenario.wait_ready()["status"]["id"]

    scenario.identity.admin.edit_project(project_id, description="theirs")

    drifted = scenario.wait_for("True", "Drifted")
    (entry,) = drifted["status"]["drift"]
    assert (entry["field"], entry["desired"], entry["observed"]) == ("description", "ours", "theirs")
    assert "differs in description" in condition(drifted, "Ready")["message"]
    assert drifted["status"]["observed"]["description"] == "theirs"
    scenario.assert_quiet()
    assert scenario.remote().description == "theirs"
    # The time it was first seen stays.
    assert scenario.get()["status"]["drift"][0]["since"] == entry["since"]


def test_a_new_generation_is_applied_once(scenario: Scenario) -> None:
    scenario.apply_project(managementPolicy="ReportDrift", description="ours")
    project_id = scenario.wait_ready()["status"]["id"]
    scenario.identity.admin.edit_project(project_id, description="theirs")
    scenario.wait_for("True", "Drifted")

    scenario.edit({"description": "ours again"})
    applied = scenario.wait_ready()

    assert scenario.remote().description == "ours again"
    assert "drift" not in applied["status"]


def test_a_difference_that_goes_away_is_forgotten(scenario: Scenario) -> None:
    scenario.apply_project(managementPolicy="ReportDrift", description="ours")
    project_id = scenario.wait_ready()["status"]["id"]
    scenario.identity.admin.edit_project(project_id, description="theirs")
    scenario.wait_for("True", "Drifted")

    scenario.identity.admin.edit_project(project_id, description="ours")

    assert "drift" not in scenario.wait_ready()["status"]
    wait_until(lambda: not scenario.get()["status"].get("drift"), "the drift to be forgotten")
    assert scenario.calls("updateProject") == []
