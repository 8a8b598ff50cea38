"""V7: roles of groups."""

import json
from dataclasses import replace
from typing import Any

import pytest
from candidates.csp import CSPCandidate
from middlebox import Middlebox
from troubles import marked

from project_operator.api.v1alpha1.csp import CSPRoleKind
from project_operator.backends.base import Backend, ProjectContent, RoleAssignment
from project_operator.backends.csp.roles import GrantableRole
from project_operator.errors import RequestRefused
from project_operator.sandbox.identity.csp.admin_models import RoleSnapshot

ADMIN = GrantableRole("csp:project_admin", CSPRoleKind.CUSTOM)
VIEWER = GrantableRole("viewer", CSPRoleKind.SERVICE, "svc-1")
BOTH = (ADMIN, VIEWER)


@pytest.fixture
async def granting(opened: Any) -> Backend:
    connected: Backend = await opened(group_roles=BOTH)
    return connected


async def test_those_that_the_backend_object_names_are_listed(granting: Backend) -> None:
    assert [(role.id, role.name) for role in await granting.list_roles()] == [
        ("custom:csp:project_admin", "csp:project_admin"),
        ("service:svc-1:viewer", "viewer"),
    ]


async def test_they_are_given_on_the_project_alone_and_taken_again(
    granting: Backend, box: Middlebox, platform: CSPCandidate
) -> None:
    group_id = platform.make_group("those who may")
    here, elsewhere = platform.make(ProjectContent("here")), platform.make(ProjectContent("elsewhere"))
    groups = frozenset({group_id})
    wanted = tuple(sorted(RoleAssignment(group_id, role.id) for role in BOTH))
    project = await granting.get_project(here, group_ids=groups)
    assert project.content.role_assignments == ()
    box.forget()
    await granting.update_project(project, replace(project.content, role_assignments=wanted), before_send=lambda: None)
    (request,) = box.writes
    vrn = project.content.particulars["csp.vrn"]
    assert json.loads(request.body) == {
        "notifyUsersInGroups": False,
        "customRoles": {"rolesToAdd": [{"name": ADMIN.name, "resource": vrn}]},
        "serviceRoles": [{"serviceDefinitionId": "svc-1", "rolesToAdd": [{"name": VIEWER.name, "resource": vrn}]}],
    }  # V7-3
    given = await granting.get_project(here, group_ids=groups)
    assert given.content.role_assignments == wanted
    assert (await granting.get_project(elsewhere, group_ids=groups)).content.role_assignments == ()
    await granting.update_project(given, replace(given.content, role_assignments=()), before_send=lambda: None)
    state = platform.server.admin.state()
    assert [group.roles for group in state.groups] == [()]
    assert state.mails == 0  # V7-8


async def test_foreign_and_inherited_ones_are_neither_shown_nor_taken(
    granting: Backend, platform: CSPCandidate
) -> None:
    project_id = platform.make(ProjectContent("here"))
    vrn = (await granting.get_project(project_id)).content.particulars["csp.vrn"]

    def role(resource: str, membership: str = "DIRECT") -> RoleSnapshot:
        return RoleSnapshot(kind="customRoles", name=ADMIN.name, resource=resource, service="", membership=membership)

    kept = (role("", "DIRECT"), role(vrn, "NESTED"), role(vrn, "GROUP"), role("vrn/another"))
    group_id = platform.server.admin.make_group("those who may", *kept)
    groups = frozenset({group_id})
    project = await granting.get_project(project_id, group_ids=groups)
    assert project.content.role_assignments == ()  # V7-4, V7-6
    for wanted in ((RoleAssignment(group_id, ADMIN.id),), ()):
        project = await granting.get_project(project_id, group_ids=groups)
        await granting.update_project(
            project, replace(project.content, role_assignments=wanted), before_send=lambda: None
        )
    ((group),) = platform.server.admin.state().groups
    assert sorted(group.roles, key=str) == sorted(kept, key=str)


async def test_without_a_vrn_none_is_given(granting: Backend, box: Middlebox, platform: CSPCandidate) -> None:
    platform.server.admin.configure(sends_vrn=False)
    group_id = platform.make_group("those who may")
    created = await granting.create_project(marked(), before_send=lambda: None)
    project = await granting.get_project(created.id, group_ids=frozenset({group_id}))
    wanted = replace(project.content, role_assignments=(RoleAssignment(group_id, ADMIN.id),))
    box.forget()
    with pytest.raises(RequestRefused, match="no VRN"):
        await granting.update_project(project, wanted, before_send=lambda: None)  # V7-4, V9-9
    assert not box.requests


async def test_none_is_given_on_a_vrn_that_is_somebody_elses_too(
    granting: Backend, box: Middlebox, platform: CSPCandidate
) -> None:
    group_id = platform.make_group("those who may")
    ids = [platform.make(ProjectContent("same")) for _ in range(2)]
    await granting.list_projects()
    project = await granting.get_project(ids[0], group_ids=frozenset({group_id}))
    wanted = replace(project.content, role_assignments=(RoleAssignment(group_id, ADMIN.id),))
    box.forget()
    with pytest.raises(RequestRefused, match=f"project {ids[1]} has the same VRN"):
        await granting.update_project(project, wanted, before_send=lambda: None)
    assert not box.requests


async def test_the_vrn_does_not_change_under_them(granting: Backend, box: Middlebox, platform: CSPCandidate) -> None:
    group_id = platform.make_group("those who may")
    project = await granting.get_project(platform.make(ProjectContent("a")), group_ids=frozenset({group_id}))
    held = replace(project.content, role_assignments=(RoleAssignment(group_id, ADMIN.id),))
    await granting.update_project(project, held, before_send=lambda: None)
    current = await granting.get_project(project.id, group_ids=frozenset({group_id}))
    box.forget()
    moved = replace(current.content, particulars={"csp.vrn": "vrn/b"})
    with pytest.raises(RequestRefused, match="take them away before"):
        await granting.update_project(current, moved, before_send=lambda: None)
    assert not box.requests


async def test_a_group_that_is_gone_has_none(granting: Backend, platform: CSPCandidate) -> None:
    project_id = platform.make(ProjectContent("a"))
    project = await granting.get_project(project_id, group_ids=frozenset({platform.unused_id()}))
    assert project.content.role_assignments == ()


async def test_plans_name_the_groups(granting: Backend) -> None:
    content = marked(role_assignments=(RoleAssignment("g", ADMIN.id),))
    create, roles = granting.plan_create(content)
    assert (create.verb, roles.verb) == ("POST", "PATCH")
    assert roles.target.endswith("/groups/g/roles")
    assert roles.summary == "group g: give csp:project_admin on the project"
