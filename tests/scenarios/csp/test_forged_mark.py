"""Marks are in descriptions here, where everybody who may edit a project can put one."""

from csp_scenario import CSPScenario
from scenario import condition
from waiting import wait_until

from project_operator.sandbox.identity.csp.admin_models import MakeProjects


def test_a_mark_copied_onto_another_s_project_gives_that_to_nobody(stage: CSPScenario) -> None:
    stage.platform.admin.configure(deletes=True)
    stage.connect(delete=True)
    stage.apply_project(deletionPolicy="Delete")
    named = stage.wait_ready()["status"]["id"]
    mark = stage.remote().description
    (theirs,) = stage.platform.admin.make_projects(MakeProjects(display_name="theirs", description=f"ours {mark}"))

    wait_until(lambda: stage.get()["status"].get("condemned") == [theirs], "the copy to be noticed")
    stage.wait_for_event("DuplicateFound")
    assert stage.wait_ready()["status"]["id"] == named
    stage.delete()
    message = condition(stage.wait_for("False", "Conflict"), "Ready")["message"]
    assert f"the deletion waits: project {theirs} carries this object's mark too" in message
    assert stage.remote().id == theirs

    stage.platform.admin.edit_project(theirs, description="ours")
    stage.wait_gone()
    assert (stage.remote().id, stage.remote().description) == (theirs, "ours")
    assert stage.count("deleteProject") == 1


def test_a_second_mark_in_a_description_makes_it_nobody_s(stage: CSPScenario) -> None:
    stage.connect()
    stage.apply_project()
    project_id = stage.wait_ready()["status"]["id"]
    mark = stage.remote().description or ""
    forged = f"{mark[:-1]}{'0' if mark[-1] != '0' else '1'}"
    stage.platform.admin.edit_project(project_id, description=f"{forged} {mark}")

    message = condition(stage.wait_for("False", "Conflict"), "Ready")["message"]
    assert message.startswith(f"project {project_id} carries the mark of another Project")
    assert stage.count("updateProject") == 0

    stage.platform.admin.edit_project(project_id, description=mark)
    stage.wait_ready()
