import asyncio

import pytest

from project_operator.backends.deadlines import Deadline, apart, within


@pytest.fixture
async def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The running loop's time, as long as nothing is awaited."""
    now = [100.0]
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now[0])
    return now


async def test_requests_of_one_call_have_what_the_ones_before_left() -> None:
    with within(15.0) as call:
        with within(15.0) as first:
            pass
        await asyncio.sleep(0)
        with within(15.0) as second:
            pass
        assert first is second is call
    with within(15.0) as another:
        assert another is not call


async def test_tasks_that_a_call_begins_share_its_deadline_and_other_calls_do_not() -> None:
    async def request() -> Deadline:
        with within(15.0) as deadline:
            await asyncio.sleep(0)
            return deadline

    with within(15.0) as call:
        assert set(await asyncio.gather(request(), request())) == {call}
    first, second = await asyncio.gather(request(), request())
    assert first is not second


async def test_what_is_apart_has_a_deadline_of_its_own() -> None:
    with within(15.0) as call:
        with apart(), within(15.0) as own:
            assert own is not call
        with within(15.0) as again:
            assert again is call


async def test_a_deadline_is_forgotten_where_the_call_fails() -> None:
    with pytest.raises(ZeroDivisionError), within(15.0) as failed:
        raise ZeroDivisionError
    with within(15.0) as next_one:
        assert next_one is not failed


async def test_waiting_for_the_limiter_moves_it(clock: list[float]) -> None:
    deadline = Deadline(15.0)
    clock[0] = 104.0
    deadline.excuse(101.0)
    assert deadline.at == 118.0


async def test_what_several_waited_for_together_moves_it_once(clock: list[float]) -> None:
    deadline = Deadline(15.0)
    clock[0] = 103.0
    deadline.excuse(100.0)
    clock[0] = 104.0
    deadline.excuse(101.0)
    assert deadline.at == 119.0
