"""An edit is one replacement in the backend, and Ready only for the generation that was applied."""

from scenario import Scenario, condition

from project_operator.api.names import MARK_TAG


def test_an_edit_is_applied_with_one_call(scenario: Scenario) -> None:
    scenario.apply_project(description="before", tags=[{"name": "stage", "value": "test"}])
    created, mark = scenario.wait_ready(), scenario.remote().tag(MARK_TAG)

    edited = scenario.edit({"description": "after", "tags": [{"name": "stage", "value": "live"}]})
    updated = scenario.wait_ready()

    remote = scenario.remote()
    assert (remote.description, remote.tag("stage"), len(remote.tags)) == ("after", "live", 2)
    assert remote.tag(MARK_TAG) == mark
    assert updated["status"]["id"] == created["status"]["id"]
    assert updated["status"]["observedGeneration"] == edited["metadata"]["generation"]
    assert updated["status"]["applied"]["generation"] == edited["metadata"]["generation"]
    assert [call.operation for call in scenario.calls()] == ["createProject", "updateProject"]


def test_an_edit_is_two_writes_and_no_event(scenario: Scenario) -> None:
    scenario.apply_project(description="before")
    scenario.wait_ready()
    scenario.wait_for_event("Succeeded")
    before = len(scenario.writes()), len(scenario.events())

    scenario.edit({"description": "after"})
    scenario.wait_ready()
    scenario.assert_quiet()

    written = [(write.subresource, write.code) for write in scenario.writes()[before[0] :]]
    assert written == [("status", 200), ("status", 200)]


def test_fields_of_others_are_carried_over(scenario: Scenario) -> None:
    group = scenario.identity.admin.make_group("admins")
    scenario.apply_project(tags=[{"name": "ours", "value": "1"}])
    project_id = scenario.wait_ready()["status"]["id"]
    others = {tag.name: tag.value for tag in scenario.remote().tags} | {"theirs": "2"}
    scenario.identity.admin.edit_project(project_id, tags=others, description="theirs", group_ids=(group,))
    scenario.identity.admin.catch_up()

    scenario.edit({"tags": [{"name": "ours", "value": "3"}]})
    scenario.wait_ready()

    remote = scenario.remote()
    assert (remote.tag("ours"), remote.tag("theirs")) == ("3", "2")
    assert (remote.description, remote.group_ids) == ("theirs", (group,))


def test_emptied_is_not_absent(scenario: Scenario) -> None:
    scenario.apply_project(description="text", tags=[{"name": "ours", "value": "1"}])
    scenario.wait_ready()

    scenario.edit({"description": "", "tags": []})
    scenario.wait_ready()

    remote = scenario.remote()
    assert (remote.description or "", [tag.name for tag in remote.tags]) == ("", [MARK_TAG])


def test_a_second_edit_during_the_first_is_applied_too(scenario: Scenario) -> None:
    scenario.apply_project(description="one")
    scenario.wait_ready()

    scenario.edit({"description": "two"})
    scenario.edit({"description": "three"})
    last = scenario.wait_ready()

    assert scenario.remote().description == "three"
    assert condition(last, "Ready")["observedGeneration"] == 3


def test_what_cannot_be_changed_is_refused_at_once(scenario: Scenario) -> None:
    scenario.apply_project()
    scenario.wait_ready()

    patch = '--patch={"spec":{"backendRef":{"name":"other"}}}'
    said = scenario.refused("patch", "iproj", "team", "--type=merge", patch)

    assert "`backendRef` is immutable; to move to another backend create a new Project" in said
