"""The real Keystone asked twice: by hand, to show what it does, and by the backend, to show that it lives with that."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from calling import LOOPBACK
from keystone import Domain, make_domain

from project_operator.backends.keystone_v3.backend import KeystoneBackend
from project_operator.backends.keystone_v3.credentials import (
    ApplicationCredential,
    Credential,
    DomainScope,
    Password,
    Reference,
    Scope,
    SystemScope,
)
from project_operator.backends.openstack import KeystoneConfig, open_backend
from project_operator.backends.vendor import Surroundings
from project_operator.sandbox.identity.keystone.admin_client import User
from project_operator.sandbox.identity.keystone.embedded import EmbeddedKeystone
from project_operator.sandbox.identity.keystone.settings import KeystoneSettings

Connect = Callable[..., Awaitable[KeystoneBackend]]


@dataclass
class Caller:
    """Asks Keystone with one token, by hand."""

    client: httpx.Client
    token: str

    def __call__(
        self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """``path`` is below ``/v3``; ``body`` is JSON, or bytes."""
        content = {"content": body} if isinstance(body, bytes) else {} if body is None else {"json": body}
        sent = {"X-Auth-Token": self.token} | dict(headers or {})
        return self.client.request(method, path, headers=sent, **content)

    def create(self, **project: Any) -> httpx.Response:
        """POST of a project."""
        return self("POST", "/projects", {"project": project})

    def change(self, project_id: str, **project: Any) -> httpx.Response:
        """PATCH of one."""
        return self("PATCH", f"/projects/{project_id}", {"project": project})


@pytest.fixture
def domain(keystone_domain: Domain) -> Domain:
    """A domain of its own."""
    return keystone_domain


@pytest.fixture
def by_hand(domain: Domain) -> Iterator[Callable[[User, Mapping[str, Any]], Caller]]:
    """A `Caller` of a user, with a scope as the API has it."""
    with httpx.Client(base_url=domain.url, trust_env=False, timeout=30.0) as client:
        yield lambda user, scope: Caller(client, domain.admin.token(user, scope))


@pytest.fixture
def manager(by_hand: Callable[[User, Mapping[str, Any]], Caller], domain: Domain) -> Caller:
    """Least privilege."""
    return by_hand(domain.manager, {"domain": {"id": domain.id}})


@pytest.fixture
def admin(by_hand: Callable[[User, Mapping[str, Any]], Caller], domain: Domain) -> Caller:
    """The whole cloud's administrator."""
    user = domain.make_user()
    domain.admin.grant(domain.admin.role_id("admin"), "system", user=user.id)
    return by_hand(user, {"system": {"all": True}})


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
    """A credential for the whole cloud."""
    user = domain.make_user()
    domain.admin.grant(domain.admin.role_id("admin"), "system", user=user.id)
    return password_of(user, SystemScope())


@pytest.fixture
def application_credential(domain: Domain) -> ApplicationCredential:
    """Of an administrator, made in a project outside the domain."""
    made, _ = domain.make_application_credential()
    return ApplicationCredential(made.id, made.secret)


@pytest.fixture(scope="session")
def small_pages() -> Iterator[EmbeddedKeystone]:
    """A Keystone that gives pages of five, whatever it is asked for."""
    with EmbeddedKeystone(KeystoneSettings(max_db_limit=5)) as server:
        yield server


@pytest.fixture
def paged(small_pages: EmbeddedKeystone) -> Iterator[Domain]:
    """A domain of its own there."""
    made = make_domain(small_pages)
    yield made
    made.remove()
