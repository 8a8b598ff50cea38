"""A deleted Project goes when the project in the backend is proved to be gone, not sooner."""

from scenario import Scenario, condition
from waiting import wait_until


def test_the_project_is_deleted_and_then_the_object_goes(scenario: Scenario) -> None:
    scenario.apply_project()
    project_id = scenario.wait_ready()["status"]["id"]

    scenario.kubectl("delete", "iproj", "team", "--timeout=60s")

    assert scenario.identity.admin.projects() == []
    assert [(call.operation, call.project_id) for call in scenario.calls("deleteProject")] == [
        ("deleteProject", project_id)
    ]
    assert scenario.wait_for_event("Deleted") == (
        "Normal",
        "Deleted",
        f"project {project_id} is gone from the backend",
    )


def test_while_the_backend_deprovisions_the_object_says_so(scenario: Scenario) -> None:
    scenario.identity.admin.configure(deprovision_delay=3600)
    scenario.apply_project()
    project_id = scenario.wait_ready()["status"]["id"]

    scenario.delete()

    leaving = wait_until(
        lambda: (one := scenario.get())["status"]["provisioningStatus"] == "deprovisioning" and one,
        "the deprovisioning to be mirrored",
    )
    assert (condition(leaving, "Ready")["status"], condition(leaving, "Ready")["reason"]) == ("Unknown", "Deleting")
    assert f"project {project_id} is being deleted by the backend, since" in condition(leaving, "Ready")["message"]
    scenario.assert_quiet()


def test_an_object_for_which_nothing_was_created_goes_at_once(bare_scenario: Scenario) -> None:
    bare_scenario.apply_project()
    bare_scenario.wait_for("False", "BackendNotFound")

    bare_scenario.kubectl("delete", "iproj", "team", "--timeout=60s")

    assert bare_scenario.calls() == []


def test_a_project_that_lacks_the_mark_is_not_deleted(scenario: Scenario) -> None:
    scenario.apply_project()
    project_id = scenario.wait_ready()["status"]["id"]
    scenario.edit({"managementPolicy": "ReportDrift"})
    scenario.wait_ready()
    scenario.identity.admin.edit_project(project_id, tags={"somebody": "else"})
    scenario.wait_for_listings()

    scenario.delete()

    held = scenario.wait_for("False", "Conflict")
    assert "does not carry this object's mark" in condition(held, "Ready")["message"]
    assert "`deletionPolicy: Orphan`" in condition(held, "Ready")["message"]
    assert scenario.remote().id == project_id
    assert scenario.calls("deleteProject") == []
