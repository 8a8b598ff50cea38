"""What docs/backends/keystone.md says was measured, measured again: by hand, without the backend.

One domain for all: to make one and empty it takes longer than most of what is asked. A test that counts projects makes
a domain of its own, which stays: the server ends with the run.

What a pinned Keystone does is no other thing tomorrow, so they are marked `whole`.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from keystone import Domain, make_domain
from keystone_caller import Caller

from project_operator.backends.trust import system_trust
from project_operator.sandbox.identity.keystone.admin_client import User
from project_operator.sandbox.identity.keystone.embedded import EmbeddedKeystone

SignIn = Callable[[User, Mapping[str, Any] | None], Caller]
HERE: Final = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.whole)


@pytest.fixture(scope="session")
def domain(keystone_server: EmbeddedKeystone) -> Domain:
    """The domain of all these tests."""
    return make_domain(keystone_server)


@pytest.fixture(scope="session")
def client(domain: Domain) -> Iterator[httpx.Client]:
    """Below `/v3`, without a token."""
    # Between two calls a test may take longer than the server keeps a connection.
    limits = httpx.Limits(keepalive_expiry=2.0)
    with httpx.Client(base_url=domain.url, verify=system_trust(), trust_env=False, timeout=30.0, limits=limits) as made:
        yield made


@pytest.fixture(scope="session")
def sign_in(client: httpx.Client, domain: Domain) -> SignIn:
    """A `Caller` of a user, with a scope as the API has it; None is unscoped."""
    return lambda user, scope: Caller(client, domain.admin.token(user, scope))


@pytest.fixture(scope="session")
def manager(sign_in: SignIn, domain: Domain) -> Caller:
    """Least privilege."""
    return sign_in(domain.manager, {"domain": {"id": domain.id}})


@pytest.fixture(scope="session")
def admin(sign_in: SignIn, domain: Domain) -> Caller:
    """The whole cloud's administrator."""
    user = domain.make_user()
    domain.admin.grant(domain.admin.role_id("admin"), "system", user=user.id)
    return sign_in(user, {"system": {"all": True}})
