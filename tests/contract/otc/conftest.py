"""What is peculiar to Open Telekom Cloud."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from candidates import Candidate
from candidates.otc import OTCCandidate, OTCConnecting
from middlebox import Middlebox

from project_operator.api.v1alpha1.otc import RegionPrefix
from project_operator.backends.base import Backend

Open = Callable[[RegionPrefix], Awaitable[Backend]]


@pytest.fixture(scope="session")
def server(running: Callable[[str], Candidate]) -> Candidate:
    """This server alone."""
    return running("open_telekom_cloud")


@pytest.fixture
def iam(candidate: Candidate) -> OTCCandidate:
    """With all that can be done to it."""
    assert isinstance(candidate, OTCCandidate)
    return candidate


@pytest.fixture
async def opened(iam: OTCCandidate, box: Middlebox) -> AsyncIterator[Open]:
    """Opens connections, connected; they are closed afterwards."""
    connections: list[Backend] = []

    async def connect(prefix: RegionPrefix) -> Backend:
        connection = iam.open(OTCConnecting(url=box.url, prefix=prefix))
        connections.append(connection)
        await connection.connect()
        box.forget()
        return connection

    yield connect
    for connection in connections:
        await connection.aclose()
