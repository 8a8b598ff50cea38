"""Deletion on the real Keystone: children, and domains with all that is in them (K8)."""

import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from keystone import Domain
from keystone_projects import MARK, Connect, change, create, delete
from troubles import noticed

from project_operator.backends.base import RemoteProject
from project_operator.backends.keystone_v3.backend import KeystoneBackend
from project_operator.backends.keystone_v3.credentials import (
    Password,
)
from project_operator.backends.keystone_v3.errors import Operation
from project_operator.errors import (
    DeletionBlocked,
    PermissionDenied,
    RequestRefused,
)
from project_operator.sandbox.identity.keystone.admin_client import User


@pytest.fixture
async def cloudy(connect: Connect, cloud: Password) -> KeystoneBackend:
    """Manages domains too."""
    return await connect(cloud, manage_domains=True)


@pytest.fixture
async def made(cloudy: KeystoneBackend, domain: Domain) -> AsyncIterator[RemoteProject]:
    """A project that is a domain, with our mark."""
    name = f"made-{domain.name}"
    project = await create(cloudy, name, mark=MARK, particulars={"keystone.isDomain": "true"})
    yield project
    if domain.admin.project(project.id) is not None:
        domain.admin.remove_domain(project.id)


async def test_a_parent_waits_for_its_children(backend: KeystoneBackend) -> None:
    parent = await create(backend, "parent")
    child = await create(backend, "child", parent_id=parent.id)
    with pytest.raises(DeletionBlocked, match=r"1 project \('child'\)"):
        await delete(backend, parent.id)
    await delete(backend, child.id)
    await delete(backend, parent.id)


async def test_a_domain_comes_and_goes(cloudy: KeystoneBackend, made: RemoteProject, domain: Domain) -> None:
    backend = cloudy
    assert made.organization_id == made.id
    assert made.content.mark == MARK
    listed = {one.id: one for one in await backend.list_projects()}
    assert listed[made.id] == made
    made = await change(backend, made, description="ours")
    assert [one.verb for one in backend.plan_delete(made.id)] == ["PATCH", "DELETE"]
    await delete(backend, made.id)
    await delete(backend, made.id)
    assert domain.admin.project(made.id) is None
    with pytest.raises(RequestRefused):
        await delete(backend, domain.id)
    assert domain.admin.project(domain.id) is not None


async def test_a_domain_never_takes_anything_with_it(
    cloudy: KeystoneBackend, made: RemoteProject, domain: Domain
) -> None:
    """K8-7: by hand it would, whoever made that. What others have does not count (K5-15)."""
    backend, admin = cloudy, domain.admin
    project = admin.make_project("theirs", made.id)
    group, user = admin.make_group("theirs", made.id), admin.make_user("theirs", "a password", made.id)
    provider, other = (f"/OS-FEDERATION/identity_providers/{name}" for name in ("acme", "umbrella"))
    admin.call("PUT", provider, {"identity_provider": {"domain_id": made.id}})
    admin.call("PUT", other, {"identity_provider": {"domain_id": domain.id}})
    configuration = f"/domains/{made.id}/config"
    admin.call("PUT", configuration, {"config": {"ldap": {"url": "ldap://acme"}}})

    def remove(path: str) -> None:
        admin.call("DELETE", path)

    removals: list[tuple[str, Callable[[], None]]] = [
        ("1 project ('theirs'), 1 group ('theirs'), 1 user ('theirs')", lambda: admin.remove_project(project)),
        ("first: 1 group ('theirs'), 1 user ('theirs')", lambda: admin.remove_group(group)),
        ("first: 1 user ('theirs')", lambda: admin.remove_user(user.id)),
        ("first: 1 identity provider ('acme'), its configuration ('ldap')", lambda: remove(provider)),
        ("first: its configuration ('ldap')", lambda: remove(configuration)),
    ]
    for words, take_away in removals:
        with pytest.raises(DeletionBlocked, match=re.escape(words)):
            await delete(backend, made.id)
        found = admin.project(made.id)
        assert found is not None
        assert found.enabled, "it is as it was"
        take_away()
    await delete(backend, made.id)
    assert admin.project(made.id) is None
    assert admin.call("GET", other)["identity_provider"]["domain_id"] == domain.id


async def test_that_check_notices_a_backend_that_does_not_look(
    cloudy: KeystoneBackend, made: RemoteProject, domain: Domain
) -> None:
    """K8-7: Keystone itself prevents nothing."""
    domain.admin.make_user("theirs", "a password", made.id)

    async def believing(_: RemoteProject) -> None:
        pass

    twin: Any = cloudy._deletion
    twin._require_empty = believing
    with noticed(), pytest.raises(DeletionBlocked):
        await delete(cloudy, made.id)
    assert domain.admin.project(made.id) is None, "with the user"


@pytest.mark.whole
async def test_a_domain_that_is_not_deleted_after_all_is_enabled_again(
    cloudy: KeystoneBackend, made: RemoteProject, domain: Domain
) -> None:
    """Somebody enters the moment before it is disabled, and is seen after."""
    backend, admin = cloudy, domain.admin
    late: list[User] = []

    def enter() -> None:
        if not late:
            late.append(admin.make_user("late", "a password", made.id))

    with pytest.raises(DeletionBlocked, match=r"1 user \('late'\)"):
        await backend.delete_project(made.id, before_send=enter)
    found = admin.project(made.id)
    assert found is not None
    assert found.enabled
    admin.remove_user(late[0].id)
    await delete(backend, made.id)


async def test_who_may_not_see_what_is_in_a_domain_does_not_delete_it(
    cloudy: KeystoneBackend, made: RemoteProject, domain: Domain
) -> None:
    backend, admin = cloudy, domain.admin
    client: Any = backend._client
    send = client.send

    async def forbidden(request: Any, *args: Any) -> Any:
        if request.asked.operation is Operation.LIST_USERS:
            raise PermissionDenied("list users: not allowed", operation="list_users")
        return await send(request, *args)

    client.send = forbidden  # as a site's policy would
    with pytest.raises(DeletionBlocked, match="cannot be seen: list users"):
        await delete(backend, made.id)
    found = admin.project(made.id)
    assert found is not None
    assert found.enabled
    client.send = send
    await delete(backend, made.id)


@pytest.mark.whole
async def test_a_child_of_a_domain_that_a_project_made_is_in_it(
    connect: Connect, cloudy: KeystoneBackend, made: RemoteProject, cloud: Password
) -> None:
    """K4-4: its domain is told, though nobody names it."""
    backend = cloudy
    child = await create(backend, "child", parent_id=made.id)
    grandchild = await create(backend, "grandchild", parent_id=child.id)
    assert child.organization_id == grandchild.organization_id == made.id
    assert {child.id, grandchild.id} < {one.id for one in await backend.list_projects()}
    fresh = await connect(cloud, manage_domains=True)
    assert await fresh.get_project(grandchild.id) == grandchild
    for one in (grandchild, child, made):
        await delete(fresh, one.id)


async def test_a_domain_is_nothing_where_they_are_not_managed(
    connect: Connect, domain: Domain, cloud: Password
) -> None:
    backend = await connect(cloud)
    with pytest.raises(RequestRefused, match="it is a domain"):
        await backend.get_project(domain.id)
