from collections.abc import AsyncIterator
from typing import Any

import pytest
import trustme
from calling import LOOPBACK, Open

from project_operator.backends.calls import Endpoint, TransportSettings
from project_operator.backends.transport import Transport


@pytest.fixture
async def open_transport() -> AsyncIterator[Open]:
    opened: list[Transport] = []

    def open_one(
        url: str, settings: TransportSettings = LOOPBACK, *, admission: Any = None, **endpoint: Any
    ) -> Transport:
        endpoint.setdefault("timeout", 5.0)
        opened.append(Transport(Endpoint(url, **endpoint), settings, admission=admission))
        return opened[-1]

    yield open_one
    for transport in opened:
        await transport.aclose()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()
