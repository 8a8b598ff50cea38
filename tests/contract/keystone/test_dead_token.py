"""A token of the real Keystone that has died, whatever is asked for with it, and however it died (K3-6, K3-20)."""

import asyncio

import pytest
from keystone import Domain
from keystone_projects import Connect, create, everything

from project_operator.backends.base import RemoteProject
from project_operator.backends.keystone_v3.backend import KeystoneBackend
from project_operator.backends.keystone_v3.credentials import (
    ApplicationCredential,
    DomainScope,
    Password,
    ProjectScope,
    Reference,
)
from project_operator.errors import (
    BackendError,
    CredentialsRejected,
)


async def test_one_that_was_revoked_is_replaced_unnoticed(backend: KeystoneBackend, domain: Domain) -> None:
    project = await create(backend)
    for call in everything(backend, project):
        domain.admin.revoke((await backend._client.token()).value)
        backend._client._tokens._renewed_at = float("-inf")
        await call


async def test_one_whose_user_is_gone_makes_nothing_missing(connect: Connect, domain: Domain) -> None:
    user = domain.make_user("short-lived", "manager")
    credential = Password(user.name, Reference(domain.id), user.password, DomainScope(Reference(domain.id)))
    backend = await connect(credential)
    project = await create(backend)
    domain.admin.remove_user(user.id)
    await nothing_is_believed(backend, project, domain)


@pytest.mark.whole
async def test_one_whose_application_credential_is_gone(connect: Connect, domain: Domain) -> None:
    user = domain.make_user()
    home = domain.admin.make_project("robots", domain.id)
    domain.admin.grant(domain.admin.role_id("admin"), f"projects/{home}", user=user.id)
    made = domain.admin.make_application_credential(user, home, "robot", unrestricted=True)
    backend = await connect(ApplicationCredential(made.id, made.secret))
    project = await create(backend)
    domain.admin.remove_application_credential(user, made.id)
    await nothing_is_believed(backend, project, domain)


async def test_one_whose_scope_is_gone_even_where_that_is_what_is_asked_for(connect: Connect, domain: Domain) -> None:
    user = domain.make_user()
    scope = domain.admin.make_project("scope", domain.id)
    domain.admin.grant(domain.admin.role_id("admin"), f"projects/{scope}", user=user.id)
    credential = Password(user.name, Reference(domain.id), user.password, ProjectScope(Reference(scope)))
    backend = await connect(credential)
    project = await create(backend)
    domain.admin.remove_project(scope)
    with pytest.raises(CredentialsRejected):
        await backend.get_project(scope)
    await nothing_is_believed(backend, project, domain)


async def nothing_is_believed(backend: KeystoneBackend, project: RemoteProject, domain: Domain) -> None:
    for call in everything(backend, project):
        with pytest.raises(BackendError) as raised:
            await call
        assert type(raised.value) is CredentialsRejected
    assert domain.admin.project(project.id) is not None
    assert domain.admin.projects(domain.id, "another") == []


@pytest.mark.whole
async def test_many_calls_sign_in_once_more(backend: KeystoneBackend, domain: Domain) -> None:
    project = await create(backend)
    before = await backend._client.token()
    domain.admin.revoke(before.value)
    found = await asyncio.gather(*(backend.get_project(project.id) for _ in range(30)))
    assert {one.id for one in found} == {project.id}
    assert (await backend._client.token()) is not before
