"""Lists of the real Keystone in pages of five (K5)."""

from typing import Any

import pytest
from calling import LOOPBACK
from keystone import Domain

from project_operator.backends.keystone_v3.backend import KeystoneBackend
from project_operator.backends.keystone_v3.credentials import (
    DomainScope,
    Password,
    Reference,
)
from project_operator.backends.openstack import KeystoneConfig, open_backend
from project_operator.backends.vendor import Surroundings

pytestmark = pytest.mark.whole


@pytest.fixture
async def backend(paged: Domain) -> KeystoneBackend:
    home = Reference(paged.id)
    credential = Password(paged.manager.name, home, paged.manager.password, DomainScope(home))
    config = KeystoneConfig(url=paged.url.removesuffix("/v3"), domain=home, credential=credential)
    backend = open_backend(config, Surroundings(LOOPBACK))
    await backend.connect()
    return backend


@pytest.mark.parametrize("count", [0, 4, 5, 6, 10, 11])
async def test_every_project_is_listed(backend: KeystoneBackend, paged: Domain, count: int) -> None:
    made = {paged.admin.make_project(f"p{number}", paged.id) for number in range(count)}
    found = await backend.list_projects()
    assert {one.id for one in found} == made
    assert len(found) == count
    await backend.aclose()


async def test_also_where_the_end_of_a_page_is_deleted_meanwhile(backend: KeystoneBackend, paged: Domain) -> None:
    made = sorted(paged.admin.make_project(f"p{number}", paged.id) for number in range(7))
    exchange = backend._client._transport.exchange
    asked = 0

    async def deleting(*args: Any, **kwargs: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked == 2:
            paged.admin.remove_project(made[4])
        return await exchange(*args, **kwargs)

    backend._client._transport.exchange = deleting  # type: ignore[method-assign]  # to come between two pages
    assert {one.id for one in await backend.list_projects()} == set(made) - {made[4]}
    assert asked == 4
    await backend.aclose()


async def test_every_group_is_listed(backend: KeystoneBackend, paged: Domain) -> None:
    made = {paged.make_group(f"g{number}") for number in range(11)}
    assert {one.id for one in await backend.list_groups()} == made
    await backend.aclose()
