from collections.abc import AsyncIterator

import pytest
from csp_bench import Bench


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """A platform of its own."""
    made = Bench()
    yield made
    await made.client.aclose()
