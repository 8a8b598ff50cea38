from collections.abc import AsyncIterator

import pytest
from otc_bench import Bench


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """A server of its own."""
    made = Bench()
    yield made
    await made.client.aclose()
