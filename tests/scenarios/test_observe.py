"""`Observe` mirrors a project and writes nothing to it, not even a mark, and leaves it when the Project goes."""

from scenario import Scenario, condition
from waiting import wait_until


def test_the_project_is_mirrored_and_never_written(scenario: Scenario) -> None:
    (project_id,) = scenario.identity.admin.make_projects(name_prefix="legacy", description="theirs")
    scenario.identity.admin.catch_up()
    before = scenario.remote()

    scenario.apply_project(managementPolicy="Observe", import_={"id": project_id}, description="ours")

    observed = scenario.wait_for("True", "Observed")
    status = observed["status"]
    assert (status["id"], status["name"]) == (project_id, "legacy")
    assert (status["provisioningStatus"], status["healthStatus"]) == ("provisioned", "healthy")
    assert status["observed"]["description"] == "theirs"
    assert {(one["field"], one["desired"], one["observed"]) for one in status["drift"]} == {
        ("name", "team", "legacy"),
        ("description", "ours", "theirs"),
    }
    scenario.assert_quiet()
    assert scenario.remote() == before
    assert scenario.calls() == []


def test_a_change_outside_is_mirrored(scenario: Scenario) -> None:
    (project_id,) = scenario.identity.admin.make_projects(name_prefix="legacy")
    scenario.identity.admin.catch_up()
    scenario.apply_project(managementPolicy="Observe", import_={"id": project_id}, name="legacy")
    scenario.wait_for("True", "Observed")

    scenario.identity.admin.edit_project(project_id, description="changed")

    wait_until(
        lambda: scenario.get()["status"]["observed"].get("description") == "changed", "the change to be mirrored"
    )
    assert scenario.calls() == []


def test_deleting_the_object_leaves_the_project(scenario: Scenario) -> None:
    (project_id,) = scenario.identity.admin.make_projects(name_prefix="legacy")
    scenario.apply_project(managementPolicy="Observe", import_={"id": project_id})
    scenario.wait_for("True", "Observed")

    scenario.kubectl("delete", "iproj", "team", "--timeout=60s")

    assert scenario.remote().id == project_id
    assert scenario.calls() == []


def test_there_must_be_something_to_observe(scenario: Scenario) -> None:
    said = scenario.refused(
        "apply",
        "-f",
        "-",
        stdin="{apiVersion: identity.project-operator.dev/v1alpha1, kind: Project, metadata: {name: team},"
        " spec: {managementPolicy: Observe}}",
    )

    assert "`managementPolicy` must not be 'Observe' while there is no project; set `import`" in said


def test_a_managed_project_may_become_observed_and_managed_again(scenario: Scenario) -> None:
    scenario.apply_project(description="ours")
    project_id = scenario.wait_ready()["status"]["id"]

    scenario.edit({"managementPolicy": "Observe"})
    scenario.wait_for("True", "Observed")
    scenario.identity.admin.edit_project(project_id, description="theirs")
    drifted = wait_until(lambda: scenario.get()["status"].get("drift"), "the difference to be shown")
    assert [(one["field"], one["desired"], one["observed"]) for one in drifted] == [("description", "ours", "theirs")]
    assert scenario.calls("updateProject") == []

    scenario.edit({"managementPolicy": "Manage"})
    managed = scenario.wait_ready()
    assert scenario.remote().description == "ours"
    assert "drift" not in managed["status"]
    assert condition(managed, "Ready")["reason"] == "Succeeded"
