"""Role assignments on the real Keystone (K7)."""

from dataclasses import replace

import pytest
from keystone import Domain
from keystone_caller import NOBODY
from keystone_projects import Connect, change, create, unchecked

from project_operator.backends.base import RoleAssignment
from project_operator.backends.keystone_v3.backend import KeystoneBackend
from project_operator.backends.keystone_v3.credentials import (
    Password,
)
from project_operator.errors import (
    PermissionDenied,
    RequestRefused,
)


async def test_ours_come_and_go_and_all_others_stay(backend: KeystoneBackend, domain: Domain) -> None:
    admin, project = domain.admin, await create(backend)
    member, reader = admin.role_id("member"), admin.role_id("reader")
    ours, theirs = domain.make_group("ours"), domain.make_group("theirs")
    on = f"projects/{project.id}"
    admin.grant(member, on, group=ours, inherited=True)
    admin.grant(reader, on, group=theirs)
    admin.grant(reader, on, user=domain.manager.id)
    others = admin.assignments(on)
    found = await backend.get_project(project.id, group_ids=frozenset({ours}))
    assert found.content.role_assignments == (RoleAssignment(theirs, reader),)
    wanted = (RoleAssignment(ours, member), RoleAssignment(theirs, reader))
    found = await change(backend, found, role_assignments=wanted)
    assert len(admin.assignments(on)) == len(others) + 1
    await change(backend, found, role_assignments=(RoleAssignment(theirs, reader),))
    assert admin.assignments(on) == others


async def test_one_that_is_taken_by_somebody_else_meanwhile_is_taken(backend: KeystoneBackend, domain: Domain) -> None:
    project, group = await create(backend), domain.make_group("g")
    member = domain.admin.role_id("member")
    found = await change(backend, project, role_assignments=(RoleAssignment(group, member),))
    domain.admin.take(member, f"projects/{project.id}", group=group)
    await backend.update_project(
        found, replace(found.content, role_assignments=(), particulars={}), before_send=unchecked
    )


@pytest.mark.parametrize("missing", ["group", "role"])
async def test_what_is_missing_is_named(backend: KeystoneBackend, domain: Domain, missing: str) -> None:
    project = await create(backend)
    group = NOBODY if missing == "group" else domain.make_group("g")
    role = NOBODY if missing == "role" else domain.admin.role_id("member")
    with pytest.raises(RequestRefused, match=f"Could not find {missing}: {NOBODY}"):
        await change(backend, project, role_assignments=(RoleAssignment(group, role),))


async def test_a_manager_may_not_hand_over_the_cloud(backend: KeystoneBackend, domain: Domain) -> None:
    project, group = await create(backend), domain.make_group("g")
    admin = domain.admin.role_id("admin")
    with pytest.raises(PermissionDenied, match="identity:create_grant"):
        await change(backend, project, role_assignments=(RoleAssignment(group, admin),))
    assert domain.admin.assignments(f"projects/{project.id}") == frozenset()


async def test_roles_of_the_domain_are_listed_for_who_may_see_them(
    connect: Connect, backend: KeystoneBackend, domain: Domain, cloud: Password
) -> None:
    special = domain.admin.make_role("special", domain.id)
    assert special not in {one.id for one in await backend.list_roles()}
    assert special in {one.id for one in await (await connect(cloud)).list_roles()}
