"""Marks are in descriptions here, and nobody tells who made what: what status names is all that is switched off."""

from k5_scenario import K5Scenario
from scenario import condition
from waiting import wait_until

from project_operator.sandbox.identity.k5.admin_models import EditProject, MakeProjects


def test_a_project_that_a_mark_was_copied_onto_is_not_switched_off(stage: K5Scenario) -> None:
    stage.connect()
    stage.apply_project()
    named = stage.wait_ready()["status"]["id"]
    mark = stage.remote().description
    (theirs,) = stage.region.admin.make_projects(MakeProjects(name="theirs", description=f"theirs {mark}"))

    wait_until(lambda: stage.get()["status"].get("condemned") == [theirs], "the copy to be noticed")
    stage.delete()
    message = condition(stage.wait_for("False", "Conflict"), "Ready")["message"]
    assert f"the deletion waits: project {theirs} carries this object's mark too" in message
    assert {one.id: one.enabled for one in stage.remotes()} == {named: False, theirs: True}

    stage.region.admin.edit_project(theirs, EditProject(description="theirs"))
    stage.wait_gone()
    assert {one.id: one.enabled for one in stage.remotes()} == {named: False, theirs: True}
