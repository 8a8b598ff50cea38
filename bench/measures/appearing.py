"""(f): one new Project, applied by kubectl, while all others are settled, are looked at again, are met for the first
time by an operator that has just begun, or wait for a backend that does not answer.
"""

import asyncio
import json
import time
from typing import Final

from bench import manifests
from bench.patience import until
from bench.record import Latencies
from bench.stage import Stage
from project_operator.errors import SandboxError

SETTLED, RESYNCING, RESTARTING, HANGING = "settled", "resyncing", "restarting", "one backend hangs"
RESYNC: Final = "20"
"""Seconds in which an operator looks at all of them again, so that it never rests."""
HUNG: Final = "hung"


class Probes:
    """New Projects, one after the other."""

    def __init__(self, stage: Stage, meanwhile: str) -> None:
        self._stage = stage
        self._meanwhile = meanwhile
        self._first_call: list[float] = []
        self._ready: list[float] = []

    async def apply(self, times: int) -> None:
        """So many, each when the one before is Ready."""
        for _ in range(times):
            name = f"probe-{self._meanwhile.replace(' ', '-')}-{len(self._ready)}"
            begun = time.monotonic()
            document = json.dumps(manifests.project(name))
            await asyncio.to_thread(self._stage.plane.kubectl, "apply", "--filename=-", stdin=document)
            await self._stage.sight.until(lambda name=name: name in self._stage.sight.ready, name)  # type: ignore[misc]  # bound now
            told = await self._stage.told(name)
            if told["asked_at"] is None:
                raise SandboxError(f"{name} is Ready, and the identity server was not asked for it")
            self._first_call.append(round(told["asked_at"] - begun, 3))
            self._ready.append(round(self._stage.sight.ready[name][1] - begun, 3))

    def found(self, projects: int) -> Latencies:
        """All of them."""
        return Latencies(self._meanwhile, projects, self._first_call, self._ready)


async def settled(stage: Stage, count: int, times: int) -> Latencies:
    """The operator has nothing else to do."""
    probes = Probes(stage, SETTLED)
    await probes.apply(times)
    return probes.found(count)


async def resyncing(stage: Stage, count: int, times: int) -> Latencies:
    """It looks at all of them again, all the time."""
    stage.operators[-1].stop()
    operator = stage.start_operator(RESYNC_INTERVAL=RESYNC)
    await stage.ready(operator)
    await stage.idle(operator, count)
    probes = Probes(stage, RESYNCING)
    await probes.apply(times)
    return probes.found(count)


async def restarting(stage: Stage, count: int, times: int) -> Latencies:
    """It has just begun, and lists all of them for the first time; as often as Projects are wanted."""
    probes = Probes(stage, RESTARTING)
    for _ in range(times):
        stage.operators[-1].stop()
        operator = stage.start_operator()
        await until(operator.readyz, "the operator to run at all: Python imports")
        await probes.apply(1)
    return probes.found(count)


async def hanging(stage: Stage, count: int, times: int, crowd: int) -> Latencies:
    """Another backend takes requests and never answers, with a crowd of Projects waiting for it. Needs a second
    identity server on the stage.
    """
    await stage.steer(1, hangs=True)
    member = manifests.nscale(stage.identity.urls[1])
    await stage.kube.ask("POST", manifests.BACKENDS, manifests.backend(HUNG, member))
    await stage.apply(crowd, HUNG, backendRef=manifests.of_backend(HUNG))
    probes = Probes(stage, HANGING)
    await probes.apply(times)
    return probes.found(count)


async def recovered(stage: Stage, crowd: int) -> None:
    """That backend answers again; returns when its Projects are Ready too."""
    await stage.steer(1, hangs=False)
    before = f"{HUNG}-"
    await stage.sight.until(
        lambda: sum(name.startswith(before) for name in stage.sight.ready) >= crowd, "the crowd to be Ready"
    )
