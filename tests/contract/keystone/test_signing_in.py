"""The backend signs in to the real Keystone, with every scope, and is told at once what it may not (K3-1 to K3-13)."""

from dataclasses import replace

import pytest
from calling import LOOPBACK
from keystone import Domain
from keystone_projects import Connect, create, delete

from project_operator.backends.keystone_v3.credentials import (
    ApplicationCredential,
    DomainScope,
    Password,
    ProjectScope,
    Reference,
    SystemScope,
)
from project_operator.backends.openstack import KeystoneConfig, open_backend
from project_operator.backends.vendor import Surroundings
from project_operator.errors import (
    ConnectionRefused,
    CredentialsRejected,
    PermissionDenied,
    ProjectNotFound,
    RequestRefused,
)
from project_operator.sandbox.identity.keystone.embedded import EmbeddedKeystone


@pytest.mark.whole
async def test_every_scope(connect: Connect, domain: Domain) -> None:
    user = domain.make_user("", "admin")
    project = domain.admin.make_project("scope", domain.id)
    domain.admin.grant(domain.admin.role_id("admin"), f"projects/{project}", user=user.id)
    domain.admin.grant(domain.admin.role_id("admin"), "system", user=user.id)
    for scope in (
        DomainScope(Reference(domain.id)),
        DomainScope(Reference(name=domain.name)),
        ProjectScope(Reference(project)),
        ProjectScope(Reference(name="scope"), Reference(domain.id)),
        SystemScope(),
    ):
        for home in (Reference(domain.id), Reference(name=domain.name)):
            backend = await connect(Password(user.name, home, user.password, scope), domain=home)
            assert [one.content.name for one in await backend.list_projects()] == ["scope"]


@pytest.mark.whole
async def test_an_application_credential_does_it_all(
    connect: Connect, application_credential: ApplicationCredential
) -> None:
    backend = await connect(application_credential)
    project = await create(backend)
    await delete(backend, project.id)
    with pytest.raises(ProjectNotFound):
        await backend.get_project(project.id)


async def test_whatever_is_wrong_with_it_the_credential_is_said_to_be(
    connect: Connect, domain: Domain, application_credential: ApplicationCredential
) -> None:
    home, right = Reference(domain.id), DomainScope(Reference(domain.id))
    user = domain.manager
    for wrong in (
        Password(user.name, home, "wrong", right),
        Password("nobody", home, user.password, right),
        Password(user.name, Reference("default"), user.password, right),
        Password(user.name, home, user.password, SystemScope()),
        replace(application_credential, secret="wrong"),
        replace(application_credential, id="nothing"),
    ):
        with pytest.raises(CredentialsRejected) as raised:
            await connect(wrong)
        assert wrong.secret not in str(raised.value)


async def test_a_user_without_rights_hears_so_at_once(connect: Connect, domain: Domain) -> None:
    user = domain.make_user()
    project = domain.admin.make_project("scope", domain.id)
    domain.admin.grant(domain.admin.role_id("member"), f"projects/{project}", user=user.id)
    credential = Password(user.name, Reference(domain.id), user.password, ProjectScope(Reference(project)))
    with pytest.raises((PermissionDenied, ConnectionRefused)):
        await connect(credential)


async def test_an_empty_list_of_another_domain_is_never_believed(connect: Connect, domain: Domain) -> None:
    other = domain.make_domain()
    domain.admin.make_project("theirs", other)
    with pytest.raises((ConnectionRefused, PermissionDenied)):
        await connect(domain=Reference(other))
    with pytest.raises((ConnectionRefused, PermissionDenied)):
        await connect(additional_domains=(other,))


@pytest.mark.whole
async def test_further_domains_are_listed_and_written_to(connect: Connect, domain: Domain, cloud: Password) -> None:
    other = domain.make_domain()
    theirs = domain.admin.make_project("theirs", domain.make_domain())
    backend = await connect(cloud, additional_domains=(other,))
    ours = await create(backend)
    further = await create(backend, particulars={"keystone.domainID": other})
    assert further.organization_id == other
    assert {one.id for one in await backend.list_projects()} == {ours.id, further.id}
    with pytest.raises(RequestRefused, match="it is in another domain"):
        await backend.get_project(theirs)


async def test_a_short_token_is_replaced_before_it_ends(small_pages: EmbeddedKeystone, paged: Domain) -> None:
    """K3-1: at nine tenths of what the server says, by the server's own clock."""
    del small_pages
    home = Reference(paged.id)
    credential = Password(paged.manager.name, home, paged.manager.password, DomainScope(home))
    config = KeystoneConfig(url=paged.url.removesuffix("/v3"), domain=home, credential=credential)
    backend = open_backend(config, Surroundings(LOOPBACK))
    await backend.connect()
    first = await backend._client.token()
    assert 3590 < first.life <= 3600
    backend._client._tokens._asked_at -= 0.9 * first.life
    await backend.list_projects()
    assert (await backend._client.token()) is not first
    await backend.aclose()
