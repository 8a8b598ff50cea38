"""A namespace of a former tenant's name is another namespace: what was made for the former one is out of its reach."""

from typing import Any

import pytest
from scenario import Scenario, condition

from project_operator.api.names import MARK_TAG
from project_operator.kube.resources import IDENTITY_BACKENDS, SECRETS


def _left_behind(scenario: Scenario) -> tuple[str, str]:
    """A project whose Project and namespace were torn away by force, and the namespace made anew: id and mark."""
    scenario.apply_project()
    project_id = str(scenario.wait_ready()["status"]["id"])
    # So that the operator does not put it back.
    scenario.edit({"suspend": True})
    scenario.kubectl("patch", "iproj", "team", "--type=merge", '--patch={"metadata":{"finalizers":null}}')
    scenario.delete()
    scenario.wait_gone()
    scenario.kubectl("delete", "namespace", scenario.namespace, "--timeout=60s")
    scenario.objects.make_namespace()
    scenario.objects.create(SECRETS, scenario.secret())
    scenario.objects.create(IDENTITY_BACKENDS, scenario.backend())
    scenario.wait_ready("default", kind="IdentityBackend")
    return project_id, str(scenario.remote().tag(MARK_TAG))


@pytest.mark.parametrize("by_name", [False, pytest.param(True, marks=pytest.mark.whole)])
def test_whoever_comes_after_cannot_claim_it(scenario: Scenario, *, by_name: bool) -> None:
    project_id, mark = _left_behind(scenario)
    wish: dict[str, Any] = {"byName": "Required"} if by_name else {"id": project_id}

    scenario.apply_project(import_=wish)

    stalled = scenario.wait_for("False", "Conflict")
    said = condition(stalled, "Ready")["message"]
    assert "carries the mark of a Project of this name in an earlier namespace of that name; nothing is written" in said
    assert scenario.remote().id == project_id
    assert scenario.remote().tag(MARK_TAG) == mark


def test_a_new_project_of_the_name_is_made_when_the_former_is_let_go_and_is_another(scenario: Scenario) -> None:
    project_id, mark = _left_behind(scenario)
    created = len(scenario.calls("createProject"))

    scenario.apply_project(name="afresh")

    said = condition(scenario.wait_for("False", "Conflict"), "Ready")["message"]
    assert f"project {project_id} was made for a Project of this name in an earlier namespace of that name" in said
    assert "Else take the mark off it in the backend, or delete it there" in said
    scenario.assert_quiet()
    assert len(scenario.calls("createProject")) == created
    assert scenario.remote().tag(MARK_TAG) == mark

    # The way out that the message names.
    scenario.identity.admin.edit_project(project_id, tags={})
    made = scenario.wait_ready()
    assert made["status"]["id"] != project_id
    scenario.delete()
    scenario.wait_gone()
    assert [(one.id, one.tag(MARK_TAG)) for one in scenario.identity.admin.projects()] == [(project_id, None)]
