"""What is peculiar to VMware Cloud Services Platform."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from candidates import Candidate
from candidates.csp import CSPCandidate, CSPConnecting
from middlebox import Middlebox

from project_operator.backends.base import Backend

Open = Callable[..., Awaitable[Backend]]


@pytest.fixture(scope="session")
def server(running: Callable[[str], Candidate]) -> Candidate:
    """This server alone."""
    return running("vmware_csp")


@pytest.fixture
def platform(candidate: Candidate) -> CSPCandidate:
    """With all that can be done to it."""
    assert isinstance(candidate, CSPCandidate)
    return candidate


@pytest.fixture
async def opened(platform: CSPCandidate, box: Middlebox) -> AsyncIterator[Open]:
    """Opens connections with further fields of `CSPConfig`, connected; they are closed afterwards."""
    connections: list[Backend] = []

    async def connect(**config: Any) -> Backend:
        connection = platform.open(CSPConnecting(url=box.url, config=config))
        connections.append(connection)
        await connection.connect()
        box.forget()
        return connection

    yield connect
    for connection in connections:
        await connection.aclose()
