"""A project's life on the platform, as it is when nobody switched anything on."""

import pytest
from csp_scenario import CSPScenario
from scenario import condition
from waiting import wait_until

from project_operator.sandbox.identity.csp.admin_models import MakeProjects
from project_operator.sandbox.identity.csp.resources import SYSTEM


def test_created_read_and_ready(stage: CSPScenario) -> None:
    stage.connect()
    looks = stage.count("getProject")
    stage.apply_project(description="Sells things")
    status = stage.wait_ready()["status"]
    remote = stage.remote()
    assert status["id"] == remote.id
    assert status["deletionPolicy"] == {"policy": "Orphan", "source": "default"}
    assert status["observed"]["description"] == "Sells things"
    assert remote.description is not None
    assert remote.description.startswith("Sells things iproj1:")
    assert status["observed"]["createdBy"] == stage.platform.admin.about().client_id
    assert stage.count("createProject") == 1
    assert stage.count("getProject") - looks <= 1, "the answer shows the id alone; a listing may come before the look"
    written = [(write.verb, write.subresource) for write in stage.writes()]
    assert written == [("patch", ""), ("patch", "status"), ("patch", "status")], "the finalizer, the id, then Ready"


@pytest.mark.whole
def test_changed_and_corrected(stage: CSPScenario) -> None:
    stage.connect()
    stage.apply_project(description="before")
    stage.wait_ready()
    stage.edit({"name": "renamed", "description": ""})
    stage.wait_ready()
    assert stage.remote().display_name == "renamed"
    assert (stage.remote().description or "").startswith("iproj1:")
    mark = stage.remote().description
    stage.platform.admin.edit_project(stage.remote().id, display_name="by hand", description=f"by hand {mark}")
    wait_until(lambda: stage.remote().display_name == "renamed", "drift to be corrected")
    wait_until(lambda: stage.remote().description == mark, "drift to be corrected")


def test_let_go_without_the_mark(stage: CSPScenario) -> None:
    stage.connect()
    stage.apply_project(description="stays")
    stage.wait_ready()
    stage.delete()
    stage.wait_gone()
    assert stage.remote().description == "stays iproj1:orphaned"
    assert stage.count("deleteProject") == 0


def test_deletion_is_refused_until_it_is_switched_on(stage: CSPScenario) -> None:
    stage.connect()
    stage.apply_project(deletionPolicy="Delete")
    found = stage.wait_for("False", "Unsupported")
    assert "vmwareCSP.capabilities.delete" in condition(found, "Ready")["message"]
    assert stage.remotes() == ()


def test_deleted_where_it_is_switched_on(stage: CSPScenario) -> None:
    stage.platform.admin.configure(deletes=True)
    stage.connect(delete=True)
    stage.apply_project(deletionPolicy="Delete")
    stage.wait_ready()
    stage.delete()
    stage.wait_gone()
    assert stage.remotes() == ()


def test_what_the_platform_made_is_never_taken_by_name(stage: CSPScenario) -> None:
    stage.platform.admin.make_projects(MakeProjects(display_name="team", type=SYSTEM))
    stage.platform.admin.catch_up()
    stage.connect()
    stage.apply_project(import_={"byName": "Required"})
    stage.wait_for("False", "ImportNotFound")
    assert stage.count("createProject", "updateProject") == 0


@pytest.mark.whole
def test_what_it_cannot_hold_is_named(stage: CSPScenario) -> None:
    stage.connect()
    stage.apply_project(description="x" * 169, tags=[{"name": "a", "value": "b"}], enabled=True)
    message = condition(stage.wait_for("False", "Unsupported"), "Ready")["message"]
    assert all(field in message for field in ("spec.description", "spec.tags", "spec.enabled"))
    assert stage.remotes() == ()


@pytest.mark.whole
def test_an_organization_that_the_credential_is_not_for(stage: CSPScenario) -> None:
    backend = stage.backend()
    backend["spec"]["vmwareCSP"]["organization"] = "another"
    stage.apply(stage.secret(), backend)
    found = stage.wait_for("False", "OrganizationNotFound", "default", kind="IdentityBackend")
    assert "another organization" in condition(found, "Ready")["message"]
