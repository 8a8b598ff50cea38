"""A project's life on Open Telekom Cloud, whose reads are late and whose deletion takes everything with it."""

import pytest
from otc_scenario import OTCScenario
from scenario import condition
from waiting import wait_until

from project_operator.kube.resources import EVENTS
from project_operator.sandbox.identity.faults import Fault, FaultAction, RetryAfter
from project_operator.sandbox.identity.otc.admin_models import MakeProjects


def test_created_and_ready_at_once(stage: OTCScenario) -> None:
    """T5-1: although no read shows it yet."""
    stage.iam.admin.configure(read_lag=3600.0, list_lag=3600.0)
    stage.connect()
    stage.apply_project(description="Sells things")
    status = stage.wait_ready()["status"]
    remote = stage.remote()
    assert (status["id"], status["name"], remote.name) == (remote.id, "team", "eu-de_team")
    assert status["observed"]["raw"]["name"] == "eu-de_team"
    assert status["deletionPolicy"] == {"policy": "Orphan", "source": "default"}
    assert status["observed"]["description"] == "Sells things"
    assert remote.description.startswith("Sells things iproj1:")
    assert (stage.count("createProject"), stage.count("getProjectStatus")) == (1, 0)


def test_changed_suspended_and_corrected(stage: OTCScenario) -> None:
    stage.connect()
    stage.apply_project(description="before", enabled=False)
    status = stage.wait_ready()["status"]
    assert stage.remote().status == "suspended"
    assert status["observed"]["enabled"] is False
    assert status["observed"]["raw"]["status"] == "suspended"
    stage.edit({"name": "renamed", "description": "", "enabled": True})
    stage.wait_ready()
    remote = stage.remote()
    assert (remote.name, remote.status) == ("eu-de_renamed", "normal")
    assert remote.description.startswith("iproj1:")
    stage.iam.admin.edit_project(remote.id, name="eu-de_byhand")
    wait_until(lambda: stage.remote().name == "eu-de_renamed", "drift to be corrected")


@pytest.mark.whole
def test_a_group_gets_a_role_by_the_name_that_people_know(stage: OTCScenario) -> None:
    """T6-4."""
    group_id = stage.iam.admin.make_group("developers")
    stage.connect()
    stage.apply_project(groups=[{"name": "developers", "roles": [{"name": "VPC FullAccess"}]}])
    stage.wait_ready()
    (grant,) = stage.iam.admin.state().grants
    assert (grant.project_id, grant.group_id, grant.role_id) == (stage.remote().id, group_id, "0a04")


def test_let_go_without_the_mark(stage: OTCScenario) -> None:
    stage.connect()
    stage.apply_project(description="stays")
    stage.wait_ready()
    stage.delete()
    stage.wait_gone()
    assert stage.remote().description == "stays iproj1:orphaned"
    assert stage.count("deleteProject") == 0


def test_a_deletion_says_what_it_destroys_and_ends_when_all_is_gone(stage: OTCScenario) -> None:
    """T7-1, T7-2, T8-10."""
    stage.connect()
    stage.apply_project(deletionPolicy="Delete")
    project_id = stage.wait_ready()["status"]["id"]
    stage.iam.admin.edit_project(project_id, resources=3)
    stage.delete()
    stage.wait_gone()
    assert stage.remotes() == ()
    assert stage.iam.admin.state().destroyed == 3
    assert stage.count("deleteProject") == 1

    def told() -> list[str]:
        return [one["note"] for one in stage.objects.list(EVENTS) if one["reason"] == "Destroying"]

    wait_until(told, "the Event")
    (note,) = told()
    assert project_id in note
    assert "every cloud resource" in note


def test_a_lost_answer_makes_no_second_project(stage: OTCScenario) -> None:
    stage.iam.admin.add_fault(Fault(action=FaultAction.HANG, operation="createProject", nth=1))
    stage.connect()
    stage.apply_project()
    stage.wait_ready()
    assert stage.count("createProject") == 1
    assert len(stage.remotes()) == 1


@pytest.mark.whole
def test_a_limit_and_a_token_that_dies_are_waited_out(stage: OTCScenario) -> None:
    """T2-10, T5-3."""
    stage.connect()
    limit = Fault(
        action=FaultAction.TOO_MANY_REQUESTS,
        operation="createProject",
        nth=1,
        retry_after=RetryAfter.SECONDS,
        retry_after_seconds=1,
    )
    stage.iam.admin.add_fault(limit)
    stage.iam.admin.fail_over()
    stage.apply_project()
    stage.wait_ready()
    assert len(stage.remotes()) == 1


def test_what_the_vendor_made_is_never_taken(stage: OTCScenario) -> None:
    """T1-20: neither by name nor by id."""
    region = next(one for one in stage.iam.admin.state().projects if one.name == "eu-de")
    stage.connect("Check")
    stage.apply_project(name="eu-de_x", import_={"id": region.id})
    stage.wait_for("False", "RequestRefused")
    assert stage.count("createProject", "updateProject") == 0


@pytest.mark.whole
def test_what_was_there_is_imported_by_its_short_name(stage: OTCScenario) -> None:
    (project_id,) = stage.iam.admin.make_projects(MakeProjects(name="eu-de_legacy", description="old"))
    stage.iam.admin.catch_up()
    stage.connect()
    stage.apply_project(name="legacy", import_={"byName": "Required"})
    assert stage.wait_ready()["status"]["id"] == project_id
    assert stage.remote().description.startswith("old iproj1:")


@pytest.mark.whole
def test_what_it_cannot_hold_is_named(stage: OTCScenario) -> None:
    stage.connect("Check")
    stage.apply_project(description="x" * 169, tags=[{"name": "a", "value": "b"}])
    message = condition(stage.wait_for("False", "Unsupported"), "Ready")["message"]
    assert all(field in message for field in ("metadata.name", "eu-de_", "spec.description", "spec.tags"))
    assert stage.remotes() == ()
