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


@pytest.mark.parametrize("by_name", [False, True])
def test_whoever_comes_after_cannot_claim_it(scenario: Scenario, *, by_name: bool) -> None:
    project_id, mark = _left_behind(scenario)
    wish: dict[str, Any] = {"byName": "Required"} if by_name else {"id": project_id}

    scenario.apply_project(import_=wish)

    stalled = scenario.wait_for("False", "Conflict")
    said = condition(stalled, "Ready")["message"]
    assert "carries the mark of a Project of this name in an earlier namespace of that name; nothing is written" in said
    assert scenario.remote().id == project_id
    assert scenario.remote().tag(MARK_TAG) == mark


def test_a_new_project_of_the_name_is_another_project(scenario: Scenario) -> None:
    project_id, mark = _left_behind(scenario)

    scenario.apply_project(name="afresh")

    made = scenario.wait_ready()
    assert made["status"]["id"] != project_id
    former = next(one for one in scenario.identity.admin.projects() if one.id == project_id)
    assert former.tag(MARK_TAG) == mark
    scenario.delete()
    scenario.wait_gone()
    assert [one.id for one in scenario.identity.admin.projects()] == [project_id]
