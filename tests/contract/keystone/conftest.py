"""The real Keystone asked twice: by hand in `facts`, to show what it does, and by the backend, which lives with it."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from calling import LOOPBACK
from keystone import Domain, make_domain
from keystone_projects import Connect

from project_operator.backends.keystone_v3.backend import KeystoneBackend
from project_operator.backends.keystone_v3.credentials import (
    ApplicationCredential,
    Credential,
    DomainScope,
    Password,
    ProjectScope,
    Reference,
    Scope,
)
from project_operator.backends.openstack import KeystoneConfig, open_backend
from project_operator.backends.vendor import Surroundings
from project_operator.sandbox.identity.keystone.admin_client import ADMIN, DEFAULT_DOMAIN, User
from project_operator.sandbox.identity.keystone.embedded import EmbeddedKeystone
from project_operator.sandbox.identity.keystone.settings import KeystoneSettings


@pytest.hookimpl(tryfirst=True)  # before xdist, which reads the marks in a hook of the same name
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "small_pages" in getattr(item, "fixturenames", ()):
            # One worker starts the second Keystone (--dist=loadgroup).
            item.add_marker(pytest.mark.xdist_group("small pages"))


@pytest.fixture
def domain(keystone_domain: Domain) -> Domain:
    """A domain of its own."""
    return keystone_domain


def password_of(user: User, scope: Scope) -> Password:
    """The user's credential."""
    return Password(user.name, Reference(user.domain_id), user.password, scope)


@pytest.fixture
async def connect(domain: Domain) -> AsyncIterator[Connect]:
    """Opens connections, connected; least privilege unless a credential is given. Closed afterwards."""
    opened: list[KeystoneBackend] = []

    async def connect_one(credential: Credential | None = None, **config: Any) -> KeystoneBackend:
        home = Reference(domain.id)
        known: dict[str, Any] = {"url": domain.url.removesuffix("/v3"), "domain": home, "timeout": 30.0}
        known["credential"] = credential or password_of(domain.manager, DomainScope(home))
        opened.append(open_backend(KeystoneConfig(**(known | config)), Surroundings(LOOPBACK)))
        await opened[-1].connect()
        return opened[-1]

    yield connect_one
    for backend in opened:
        await backend.aclose()


@pytest.fixture
async def backend(connect: Connect) -> KeystoneBackend:
    """Least privilege."""
    return await connect()


@pytest.fixture
def cloud(domain: Domain) -> Password:
    """A credential for the whole cloud, with the scope whose roles Keystone remembers."""
    home = Reference(DEFAULT_DOMAIN)
    return Password(ADMIN, home, domain.server.admin_password, ProjectScope(Reference(name=ADMIN), home))


@pytest.fixture
def application_credential(domain: Domain) -> ApplicationCredential:
    """Of an administrator, made in a project outside the domain."""
    made, _ = domain.make_application_credential()
    return ApplicationCredential(made.id, made.secret)


@pytest.fixture(scope="session")
def small_pages() -> Iterator[EmbeddedKeystone]:
    """A Keystone that gives pages of five, whatever it is asked for, with links that lead nowhere."""
    settings = KeystoneSettings(max_db_limit=5, public_endpoint="https://identity.example.com")
    with EmbeddedKeystone(settings) as server:
        yield server


@pytest.fixture
def paged(small_pages: EmbeddedKeystone) -> Domain:
    """A domain of its own there."""
    return make_domain(small_pages)
