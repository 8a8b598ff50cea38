"""What is counted of a call: how it ended, if it was sent."""

import asyncio
import contextlib
from random import Random
from types import SimpleNamespace
from typing import cast

import pytest
from simulation.backend import Fault
from simulation.loop import run_virtually
from simulation.stories import settled, told
from simulation.world import SimulatedClock, World

from project_operator.backends.base import Backend
from project_operator.errors import (
    BackendError,
    BackendUnavailable,
    BreakerOpen,
    HeldBack,
    NotLeading,
    OutcomeUnknown,
    RequestRefused,
    RightExpired,
    Throttled,
)
from project_operator.observability.hooks import BackendCall, Happening
from project_operator.runtime.breaker import Limits
from project_operator.runtime.circuit import Circuit
from project_operator.runtime.instrumented import InstrumentedBackend


class Heard:
    """The codes of the calls that were counted, in their order."""

    def __init__(self) -> None:
        self.codes: list[str] = []

    def emit(self, happening: Happening, /) -> None:
        if isinstance(happening, BackendCall) and happening.operation != "connect":
            self.codes.append(happening.code)


@pytest.mark.parametrize(
    ("error", "codes"),
    [
        (None, ["ok"]),
        (RequestRefused("no", status=422), ["422"]),
        (Throttled("too many", status=429), ["429"]),
        (BackendUnavailable("no answer"), ["error"]),
        (OutcomeUnknown("no answer"), ["error"]),
        (HeldBack("not sent", retry_after=60.0), []),
        (BreakerOpen("not asked"), []),
        (RightExpired("not sent"), []),
        (NotLeading("not sent"), []),
    ],
    ids=lambda row: type(row).__name__ if isinstance(row, BackendError) else "",
)
def test_a_call_that_we_did_not_send_is_not_counted(error: BackendError | None, codes: list[str]) -> None:
    async def list_projects() -> tuple[()]:
        if error is not None:
            raise error
        return ()

    async def story() -> None:
        heard, clock = Heard(), SimulatedClock(Random(1))  # noqa: S311 - a simulation wants to be repeated
        backend = cast(Backend, SimpleNamespace(list_projects=list_projects))
        calls = InstrumentedBackend(backend, "nscale", heard, clock.now, Circuit(Limits(5, 60.0), clock))
        with contextlib.suppress(BackendError):
            await calls.list_projects()
        assert heard.codes == codes

    run_virtually(story())


@told()
async def test_while_the_backend_asks_for_fewer_requests_what_is_counted_is_what_was_sent(world: World) -> None:
    await world.stop()
    world.hooks = heard = Heard()
    world.start()
    await settled(world)
    error = Throttled("too many requests", operation="create_project", status=429, retry_after=120.0)
    world.backend.faults.append(Fault("create", error=error))
    for number in range(50):
        world.apply(f"web-{number}")
    await asyncio.sleep(60)
    assert heard.codes.count("429") == 1
    assert set(heard.codes) == {"ok", "429"}
