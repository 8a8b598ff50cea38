"""Projects in the server of a vendor, counted from the start of the operator: what is measured of each alike."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench import manifests
from bench.meter import Meter
from bench.record import OPERATOR, Phase
from bench.stage import Stage


@dataclass(frozen=True, slots=True)
class Place:
    """A server, and how a backend object refers to it."""

    what: str
    member: manifests.Object
    """Of the union in the spec of the backend object."""
    credential: Mapping[str, str]
    asked: Callable[[], Counter[str]]
    """All requests so far, by what was asked."""
    pids: Mapping[str, int]
    """Its processes; none where it is in that of the bench."""


async def created(place: Place, folder: Path, count: int, warm_up: int) -> Phase:
    """So many Projects, from the start of the operator until all are Ready."""
    async with Stage(folder, warm_up=warm_up) as stage:
        await stage.kube.ask("POST", manifests.SECRETS, manifests.secret(place.credential))
        await stage.kube.ask("POST", manifests.BACKENDS, manifests.backend(manifests.DEFAULT, place.member))
        await stage.apply(count)
        stage.traffic.restart()
        before, begun = place.asked(), time.monotonic()
        operator = stage.start_operator()
        meter = Meter({**stage.plane.pids, **place.pids})
        meter.add(OPERATOR, operator.pid)
        await stage.sight.until(lambda: stage.sight.count_ready() >= count, "the Projects to be Ready")
        return Phase(
            place.what,
            count,
            round(time.monotonic() - begun, 3),
            meter.cpu_seconds(),
            meter.resident_bytes(OPERATOR),
            dict(stage.traffic.requests()),
            dict(place.asked() - before),
        )
