"""The suite runs over every backend in `candidates.CANDIDATES`; what is peculiar to one is in a folder of its own."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest
from candidates import CANDIDATES, Candidate, Connecting
from middlebox import Middlebox, middlebox

from project_operator.backends.base import Backend

Connect = Callable[..., Any]
COLLECTED: Final = pytest.StashKey[frozenset[str]]()


@pytest.hookimpl(tryfirst=True)  # before `-k` and `-m` leave some of them out
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    config.stash[COLLECTED] = frozenset(item.nodeid for item in items)
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.contract)


@pytest.fixture
def collected(pytestconfig: pytest.Config) -> frozenset[str]:
    """Ids of all tests in the files of this run, chosen or not."""
    return pytestconfig.stash[COLLECTED]


@pytest.fixture(scope="session")
def running(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Candidate]]:
    """Servers by the key of their vendor, each started when it is first asked for."""
    started: dict[str, Candidate] = {}
    with ExitStack() as stack:

        def run(key: str) -> Candidate:
            if key not in started:
                started[key] = stack.enter_context(CANDIDATES[key].start(request.getfixturevalue))
            return started[key]

        yield run


@pytest.fixture(scope="session", params=CANDIDATES)
def server(request: pytest.FixtureRequest, running: Callable[[str], Candidate]) -> Candidate:
    """Every server in turn."""
    return running(request.param)


@pytest.fixture
def candidate(server: Candidate, caplog: pytest.LogCaptureFixture) -> Iterator[Candidate]:
    """A server as new; afterwards, that no log line of the test shows a secret."""
    server.reset()
    caplog.set_level(logging.DEBUG)
    yield server
    assert not [secret for secret in server.secrets if secret in caplog.text]


@pytest.fixture
async def box(candidate: Candidate) -> AsyncIterator[Middlebox]:
    """What stands in front of the server; every connection of the fixtures below goes through it."""
    async with middlebox(candidate.url, candidate.purpose, candidate.look_at) as box:
        yield box


@pytest.fixture
async def connect(candidate: Candidate, box: Middlebox) -> AsyncIterator[Connect]:
    """Opens connections, connected, with nothing counted yet; they are closed afterwards."""
    opened: list[Backend] = []

    async def connect_one(*, admission: Any = None, **how: Any) -> Backend:
        backend = candidate.open(Connecting(**{"url": box.url, **how}), admission=admission)
        opened.append(backend)
        await backend.connect()
        box.forget()
        return backend

    yield connect_one
    for backend in opened:
        await backend.aclose()


@pytest.fixture
async def backend(connect: Connect) -> Backend:
    """A connection."""
    opened: Backend = await connect()
    return opened
