"""An edit is one PATCH; what others put there stays."""

import pytest
from keystone_scenario import KeystoneScenario
from scenario import condition
from waiting import wait_until

from project_operator.api.conditions import Reason


def patches(stage: KeystoneScenario, after: int) -> list[tuple[str, int]]:
    """Method and status of what the operator changed."""
    return [(call.method, call.status) for call in stage.calls(after=after)]


def test_an_edit_is_one_call_and_leaves_what_is_foreign(stage: KeystoneScenario) -> None:
    stage.apply_project(description="before", tags=[{"name": "stage", "value": "test"}])
    project_id = stage.wait_ready()["status"]["id"]
    mark = next(tag for tag in stage.remote().tags if tag.startswith("iproj1:"))
    stage.admin.edit_project(project_id, tags=[mark, "stage=test", "theirs", "odd=one=two"])
    before = stage.asked()

    stage.edit({"description": "after", "tags": [{"name": "stage", "value": "live"}]})
    stage.wait_ready()

    remote = stage.remote()
    assert (remote.id, remote.description) == (project_id, "after")
    assert remote.tags == frozenset({mark, "stage=live", "theirs", "odd=one=two"})
    assert patches(stage, before) == [("PATCH", 200)]
    stage.assert_quiet()


@pytest.mark.whole
def test_a_rename_is_in_place(stage: KeystoneScenario) -> None:
    stage.apply_project()
    project_id = stage.wait_ready()["status"]["id"]
    before = stage.asked()

    stage.edit({"name": "Team.North"})
    status = stage.wait_ready()["status"]

    assert status["id"] == stage.remote("Team.North").id == project_id
    assert status["name"] == status["observed"]["name"] == "Team.North"
    assert patches(stage, before) == [("PATCH", 200)]


@pytest.mark.whole
def test_a_rename_to_a_name_that_is_taken_is_said(stage: KeystoneScenario) -> None:
    stage.admin.make_project("taken", stage.domain.id)
    stage.apply_project()
    stage.wait_ready()

    stage.edit({"name": "taken"})

    refused = stage.wait_for("False", Reason.NAME_TAKEN)
    assert "another project of the domain has this name" in condition(refused, "Ready")["message"]
    stage.edit({"name": "free"})
    stage.wait_ready()
    assert stage.remote("free").id == refused["status"]["id"]


@pytest.mark.whole
def test_emptied_is_not_absent(stage: KeystoneScenario) -> None:
    stage.apply_project(description="text", tags=[{"name": "ours", "value": "1"}])
    stage.wait_ready()
    stage.edit({"description": "", "tags": []})
    stage.wait_ready()
    assert (stage.remote().description, stage.own_tags()) == ("", set())


@pytest.mark.whole
def test_disabled_is_ready_and_enabled_again(stage: KeystoneScenario) -> None:
    stage.apply_project(enabled=False)
    status = stage.wait_ready()["status"]
    assert not stage.remote().enabled
    assert (status["observed"]["enabled"], status["provisioningStatus"]) == (False, "provisioned")

    stage.edit({"enabled": True})
    stage.wait_ready()
    assert stage.remote().enabled

    stage.edit({"enabled": None, "description": "absent is as it is found"})
    stage.wait_ready()
    assert stage.remote().enabled


@pytest.mark.whole
def test_a_change_outside_is_put_right(stage: KeystoneScenario) -> None:
    stage.apply_project(description="ours", enabled=True)
    project_id = stage.wait_ready()["status"]["id"]
    before = stage.asked()

    stage.admin.edit_project(project_id, name="theirs", description="theirs", enabled=False)

    wait_until(lambda: stage.admin.projects(stage.domain.id, "team"), "the correction")
    stage.wait_ready()
    remote = stage.remote()
    assert (remote.id, remote.description, remote.enabled) == (project_id, "ours", True)
    assert patches(stage, before) == [("PATCH", 200)]
    stage.assert_quiet()


def test_immutable_is_unlocked_for_our_updates_and_holds_the_deletion(stage: KeystoneScenario) -> None:
    stage.apply_project(description="one", keystone={"immutable": True})
    stage.wait_ready()
    assert stage.remote().immutable

    stage.edit({"description": "two"})
    stage.wait_ready()
    assert (stage.remote().description, stage.remote().immutable) == ("two", True)

    stage.delete()
    held = stage.wait_for("False", Reason.DELETION_PROTECTED)
    assert "keystone.immutable" in condition(held, "Ready")["message"]
    stage.edit({"keystone": {"immutable": False}})
    stage.wait_gone()
    assert stage.admin.projects(stage.domain.id) == []


def test_what_somebody_else_made_immutable_is_never_unlocked(stage: KeystoneScenario) -> None:
    stage.apply_project(description="one")
    project_id = stage.wait_ready()["status"]["id"]
    stage.admin.edit_project(project_id, options={"immutable": True})

    stage.edit({"description": "two"})

    def said() -> bool:
        return "immutable" in condition(stage.get(), "Ready").get("message", "")

    wait_until(said, "the refusal to be explained")
    assert (stage.remote().description, stage.remote().immutable) == ("one", True)
    stage.admin.edit_project(project_id, options={"immutable": False})


@pytest.mark.whole
@pytest.mark.parametrize("policy", ["Plan", "Observe"])
def test_what_must_not_be_written_is_not(stage: KeystoneScenario, policy: str) -> None:
    project = stage.admin.make_project("team", stage.domain.id, description="theirs")
    before = stage.asked()
    stage.apply_project(import_={"id": project}, description="ours", managementPolicy=policy)

    wait_until(lambda: (stage.get().get("status") or {}).get("observed"), "it to be read")
    if policy == "Plan":
        planned = wait_until(lambda: stage.get()["status"].get("plan"), "the plan")
        assert [(call["verb"], call["target"]) for call in planned] == [("PATCH", f"/v3/projects/{project}")]
    assert stage.remote().description == "theirs"
    assert stage.calls(after=before) == []
