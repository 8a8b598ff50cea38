"""(c), (d), (e), (g): all Projects are there and settled; the operator restarts, rests, changes and deletes them."""

import asyncio
import json
import time
from collections import Counter
from typing import Final

from bench import identity, manifests
from bench.kube import each
from bench.meter import Meter
from bench.patience import WITHIN
from bench.record import OPERATOR, Phase
from bench.stage import Stage

RESTART, IDLE, UPDATE, DELETION = "restart", "settled", "mass update", "mass deletion"
STANDING: Final = 3.0
"""Seconds that nothing is written before it counts as settled: Events are written behind, and listings come."""


class _Measuring:
    """What happens from now on."""

    def __init__(self, stage: Stage, calls: dict[str, int]) -> None:
        stage.traffic.restart()
        self._stage = stage
        self._calls = Counter(calls)
        self._begun = time.monotonic()
        self.meter: Meter = stage.meter()

    @classmethod
    async def begin(cls, stage: Stage) -> "_Measuring":
        """Now."""
        return cls(stage, (await stage.told())["calls"])

    def count(self) -> None:
        """The operator, which has been running, from now on."""
        pid = self._stage.operators[-1].pid
        self.meter = Meter(self._stage.plane.pids | {"identity": self._stage.identity.pid, OPERATOR: pid})

    async def end(self, what: str, projects: int) -> Phase:
        """Of now."""
        seconds = time.monotonic() - self._begun
        used, resident = self.meter.cpu_seconds(), self.meter.resident_bytes(OPERATOR)
        calls = Counter((await self._stage.told())["calls"]) - self._calls
        requests = dict(self._stage.traffic.requests())
        return Phase(what, projects, round(seconds, 3), used, resident, requests, dict(calls))


async def settled(stage: Stage) -> None:
    """Return when nothing is written any more."""
    seen, since = -1, time.monotonic()
    deadline = since + WITHIN
    while time.monotonic() - since < STANDING:
        now = sum(count for what, count in stage.traffic.requests().items() if what.split()[0] in {"patch", "create"})
        if now != seen:
            seen, since = now, time.monotonic()
        if time.monotonic() > deadline:
            raise AssertionError("writes do not end")
        await asyncio.sleep(STANDING / 3)


async def sizes(stage: Stage, count: int) -> dict[str, int]:
    """Bytes that one Project takes, in a few places."""
    name = next(iter(stage.sight.ready))
    raw = await stage.kube.ask("GET", f"{manifests.PROJECTS}/{name}")
    stored = len(json.dumps(raw, separators=(",", ":")))
    del raw["metadata"]["managedFields"]
    listed = json.dumps(raw, separators=(",", ":"))
    async with stage.kube.session.get(
        f"{stage.identity.urls[0]}{identity.PROJECTS}", headers={"Authorization": f"Bearer {identity.TOKEN}"}
    ) as answer:
        shown = len(await answer.read())
    return {
        "object": stored,
        "object without managedFields": len(listed),
        "etcd": _etcd_bytes(stage) // count,
        "in a listing of the backend": shown // count,
    }


def _etcd_bytes(stage: Stage) -> int:
    """What lies in etcd, past states that were not compacted included."""
    return sum(path.stat().st_size for path in (stage.plane.folder / "etcd").rglob("db"))


async def restarted(stage: Stage, count: int) -> Phase:
    """From the start of the process until it has looked at all of them and nothing is due."""
    stage.operators[-1].stop()
    measuring = await _Measuring.begin(stage)
    operator = stage.start_operator()
    measuring.meter.add(OPERATOR, operator.pid)
    await stage.ready(operator)
    await stage.idle(operator, count)
    return await measuring.end(RESTART, count)


async def resting(stage: Stage, count: int, seconds: float) -> Phase:
    """For so long."""
    await settled(stage)
    measuring = await _Measuring.begin(stage)
    measuring.count()
    await asyncio.sleep(seconds)
    return await measuring.end(IDLE, count)


async def begin_anew(stage: Stage, count: int) -> None:
    """An operator with usual settings, that has looked at all of them."""
    stage.operators[-1].stop()
    operator = stage.start_operator()
    await stage.ready(operator)
    await stage.idle(operator, count)


async def updated(stage: Stage) -> Phase:
    """Another description for each, from the first patch until the last is Ready for it."""
    names = list(stage.sight.ready)
    count = len(names)
    measuring = await _Measuring.begin(stage)
    measuring.count()
    changes = {"spec": {"description": "as the bench would have it"}}
    await each(lambda name: stage.kube.patch(f"{manifests.PROJECTS}/{name}", changes), names)
    await stage.sight.until(lambda: stage.sight.count_ready(2) >= count, "the Projects to be Ready again")
    return await measuring.end(UPDATE, count)


async def deleted(stage: Stage) -> Phase:
    """All of them, from the first deletion until the last is gone."""
    names = list(stage.sight.ready)
    count = len(names)
    before = len(stage.sight.gone)
    measuring = await _Measuring.begin(stage)
    measuring.count()
    await each(lambda name: stage.kube.ask("DELETE", f"{manifests.PROJECTS}/{name}"), names)
    await stage.sight.until(lambda: len(stage.sight.gone) >= before + count, "the Projects to be gone")
    phase = await measuring.end(DELETION, count)
    if left := (await stage.told())["projects"]:
        raise AssertionError(f"{left} projects are left in the backend")
    return phase
