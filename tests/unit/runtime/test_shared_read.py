import asyncio

import pytest
from simulation.loop import run_virtually

from project_operator.errors import BackendUnavailable
from project_operator.runtime.shared_read import SharedRead


def test_who_waits_while_a_read_fails_hears_of_that_and_does_not_wait_for_one_more() -> None:
    """A backend that hangs for 15 s would hold up the last of ten for 150 s."""
    read, calls = SharedRead(), 0

    async def hang() -> None:
        nonlocal calls
        calls += 1
        await asyncio.sleep(15)
        raise BackendUnavailable("no answer")

    async def story() -> None:
        begun = asyncio.get_running_loop().time()
        outcomes = await asyncio.gather(*(read.until(lambda: False, hang) for _ in range(10)), return_exceptions=True)
        assert [type(one) for one in outcomes] == [BackendUnavailable] * 10
        assert len({id(one) for one in outcomes}) == 10, "each has an exception of its own to raise"
        assert calls == 1
        assert asyncio.get_running_loop().time() - begun == pytest.approx(15)
        with pytest.raises(BackendUnavailable):
            await read.until(lambda: False, hang)
        assert calls == 2, "who comes later tries anew"

    run_virtually(story())


def test_one_reads_for_all() -> None:
    read, calls, there = SharedRead(), 0, False

    async def fetch() -> None:
        nonlocal calls, there
        calls += 1
        await asyncio.sleep(1)
        there = True

    async def story() -> None:
        await asyncio.gather(*(read.until(lambda: there, fetch) for _ in range(10)))
        assert calls == 1

    run_virtually(story())
