"""Projects form a tree: parents come before their children, and go after them."""

import contextlib

import pytest
from keystone_scenario import KeystoneScenario
from scenario import condition
from waiting import wait_until

from project_operator.api.conditions import Reason
from project_operator.api.names import RECONCILE_ANNOTATION
from project_operator.errors import SandboxError


def test_a_child_waits_for_its_parent_and_a_parent_for_its_children(stage: KeystoneScenario) -> None:
    stage.apply_project("child", parentRef={"name": "parent"})
    waiting = stage.wait_for("False", Reason.DEPENDENCY_NOT_READY, "child")
    assert "parent" in condition(waiting, "Ready")["message"]
    assert stage.admin.projects(stage.domain.id) == []

    stage.apply_project("parent")
    child, parent = stage.wait_ready("child")["status"], stage.wait_ready("parent")["status"]
    assert child["observed"]["parentID"] == parent["id"] == stage.remote("child").parent_id

    stage.delete("parent")
    held = stage.wait_for("False", Reason.DEPENDENCY_NOT_READY, "parent")
    assert "child" in condition(held, "Ready")["message"]
    assert stage.remote("parent").id == parent["id"]

    stage.delete("child")
    stage.wait_gone("child")
    stage.wait_gone("parent")
    assert stage.admin.projects(stage.domain.id) == []


def test_a_child_that_somebody_else_made_blocks_the_deletion(stage: KeystoneScenario) -> None:
    stage.apply_project()
    project_id = stage.wait_ready()["status"]["id"]
    child = stage.admin.make_project("theirs", stage.domain.id, parent_id=project_id)

    stage.delete()

    blocked = stage.wait_for("False", Reason.DELETION_BLOCKED)
    assert "1 project ('theirs')" in condition(blocked, "Ready")["message"]
    assert stage.remote().id == project_id

    stage.admin.remove_project(child)
    with contextlib.suppress(SandboxError):  # it may have seen that by itself, and be gone
        stage.kubectl("annotate", "iproj", "team", f"{RECONCILE_ANNOTATION}=now")
    stage.wait_gone()
    assert stage.admin.projects(stage.domain.id) == []


@pytest.mark.whole
def test_a_parent_by_id_need_not_be_ours(stage: KeystoneScenario) -> None:
    parent = stage.admin.make_project("theirs", stage.domain.id)
    stage.apply_project(parentID=parent)
    assert stage.wait_ready()["status"]["observed"]["parentID"] == parent == stage.remote().parent_id


@pytest.mark.whole
def test_an_imported_project_below_another_parent_is_never_moved(stage: KeystoneScenario) -> None:
    parent = stage.admin.make_project("parent", stage.domain.id)
    project = stage.admin.make_project("team", stage.domain.id)
    stage.apply_project(import_={"id": project}, parentID=parent)

    stalled = wait_until(lambda: stage.get() if condition(stage.get(), "Stalled") else None, "it to stall")
    assert "parentID" in condition(stalled, "Ready")["message"]
    assert stage.remote().parent_id == stage.domain.id
