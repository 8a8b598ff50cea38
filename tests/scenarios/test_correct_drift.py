"""`Manage` puts right what somebody else changed in a field of the spec, with one call, and leaves the rest."""

from scenario import Scenario
from waiting import wait_until


def test_a_change_outside_is_put_right(scenario: Scenario) -> None:
    scenario.apply_project(description="ours", tags=[{"name": "stage", "value": "live"}])
    project_id = scenario.wait_ready()["status"]["id"]

    tags = {tag.name: tag.value for tag in scenario.remote().tags} | {"stage": "broken", "theirs": "1"}
    scenario.identity.admin.edit_project(project_id, name="theirs", description="theirs", tags=tags)

    wait_until(lambda: scenario.remote().description == "ours", "the correction")
    scenario.wait_ready()
    remote = scenario.remote()
    assert (remote.name, remote.description) == ("team", "ours")
    assert [tag.value for tag in remote.tags if tag.name == "stage"].count("live") == 1
    assert remote.tag("theirs") == "1"
    assert len(scenario.calls("updateProject")) == 1
    scenario.assert_quiet()


def test_a_change_of_what_is_not_ours_is_only_mirrored(scenario: Scenario) -> None:
    scenario.apply_project()
    project_id = scenario.wait_ready()["status"]["id"]

    scenario.identity.admin.edit_project(project_id, description="theirs")

    wait_until(lambda: scenario.get()["status"]["observed"].get("description") == "theirs", "the change to be mirrored")
    assert scenario.wait_ready()["status"]["id"] == project_id
    assert scenario.calls("updateProject") == []
