"""The breaker at work: which calls begin, which are stopped while they wait, and who probes."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

import pytest
from simulation.loop import run_virtually
from simulation.world import SimulatedClock

from project_operator.errors import BackendUnavailable, BreakerOpen, RequestRefused
from project_operator.runtime.breaker import Limits, State
from project_operator.runtime.circuit import Circuit
from project_operator.runtime.limiter import Limiter


class Stage:
    """A circuit with its limiter, and an endpoint behind them that answers as it is told."""

    def __init__(self, threshold: int = 2, in_flight: int = 1) -> None:
        random = Random(1)  # noqa: S311 - a simulation wants to be repeated
        self.circuit = Circuit(Limits(threshold, 60.0), SimulatedClock(random))
        self.limiter = Limiter(
            requests_per_second=1000.0, burst=1000, max_in_flight=in_flight, begin=self.circuit.begin
        )
        self.error: BaseException | None = BackendUnavailable("no answer")
        self.sent = 0
        self.changes: list[tuple[State, State]] = []
        self.circuit.on_change = lambda before, _error: self.changes.append((before, self.circuit.state))

    async def call(self, requests: int = 1) -> None:
        """One call of so many requests, each of which takes a second."""
        with self.circuit.call():
            for _ in range(requests):
                await self.request()

    async def request(self) -> None:
        async with self.limiter:
            self.sent += 1
            await asyncio.sleep(1)
            if self.error is not None:
                raise self.error

    async def fail(self, times: int = 2) -> None:
        for _ in range(times):
            with pytest.raises(BackendUnavailable):
                await self.call()


def told(story: Callable[[Stage], Awaitable[None]], **facts: int) -> None:
    async def tell() -> None:
        await story(Stage(**facts))

    run_virtually(tell())


def test_while_it_is_open_nothing_is_sent() -> None:
    async def story(stage: Stage) -> None:
        await stage.fail()
        with pytest.raises(BreakerOpen) as caught:
            await stage.call()
        assert caught.value.retry_after == stage.circuit.pause > 0
        assert stage.sent == 2
        assert stage.changes == [(State.CLOSED, State.OPEN)]

    told(story)


def test_what_waits_for_the_limiter_when_it_opens_does_not_begin() -> None:
    async def story(stage: Stage) -> None:
        outcomes = await asyncio.gather(*(stage.call() for _ in range(10)), return_exceptions=True)
        assert [type(one) for one in outcomes] == [BackendUnavailable] * 2 + [BreakerOpen] * 8
        assert stage.sent == 2

    told(story)


def test_what_has_begun_goes_on_to_its_end() -> None:
    """Half of a change is worse than a call that comes to nothing."""

    async def story(stage: Stage) -> None:
        stage.error = None
        long = asyncio.ensure_future(stage.call(requests=5))
        await asyncio.sleep(0.5)
        for _ in range(2):
            with pytest.raises(BackendUnavailable), stage.circuit.call():
                raise BackendUnavailable("no answer")
        assert stage.circuit.state is State.OPEN
        await long
        assert stage.sent == 5
        assert stage.circuit.state is State.OPEN, "it was begun before"

    told(story)


def test_one_probe_shows_that_it_is_over_and_others_wait_meanwhile() -> None:
    async def story(stage: Stage) -> None:
        await stage.fail()
        await stage.circuit.probe(stage.call)
        assert stage.sent == 2, "it is not time for that"
        stage.error = None
        await asyncio.sleep(stage.circuit.pause)
        probing = asyncio.ensure_future(stage.circuit.probe(stage.call))
        await asyncio.sleep(0.5)
        assert stage.circuit.state is State.HALF_OPEN
        with pytest.raises(BreakerOpen):
            await stage.call()
        await probing
        assert stage.sent == 3
        await stage.call()
        open_, half = (State.CLOSED, State.OPEN), (State.OPEN, State.HALF_OPEN)
        assert stage.changes == [open_, half, (State.HALF_OPEN, State.CLOSED)]

    told(story)


def test_a_probe_that_is_refused_was_answered() -> None:
    async def story(stage: Stage) -> None:
        await stage.fail()
        stage.error = RequestRefused("no")
        await asyncio.sleep(stage.circuit.pause)
        with pytest.raises(RequestRefused):
            await stage.circuit.probe(stage.call)
        assert stage.circuit.state is State.CLOSED

    told(story)


def test_a_probe_that_is_cancelled_leaves_it_open_to_be_tried_again() -> None:
    async def story(stage: Stage) -> None:
        await stage.fail()
        await asyncio.sleep(stage.circuit.pause)
        probing = asyncio.ensure_future(stage.circuit.probe(stage.call))
        await asyncio.sleep(0.5)
        probing.cancel()
        await asyncio.gather(probing, return_exceptions=True)
        stage.error = None
        with pytest.raises(BreakerOpen):
            await stage.call()
        await asyncio.sleep(stage.circuit.pause)
        await stage.circuit.probe(stage.call)
        assert stage.circuit.state is State.CLOSED

    told(story)


def test_answers_that_are_not_understood_count_as_none() -> None:
    async def story(stage: Stage) -> None:
        stage.error = KeyError("a field that is not there")
        for _ in range(2):
            with pytest.raises(KeyError):
                await stage.call()
        assert stage.circuit.state is State.OPEN

    told(story)


def test_what_runs_beside_the_calls_is_not_sent_either() -> None:
    """A credential that replaces itself, say, which no call waits for."""

    async def story(stage: Stage) -> None:
        await stage.fail()
        with pytest.raises(BreakerOpen):
            await stage.request()
        assert stage.sent == 2

    told(story)


def test_the_place_in_the_limiter_is_given_back_by_what_is_stopped() -> None:
    async def story(stage: Stage) -> None:
        await asyncio.gather(*(stage.call() for _ in range(5)), return_exceptions=True)
        await asyncio.sleep(stage.circuit.pause)
        stage.error = None
        async with asyncio.timeout(2):
            await stage.circuit.probe(stage.call)

    told(story)
