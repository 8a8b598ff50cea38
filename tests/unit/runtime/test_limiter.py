import asyncio

import pytest
from simulation.loop import run_virtually

from project_operator.errors import HeldBack
from project_operator.runtime.limiter import Limiter


async def sent(limiter: Limiter, count: int, *, lasting: float = 0.0) -> list[float]:
    """When each of so many requests that come at once is let through, in seconds from now."""
    loop = asyncio.get_running_loop()
    begun, times = loop.time(), []

    async def request() -> None:
        async with limiter:
            times.append(round(loop.time() - begun, 2))
            await asyncio.sleep(lasting)

    await asyncio.gather(*(request() for _ in range(count)))
    return times


@pytest.mark.parametrize(
    ("rate", "burst", "expected"),
    [
        (2.0, 3, [0.0, 0.0, 0.0, 0.5, 1.0]),
        (10.0, 1, [0.0, 0.1, 0.2, 0.3, 0.4]),
        (1.0, 5, [0.0, 0.0, 0.0, 0.0, 0.0]),
    ],
)
def test_a_burst_at_once_then_the_rate(rate: float, burst: int, expected: list[float]) -> None:
    limiter = Limiter(requests_per_second=rate, burst=burst, max_in_flight=10)
    assert run_virtually(sent(limiter, 5)) == pytest.approx(expected, abs=0.02)


def test_no_more_than_so_many_are_under_way() -> None:
    limiter = Limiter(requests_per_second=100.0, burst=100, max_in_flight=2)
    assert run_virtually(sent(limiter, 5, lasting=3.0)) == pytest.approx([0.0, 0.0, 3.0, 3.0, 6.0], abs=0.02)


def test_rest_fills_the_burst_and_not_more() -> None:
    async def story() -> list[float]:
        limiter = Limiter(requests_per_second=2.0, burst=2, max_in_flight=10)
        await sent(limiter, 2)
        await asyncio.sleep(60.0)
        return await sent(limiter, 3)

    assert run_virtually(story()) == pytest.approx([0.0, 0.0, 0.5], abs=0.02)


def test_a_pause_holds_everything_back_and_the_longer_counts() -> None:
    async def story() -> list[float]:
        limiter = Limiter(requests_per_second=100.0, burst=100, max_in_flight=10)
        limiter.pause(8.0)
        limiter.pause(2.0)
        return await sent(limiter, 2)

    assert run_virtually(story()) == pytest.approx([8.0, 8.0], abs=0.02)


def test_a_request_given_up_while_it_waits_gives_its_place_back() -> None:
    async def story() -> list[float]:
        limiter = Limiter(requests_per_second=100.0, burst=100, max_in_flight=1)
        limiter.pause(5.0)
        waiting = asyncio.ensure_future(sent(limiter, 1))
        await asyncio.sleep(1.0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return await sent(limiter, 1)

    assert run_virtually(story()) == pytest.approx([4.0], abs=0.02)


def test_a_pause_is_told_where_it_moves_and_who_waits_for_it_may_give_up() -> None:
    told: list[float] = []

    def held(seconds: float) -> None:
        if seconds > 5.0:
            raise HeldBack("not now", retry_after=seconds)

    async def story() -> list[float]:
        limiter = Limiter(requests_per_second=1.0, burst=1, max_in_flight=10, held=held)
        begun = asyncio.get_running_loop().time()
        limiter.on_pause = lambda until: told.append(round(until - begun, 2))
        await sent(limiter, 1)
        waits = asyncio.ensure_future(sent(limiter, 1))
        await asyncio.sleep(0.5)
        limiter.pause(20.0)
        limiter.pause(15.0)
        with pytest.raises(HeldBack) as caught:
            await waits
        assert caught.value.retry_after == pytest.approx(19.5, abs=0.02)
        await asyncio.sleep(16.0)
        return await sent(limiter, 1)

    assert run_virtually(story()) == pytest.approx([3.5], abs=0.02)
    assert told == [20.5]


def test_no_pause_is_longer_than_a_backend_may_ask_for() -> None:
    async def story() -> list[float]:
        limiter = Limiter(requests_per_second=100.0, burst=100, max_in_flight=10)
        limiter.pause(86_400.0)
        return await sent(limiter, 1)

    assert run_virtually(story()) == pytest.approx([300.0], abs=0.02)
