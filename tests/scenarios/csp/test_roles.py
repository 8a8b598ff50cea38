"""Roles of groups, where the backend object names them."""

import pytest
from csp_scenario import CSPScenario
from scenario import condition
from waiting import wait_until

ROLES = [{"name": "csp:project_admin", "kind": "Custom"}]


def held(stage: CSPScenario) -> list[tuple[str, str]]:
    return [(role.name, role.resource) for group in stage.platform.admin.state().groups for role in group.roles]


def test_given_on_the_project_alone_and_taken_again(stage: CSPScenario) -> None:
    stage.platform.admin.make_group("admins")
    stage.connect(groupRoles=ROLES)
    stage.apply_project(groups=[{"name": "admins", "roles": [{"name": "csp:project_admin"}]}])
    stage.wait_ready()
    assert held(stage) == [("csp:project_admin", stage.remote().vrn)]
    stage.edit({"groups": []})
    wait_until(lambda: held(stage) == [], "the role to be taken")
    stage.wait_ready()


@pytest.mark.whole
def test_a_role_that_the_backend_object_does_not_name_is_not_given(stage: CSPScenario) -> None:
    stage.platform.admin.make_group("admins")
    stage.connect(groupRoles=ROLES)
    stage.apply_project(groups=[{"name": "admins", "roles": [{"name": "csp:org_owner"}]}])
    stage.wait_for("False", "RoleNotFound")
    assert stage.remotes() == ()


@pytest.mark.whole
def test_without_any_groups_are_refused(stage: CSPScenario) -> None:
    stage.connect()
    stage.apply_project(groups=[{"name": "admins", "roles": [{"name": "csp:project_admin"}]}])
    found = stage.wait_for("False", "Unsupported")
    assert "groupRoles" in condition(found, "Ready")["message"]
