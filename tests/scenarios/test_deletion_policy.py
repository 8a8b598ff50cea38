"""`Orphan` leaves the project and takes the mark away; the policy that status shows is the one that is followed."""

from scenario import Scenario

from project_operator.api.marks import ORPHANED
from project_operator.api.names import MARK_TAG


def test_orphan_leaves_the_project_without_the_mark(scenario: Scenario) -> None:
    scenario.apply_project(deletionPolicy="Orphan", tags=[{"name": "stage", "value": "live"}])
    project_id = scenario.wait_ready()["status"]["id"]

    scenario.kubectl("delete", "iproj", "team", "--timeout=60s")

    remote = scenario.remote()
    assert (remote.id, remote.tag(MARK_TAG), remote.tag("stage")) == (project_id, ORPHANED, "live")
    assert scenario.calls("deleteProject") == []
    assert f"project {project_id}" in scenario.wait_for_event("Released")[2]


def test_the_backend_s_policy_stands_in_status_and_is_followed(bare_scenario: Scenario) -> None:
    bare_scenario.apply(bare_scenario.secret(), bare_scenario.backend(deletionPolicy="Orphan"))
    bare_scenario.apply_project()
    status = bare_scenario.wait_ready()["status"]
    assert status["deletionPolicy"] == {"policy": "Orphan", "source": "IdentityBackend"}

    bare_scenario.kubectl("delete", "iproj", "team", "--timeout=60s")

    assert bare_scenario.remote().deletion_time is None


def test_what_was_orphaned_can_be_imported_again(scenario: Scenario) -> None:
    scenario.apply_project(deletionPolicy="Orphan")
    project_id = scenario.wait_ready()["status"]["id"]
    scenario.kubectl("delete", "iproj", "team", "--timeout=60s")

    scenario.apply_project("again", import_={"id": project_id}, name="team")

    again = scenario.wait_ready("again")
    assert again["status"]["id"] == scenario.remote().id == project_id
    assert str(scenario.remote().tag(MARK_TAG)).endswith(again["metadata"]["uid"])
