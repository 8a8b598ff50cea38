"""The suite runs over every backend in `contract_harness.HARNESSES`."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from contract_harness import HARNESSES, Connecting, Harness
from middlebox import Middlebox, middlebox

from project_operator.backends.base import Backend

Connect = Callable[..., Any]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "contract" in item.path.parts:
            item.add_marker(pytest.mark.contract)


@pytest.fixture(scope="session", params=HARNESSES)
def server(request: pytest.FixtureRequest) -> Iterator[Harness]:
    with HARNESSES[request.param]() as harness:
        yield harness


@pytest.fixture
def harness(server: Harness, caplog: pytest.LogCaptureFixture) -> Iterator[Harness]:
    """A server as new; afterwards, that no log line of the test shows the credential."""
    server.reset()
    caplog.set_level(logging.DEBUG)
    yield server
    assert server.credential not in caplog.text


@pytest.fixture
async def box(harness: Harness) -> AsyncIterator[Middlebox]:
    async with middlebox(harness.url) as box:
        yield box


@pytest.fixture
async def connect(harness: Harness) -> AsyncIterator[Connect]:
    """Opens connections, connected, which are closed afterwards."""
    opened: list[Backend] = []

    async def connect_one(*, admission: Any = None, **how: Any) -> Backend:
        backend = harness.open(Connecting(**how), admission=admission)
        opened.append(backend)
        await backend.connect()
        return backend

    yield connect_one
    for backend in opened:
        await backend.aclose()


@pytest.fixture
async def backend(connect: Connect) -> Backend:
    """A connection straight to the server."""
    connected: Backend = await connect()
    return connected


@pytest.fixture
async def spoilt(connect: Connect, box: Middlebox) -> Backend:
    """A connection through the middlebox."""
    connected: Backend = await connect(url=box.url)
    box.requests.clear()
    return connected
