"""A project deleted in the backend is reported once that is proved, or created anew where that is asked for."""

from scenario import Scenario, condition

from project_operator.sandbox.identity.faults import Fault, FaultAction


def test_report_says_so_and_creates_nothing(scenario: Scenario) -> None:
    scenario.apply_project()
    project_id = scenario.wait_ready()["status"]["id"]

    scenario.identity.admin.remove_project(project_id, at_once=True)

    missing = scenario.wait_for("False", "Missing")
    message = condition(missing, "Ready")["message"]
    assert message.startswith(f"project {project_id} was deleted outside")
    assert "Set `missingPolicy: Recreate`" in message
    assert condition(missing, "Stalled")["reason"] == "Missing"
    assert missing["status"]["id"] == project_id
    assert (missing["status"]["provisioningStatus"], missing["status"]["healthStatus"]) == ("unknown", "unknown")
    assert scenario.wait_for_event("Missing")[0] == "Warning"
    scenario.assert_quiet()
    assert scenario.identity.admin.projects() == []

    # The way out that the message names.
    scenario.edit({"missingPolicy": "Recreate"})
    status = scenario.wait_for_other_id("team", project_id)["status"]
    assert (status["id"], status["goneIDs"]) == (scenario.remote().id, [project_id])


def test_recreate_makes_a_new_one_and_remembers_the_old(scenario: Scenario) -> None:
    scenario.apply_project(missingPolicy="Recreate", description="ours")
    project_id = scenario.wait_ready()["status"]["id"]

    scenario.identity.admin.remove_project(project_id, at_once=True)

    status = scenario.wait_for_other_id("team", project_id)["status"]
    remote = scenario.remote()
    assert (status["id"], remote.description) == (remote.id, "ours")
    assert status["goneIDs"] == [project_id]
    assert len(scenario.calls("createProject")) == 2


def test_a_deletion_under_way_outside_is_mirrored_and_what_is_missing_can_be_let_go(scenario: Scenario) -> None:
    scenario.identity.admin.configure(deprovision_delay=3600)
    scenario.apply_project()
    project_id = scenario.wait_ready()["status"]["id"]

    scenario.identity.admin.remove_project(project_id)

    leaving = scenario.wait_for("False", "Deleting")
    assert f"project {project_id} is being deleted outside, since" in condition(leaving, "Ready")["message"]
    assert leaving["status"]["provisioningStatus"] == "deprovisioning"
    scenario.identity.admin.remove_project(project_id, at_once=True)
    scenario.wait_for("False", "Missing")

    scenario.kubectl("delete", "iproj", "team", "--timeout=60s")
    assert scenario.calls("deleteProject") == []


def test_a_project_that_a_listing_merely_lacks_is_not_missing(scenario: Scenario) -> None:
    scenario.apply_project(missingPolicy="Recreate")
    before = scenario.wait_ready()

    hidden = Fault(action=FaultAction.LIST_WITHOUT, ids=(before["status"]["id"],), count=None)
    scenario.identity.admin.add_fault(hidden)

    scenario.assert_quiet(listings=3)
    assert scenario.get() == before
