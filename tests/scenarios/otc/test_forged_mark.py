"""Marks are in descriptions here, and nobody tells who made what: what status names is all that a deletion takes."""

from otc_scenario import OTCScenario
from scenario import condition
from waiting import wait_until

from project_operator.sandbox.identity.otc.admin_models import MakeProjects


def test_a_project_that_a_mark_was_copied_onto_is_not_destroyed(stage: OTCScenario) -> None:
    stage.connect()
    stage.apply_project(deletionPolicy="Delete")
    named = stage.wait_ready()["status"]["id"]
    mark = stage.remote().description
    (theirs,) = stage.iam.admin.make_projects(MakeProjects(name="eu-de_theirs", description=f"theirs {mark}"))

    wait_until(lambda: stage.get()["status"].get("condemned") == [theirs], "the copy to be noticed")
    stage.delete()
    message = condition(stage.wait_for("False", "Conflict"), "Ready")["message"]
    assert f"the deletion waits: project {theirs} carries this object's mark too" in message
    assert "the backend does not tell who made it" in message
    wait_until(lambda: [one.id for one in stage.remotes()] == [theirs], f"the end of {named}")

    stage.edit({"deletionPolicy": "Orphan"})
    stage.wait_gone()
    assert stage.remote().id == theirs
    assert stage.count("deleteProject") == 1
