"""(a), (b): the bare client and the operator, cold, each on a control plane of its own."""

import asyncio
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Final

from bench import bare_client
from bench.record import BARE, OPERATOR, Creation
from bench.recording import Templates, record
from bench.stage import ROOT, SETTINGS, Stage
from bench.traffic import OPERATOR as OPERATORS_AGENT

POINTS: Final = 100
"""Of the curve of a run."""


async def recorded(folder: Path) -> Templates:
    """What the operator sends for one Project."""
    async with Stage(folder) as stage:
        await stage.connect()
        return await record(stage.kube, stage.sight, stage.plane.kubeconfig, stage.identity.urls[0], SETTINGS)


async def bare(stage: Stage, count: int, templates: Templates) -> Creation:
    """On a fresh stage."""
    await _set(stage, count)
    meter, begun = stage.meter(), time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", bare_client.__name__, str(stage.plane.kubeconfig), stage.identity.urls[0]),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        cwd=ROOT,
    )
    meter.add(BARE, process.pid)
    if process.stdin is None:
        raise AssertionError("it was asked for")
    process.stdin.write(json.dumps(asdict(templates)).encode())
    process.stdin.close()
    used: dict[str, float] = {}

    def done() -> bool:
        if process.returncode not in (None, 0):
            raise RuntimeError("the bare client failed; its words are above")
        if process.returncode is None:
            used.update(meter.cpu_seconds())
        return stage.sight.count_ready() >= count

    await stage.sight.until(done, "the bare client's Projects to be Ready")
    await process.wait()
    return await _creation(stage, BARE, count, begun, used, 0, f"{bare_client.USER_AGENT}/")


async def operator(stage: Stage, count: int) -> Creation:
    """On a fresh stage; the operator is left running, settled."""
    await _set(stage, count)
    meter, begun = stage.meter(), time.monotonic()
    process = stage.start_operator()
    meter.add(OPERATOR, process.pid)
    await stage.sight.until(lambda: stage.sight.count_ready() >= count, "the Projects to be Ready")
    used, resident = meter.cpu_seconds(), meter.resident_bytes(OPERATOR)
    return await _creation(stage, OPERATOR, count, begun, used, resident, OPERATORS_AGENT)


async def _set(stage: Stage, count: int) -> None:
    await stage.connect()
    await stage.apply(count)
    stage.traffic.restart()


async def _creation(
    stage: Stage, who: str, count: int, begun: float, used: dict[str, float], resident: int, agent: str
) -> Creation:
    moments = [moment - begun for moment in stage.sight.ready_at()]
    return Creation(
        who=who,
        projects=count,
        seconds=round(moments[-1], 3),
        first_seconds=round(moments[0], 3),
        cpu_seconds=used,
        resident_bytes=resident,
        api_requests=dict(stage.traffic.requests(agent)),
        backend_calls=(await stage.told())["calls"],
        ready_after=[round(moments[(count - 1) * point // POINTS], 3) for point in range(POINTS + 1)],
    )
