from collections.abc import AsyncIterator

import pytest
from k5_bench import Bench


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """A region of its own, and its administrator is signed in."""
    made = Bench()
    await made.sign_in()
    yield made
    await made.client.aclose()
