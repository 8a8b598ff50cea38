"""A project's life in a region of K5, where nothing is ever deleted."""

from typing import Any

import pytest
from k5_scenario import K5Scenario
from scenario import BACKEND, condition
from waiting import wait_until

from project_operator.sandbox.identity.k5.admin_models import EditProject, MakeProjects


def test_ready_at_once_with_the_mark_in_the_description(stage: K5Scenario) -> None:
    stage.connect()
    stage.apply_project(description="Sells things", enabled=True)
    status = stage.wait_ready()["status"]
    remote = stage.remote()
    assert status["id"] == remote.id
    assert status["deletionPolicy"] == {"policy": "Disable", "source": "default"}
    assert (status["provisioningStatus"], status["healthStatus"]) == ("provisioned", "healthy")
    assert status["observed"]["description"] == "Sells things"
    assert remote.description.startswith("Sells things iproj1:")
    assert stage.count("createProject", "updateProject") == 1
    assert stage.count("getProject") == 0, "the answer shows everything"


def test_deleted_it_is_off_and_applied_again_it_is_the_same_one_and_on(stage: K5Scenario) -> None:
    stage.connect()
    stage.apply_project(description="first")
    first = stage.wait_ready()
    project_id, mark = first["status"]["id"], stage.remote().description.split()[-1]
    stage.delete()
    stage.wait_gone()
    assert (stage.remote().enabled, stage.remote().description.split()[-1]) == (False, mark)
    assert stage.count("deleteProject") == 0

    stage.apply_project(description="second")
    again = stage.wait_ready()
    remote = stage.remote()
    assert (again["status"]["id"], again["status"]["origin"], remote.enabled) == (project_id, "Resumed", True)
    assert remote.description.startswith("second iproj1:")
    assert remote.description.endswith(again["metadata"]["uid"])
    assert again["metadata"]["uid"] != first["metadata"]["uid"]
    assert stage.count("createProject") == 1


def test_somebody_elses_of_that_name_is_never_taken_in_any_case(stage: K5Scenario) -> None:
    (theirs,) = stage.region.admin.make_projects(MakeProjects(name="TEAM", enabled=False, description="theirs"))
    stage.connect()
    stage.apply_project()
    message = condition(stage.wait_for("False", "NameTaken"), "Ready")["message"]
    assert "another project of the domain has this name" in message
    remote = stage.remote()
    assert (remote.id, remote.enabled, remote.description) == (theirs, False, "theirs")


@pytest.mark.whole
def test_it_can_be_imported_in_any_case_and_keeps_its_own(stage: K5Scenario) -> None:
    (theirs,) = stage.region.admin.make_projects(MakeProjects(name="TEAM", description="theirs"))
    stage.connect()
    stage.apply_project(import_={"byName": "Required"})
    assert stage.wait_ready()["status"]["id"] == theirs
    assert stage.remote().name == "TEAM"
    assert stage.remote().description.startswith("theirs iproj1:")


@pytest.mark.whole
def test_changed_and_corrected(stage: K5Scenario) -> None:
    stage.connect()
    stage.apply_project(description="before", enabled=True)
    stage.wait_ready()
    stage.edit({"name": "Renamed", "description": ""})
    stage.wait_ready()
    mark = stage.remote().description
    assert (stage.remote().name, mark.startswith("iproj1:")) == ("Renamed", True)
    by_hand = EditProject(name="by-hand", description=f"by hand {mark}", enabled=False)
    stage.region.admin.edit_project(stage.remote().id, by_hand)
    wait_until(
        lambda: (stage.remote().name, stage.remote().description, stage.remote().enabled) == ("Renamed", mark, True),
        "drift to be corrected",
    )


@pytest.mark.parametrize("said_by", ["Project", "backend"])
def test_deletion_is_refused_with_the_reason_before_any_call(stage: K5Scenario, said_by: str) -> None:
    delete: dict[str, Any] = {"deletionPolicy": "Delete"}
    stage.connect(**(delete if said_by == "backend" else {}))
    stage.apply_project(**(delete if said_by == "Project" else {}))
    message = condition(stage.wait_for("False", "Unsupported"), "Ready")["message"]
    assert "`spec.deletionPolicy`: must be Disable or Orphan" in message
    assert "cannot be deleted" in message
    assert stage.remotes() == ()
    stage.edit({"deletionPolicy": "Orphan"})
    stage.wait_ready()
    stage.delete()
    stage.wait_gone()
    assert (stage.remote().description, stage.remote().enabled) == ("iproj1:orphaned", True)


@pytest.mark.whole
def test_what_it_cannot_hold_is_named(stage: K5Scenario) -> None:
    stage.connect()
    stage.apply_project(name="abc", description="x" * 169, tags=[{"name": "a", "value": "b"}], parentID="p")
    message = condition(stage.wait_for("False", "Unsupported"), "Ready")["message"]
    assert all(f"`spec.{field}`" in message for field in ("name", "description", "tags", "parentID"))
    assert stage.remotes() == ()


@pytest.mark.whole
def test_what_is_not_implemented_is_asked_for_once(stage: K5Scenario) -> None:
    stage.connect()
    stage.apply_project()
    stage.wait_ready()
    stage.region.admin.configure(unimplemented=["updateProject"])
    for text in ("one", "two", "three"):
        stage.edit({"description": text})
        message = condition(stage.wait_for("False", "RequestRefused"), "Ready")["message"]
        assert "K5 has not implemented this" in message
    assert stage.count("updateProject") == 1


@pytest.mark.whole
def test_a_group_is_given_a_role_by_their_names(stage: K5Scenario) -> None:
    group = stage.region.admin.make_group("those who may")
    stage.connect()
    stage.apply_project(groups=[{"name": "those who may", "roles": [{"name": "_member_"}]}])
    stage.wait_ready()
    (given,) = stage.remote().assignments
    assert given.group_id == group
    stage.edit({"groups": []})
    stage.wait_ready()
    assert stage.remote().assignments == ()


@pytest.mark.whole
def test_a_token_that_comes_back_in_every_answer_is_nowhere(stage: K5Scenario) -> None:
    stage.connect()
    stage.apply_project()
    stage.wait_ready()
    stage.region.admin.configure(unimplemented=["updateProject"])
    stage.edit({"description": "refused"})
    stage.wait_for("False", "RequestRefused")
    shown = stage.kubectl("get", "iproj,ibackend,events", "--output=yaml") + stage.operator.log
    assert "MIIIHg" not in shown


def test_a_wrong_password_is_tried_once_and_a_right_one_at_once(stage: K5Scenario) -> None:
    wrong, right = stage.secret(), stage.secret()
    wrong["stringData"]["password"] = "wrong"
    stage.apply(wrong, stage.backend())
    stage.wait_for("False", "CredentialsRejected", BACKEND, kind="IdentityBackend")
    stage.apply(right)
    stage.wait_ready(BACKEND, kind="IdentityBackend")
    refused = stage.region.admin.counts()["signIn"].statuses["401"]
    assert refused == 1, "five wrong ones in 15 minutes lock the user"
