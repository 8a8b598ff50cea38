"""Replicas that keep Leases and have no work: who may act, whatever happens to them."""

import asyncio
from collections.abc import Iterable
from random import Random

from project_operator.observability.hooks import FanOut
from project_operator.runtime.leadership import NOBODYS
from project_operator.runtime.leases.keeper import LeaseKeeper
from project_operator.runtime.leases.tenure import Pace
from simulation.kube import SimulatedKube
from simulation.wire import DriftingClock, Wire

NAMESPACE = "operators"
PACE = Pace(12)


class Idle:
    """A crew that has nothing to do; `wound_down` is told when the end of the work is waited for."""

    def __init__(self, units: set[str]) -> None:
        self._units = units
        self.changes: list[str] = []
        self.takes = 0.0

    def units(self) -> Iterable[tuple[str, str]]:
        return [(unit, f"backend-{unit}") for unit in {NOBODYS, *self._units}]

    def leadership_changed(self, unit: str) -> None:
        self.changes.append(unit)

    async def wind_down(self, unit: str, grace: float) -> None:  # noqa: ARG002 - the port's
        await asyncio.sleep(self.takes)


class Replica:
    """One of them."""

    def __init__(
        self,
        kube: SimulatedKube,
        units: set[str],
        seed: int,
        *,
        rate: float = 1.0,
        latency: float = 0.002,
        scope: str = "all",
    ) -> None:
        random = Random(seed)  # noqa: S311 - a simulation wants to be repeated
        self.clock = DriftingClock(random, rate=rate, offset=random.uniform(0, 1e6))
        self.wire = Wire(kube, random, latency=latency)
        self.crew = Idle(units)
        self.problems: list[str] = []
        self.is_ready = True
        self.keeper = LeaseKeeper(
            api=self.wire,
            clock=self.clock,
            namespace=NAMESPACE,
            pod=f"pod-{seed}",
            scope=scope,
            pace=PACE,
            ready=lambda: self.is_ready,
            report=lambda _check, problem: self.problems.append(problem),
            hooks=FanOut(),
        )
        self.task = asyncio.get_running_loop().create_task(self.keeper.run(self.crew))

    def acts_on(self, unit: str) -> bool:
        """Whether a call would begin now."""
        return not self.wire.stopped and not self.task.done() and self.keeper.term(unit) is not None

    async def end(self) -> None:
        """SIGTERM."""
        await self.keeper.resign(10.0)
        await self.kill()

    async def kill(self) -> None:
        """SIGKILL."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
