"""Several operators in one world, which share the backend objects by Leases."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.backends.vendor import Surroundings
from project_operator.kube.resources import IDENTITY_BACKENDS, PROJECTS, Resource
from project_operator.runtime.engine import Engine
from project_operator.runtime.leases.keeper import LeaseKeeper
from simulation.gated import GatedBackend
from simulation.keepers import NAMESPACE, PACE
from simulation.wire import DriftingClock, Wire
from simulation.world import World


@dataclass
class Operator:
    """One replica."""

    name: str
    wire: Wire
    keeper: LeaseKeeper
    engine: Engine
    task: "asyncio.Task[None]"

    def leads(self, uid: str) -> bool:
        """Whether a call for this backend object would begin now."""
        return not self.wire.stopped and not self.task.done() and self.keeper.term(uid) is not None

    async def end(self) -> None:
        """SIGTERM."""
        await self.keeper.resign(5.0)
        await self.engine.stop(5.0)
        self.task.cancel()

    async def kill(self) -> None:
        """SIGKILL."""
        self.task.cancel()
        await World.kill(self.engine)


class Replicas(World):
    """A world in which `begin` starts one replica more."""

    def __init__(self, seed: int = 1, **backend: Any) -> None:
        super().__init__(seed, **backend)
        self.operators: list[Operator] = []
        self.departures: list[tuple[float, str, str]] = []
        """When a request left, whose it was, and for which backend object."""
        self.violations: list[str] = []

    async def __aexit__(self, *_: object) -> None:
        for one in self.operators:
            await one.kill()
        # Where they happen somebody deals with every error.
        assert not self.violations, self.violations

    def begin(self, name: str) -> Operator:
        """A replica starts and lists what there is."""
        random = Random(f"{name}{len(self.operators)}")  # noqa: S311 - a simulation wants to be repeated
        clock = DriftingClock(random, offset=random.uniform(0, 1e5))
        wire = Wire(self.kube, random)
        keeper = LeaseKeeper(
            api=wire,
            clock=clock,
            namespace=NAMESPACE,
            pod=name,
            scope="all",
            pace=PACE,
            ready=lambda: True,
            report=lambda _check, _problem: None,
            hooks=self.hooks,
        )

        def opening(
            spec: IdentityBackendSpec,  # noqa: ARG001 - the port's signature
            secret: Mapping[str, bytes],
            surroundings: Surroundings,
        ) -> GatedBackend:
            self.opened.append((dict(secret), surroundings.keeper))
            uid = surroundings.transport.gate.args[1]  # type: ignore[attr-defined]  # a partial, as the connector makes it

            def gate() -> None:
                surroundings.transport.gate()
                self._departs(name, uid)

            return GatedBackend(self.backend, gate)

        engine = self.new_engine(wire, clock, keeper, opening)
        engine.start()
        self.kube.replay(engine.observe, sweep=engine.sweep)
        leading = asyncio.get_running_loop().create_task(keeper.run(engine.handover))
        operator = Operator(name, wire, keeper, engine, leading)
        self.operators.append(operator)
        self.kube.listener = self._tell_all
        return operator

    def _tell_all(self, resource: Resource, kind: str | None, raw: dict[str, Any]) -> None:
        for one in self.operators:
            if not one.task.done():
                one.engine.observe(resource, kind, raw)

    def _departs(self, name: str, uid: str) -> None:
        """The oracle: nobody else may begin a call for this backend object at the same time."""
        others = [one.name for one in self.operators if one.name != name and one.leads(uid)]
        if others:
            self.violations.append(f"{name} begins a call for {uid}, of which {others} are in charge")
        self.departures.append((asyncio.get_running_loop().time(), name, uid))

    def by(self, name: str, since: float = 0.0) -> int:
        """How many requests of that replica left since then."""
        return sum(who == name and at >= since for at, who, _ in self.departures)

    def uid(self, name: str = "default") -> str:
        """Of a backend object."""
        raw = self.kube.look(name, IDENTITY_BACKENDS)
        assert raw is not None
        return str(raw["metadata"]["uid"])

    def leader(self, uid: str) -> Operator | None:
        """Who is in charge."""
        return next((one for one in self.operators if one.leads(uid)), None)

    def written(self) -> int:
        """How many writes there were to Projects."""
        return sum(plural == PROJECTS.plural for plural, _, _ in self.kube.writes)
