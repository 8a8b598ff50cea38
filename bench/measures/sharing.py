"""(i): eight backend objects, on one process, and on two that share them by Leases until one of them is killed."""

import asyncio
import time
from collections import Counter
from math import ceil
from pathlib import Path
from typing import Final

from bench import manifests
from bench.kube import each
from bench.patience import WITHIN
from bench.plan import Plan
from bench.record import Sharing
from bench.stage import Stage
from project_operator.api import names

BACKENDS: Final = 8
_EVERY: Final = 0.2
_LEASES: Final = f"/apis/coordination.k8s.io/v1/namespaces/{manifests.NAMESPACE}/leases"


async def shared(folder: Path, processes: int, plan: Plan) -> Sharing:
    """So many Projects for each backend. All processes run, and who is in charge of what is settled, when the
    credential appears for which everything waits.
    """
    async with Stage(folder, servers=BACKENDS, warm_up=plan.warm_up) as stage:
        await _apply(stage, plan.shared)
        meter = stage.meter()
        for number in range(processes):
            operator = stage.start_operator(LEASE_NAMESPACE=manifests.NAMESPACE, LEASE_DURATION=str(plan.lease_seconds))
            meter.add(f"operator {number + 1}", operator.pid)
        for operator in stage.operators:
            await stage.ready(operator)
        led = await _shared_out(stage, processes)
        for operator in stage.operators:
            await stage.idle(operator, 1)
        count, before, begun = BACKENDS * plan.shared, meter.cpu_seconds(), time.monotonic()
        await stage.kube.ask("POST", manifests.SECRETS, manifests.secret())
        await stage.sight.until(lambda: stage.sight.count_ready() >= count, "the Projects to be Ready")
        seconds = time.monotonic() - begun
        used = {name: round(after - before[name], 2) for name, after in meter.cpu_seconds().items()}
        failover = await _taken_over(stage) if processes > 1 else []
        return Sharing(processes, BACKENDS, count, round(seconds, 3), used, led, failover)


async def _taken_over(stage: Stage) -> list[float]:
    """Kill a process; how long after that a new Project of each backend is asked for."""
    stage.operators[0].kill()
    killed = time.monotonic()
    new = [f"after-{number}" for number in range(BACKENDS)]
    for number, name in enumerate(new):
        body = manifests.project(name, backendRef=manifests.of_backend(f"backend-{number}"))
        await stage.kube.ask("POST", manifests.PROJECTS, body)
    await stage.sight.until(lambda: all(name in stage.sight.ready for name in new), "another process to take over")
    told = [await stage.told(name, server) for server, name in enumerate(new)]
    return [round(one["asked_at"] - killed, 3) for one in told]


async def _apply(stage: Stage, per_backend: int) -> None:
    for number, url in enumerate(stage.identity.urls):
        body = manifests.backend(f"backend-{number}", manifests.nscale(url))
        await stage.kube.ask("POST", manifests.BACKENDS, body)

    async def create(number: int) -> None:
        backend = manifests.of_backend(f"backend-{number % BACKENDS}")
        await stage.kube.ask("POST", manifests.PROJECTS, manifests.project(f"team-{number}", backendRef=backend))

    await each(create, range(BACKENDS * per_backend))


async def _shared_out(stage: Stage, processes: int) -> list[int]:
    """Return when each backend object has somebody in charge, and all processes have some: how many each."""
    deadline = time.monotonic() + WITHIN
    most = ceil((BACKENDS + 1) / processes)  # the want of a backend object is shared out with them
    while True:
        answer = await stage.kube.ask("GET", f"{_LEASES}?labelSelector={names.LEASE_LABEL}%3Dbackend")
        # Each has a label with the uid of its object, and that for Projects without one an empty label.
        holders = Counter(
            lease["spec"].get("holderIdentity")
            for lease in answer["items"]
            if lease["metadata"]["labels"][names.LEASE_BACKEND_LABEL]
        )
        all_held = None not in holders and sum(holders.values()) == BACKENDS and len(holders) == processes
        if all_held and max(holders.values()) <= most:
            return sorted(holders.values(), reverse=True)
        if time.monotonic() > deadline:
            raise AssertionError(f"the backend objects are not shared out: {holders}")
        await asyncio.sleep(_EVERY)
