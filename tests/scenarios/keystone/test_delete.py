"""A deletion ends when the project is proved gone, also for one who may see no 404."""

import pytest
from keystone_scenario import KeystoneScenario
from scenario import condition

from project_operator.api.conditions import Reason


def test_the_project_goes_with_one_call(stage: KeystoneScenario) -> None:
    stage.apply_project()
    project_id = stage.wait_ready()["status"]["id"]
    before = stage.asked()

    stage.delete()
    stage.wait_gone()

    assert stage.admin.project(project_id) is None
    assert [(call.method, call.status) for call in stage.calls(after=before)] == [("DELETE", 204)]


def test_an_orphan_loses_its_mark(stage: KeystoneScenario) -> None:
    stage.apply_project(deletionPolicy="Orphan", tags=[{"name": "kept", "value": ""}])
    project_id = stage.wait_ready()["status"]["id"]
    stage.delete()
    stage.wait_gone()
    left = stage.remote()
    assert (left.id, left.tags) == (project_id, frozenset({"kept", "iproj1:orphaned"}))


@pytest.mark.whole
def test_what_is_disabled_keeps_its_mark(stage: KeystoneScenario) -> None:
    stage.apply_project(deletionPolicy="Disable")
    status = stage.wait_ready()
    stage.delete()
    stage.wait_gone()
    left = stage.remote()
    assert not left.enabled
    assert [tag for tag in left.tags if tag.endswith(f":{status['metadata']['uid']}")]


def test_what_somebody_deleted_is_missing_and_never_made_anew(stage: KeystoneScenario) -> None:
    stage.apply_project("other")
    stage.apply_project()
    project_id = stage.wait_ready()["status"]["id"]
    stage.wait_ready("other")

    stage.admin.remove_project(project_id)

    missing = stage.wait_for("False", Reason.MISSING)
    assert condition(missing, "Stalled")["reason"] == "Missing"
    assert missing["status"]["id"] == project_id
    assert [one.name for one in stage.admin.projects(stage.domain.id)] == ["other"]
    stage.delete()
    stage.wait_gone()
