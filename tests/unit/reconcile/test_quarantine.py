"""The quarantine is as long as it has to be: without any one of its terms, or a second short of their sum, a project is
doubled.

The real engine in virtual time, and the worst that the bounds allow: an operator gets the right to create a project and
waits for its turn as long as the right holds; the request takes effect as late as one can; and a listing shows that as
late as one may. Another operator has seen the same Project from the moment when the finalizer was on it, and nobody
keeps the two apart.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import pytest
from simulation.backend import Fault
from simulation.loop import run_virtually
from simulation.world import World

from project_operator.api.names import FINALIZER
from project_operator.reconcile.record import Timing

S, F, L = 4.0, 8.0, 6.0
INSTANT: Final = 0.1
"""By which each bound is kept."""

SHORT: Final[dict[str, Callable[[Timing], float]]] = {
    "without S": lambda timing: with_tolerance(timing.in_flight_bound + timing.read_lag),
    "without F": lambda timing: with_tolerance(timing.send_validity + timing.read_lag),
    "without L": lambda timing: with_tolerance(timing.send_validity + timing.in_flight_bound),
    "a second less": lambda timing: timing.send_validity + timing.in_flight_bound + timing.read_lag - 1.0,
    "none": lambda _: 0.0,
}
"""What the quarantine is in builds that are broken."""


def with_tolerance(seconds: float) -> float:
    """As the real one has it on top."""
    return seconds * 1.01 + 1.0


def creations(world: World) -> list[float]:
    return [at for name, at, _ in world.backend.calls if name == "create"]


async def the_worst() -> World:
    """The story up to its end: whoever creates has created, and every reader sees it."""
    async with World(7, read_lag=L - INSTANT, create_queue=S - INSTANT) as world:
        world.send_validity = S
        world.install(consistency={"readLag": f"{L:g}s", "inFlightBound": f"{F:g}s"})
        world.start()
        await world.until(lambda: world.backend.count("connect"))
        world.backend.faults.append(Fault("create", commit_after=F - INSTANT))
        uid = world.apply()
        await world.until(lambda: FINALIZER in (world.kube.look("web") or {})["metadata"].get("finalizers", ()))
        former = world.take_over()
        await world.until(lambda: creations(world))
        await world.kill(former)
        assert not world.backend.living()
        await world.until(lambda: world.backend.living(world.mark(uid)))
        await world.ready()
        await asyncio.sleep(S + F + L)
        assert world.status()["id"] in world.backend.truth
        return world


def test_the_quarantine_outlasts_the_worst_that_the_bounds_allow() -> None:
    world = run_virtually(the_worst())
    assert len(creations(world)) == len(world.backend.created) == 1


@pytest.mark.parametrize("quarantine", SHORT.values(), ids=SHORT)
def test_a_shorter_one_doubles_the_project(
    quarantine: Callable[[Timing], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Timing, "quarantine", property(quarantine))
    world = run_virtually(the_worst())
    assert len(creations(world)) == len(world.backend.created) == 2
