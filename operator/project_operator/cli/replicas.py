"""Does an operator run? As its replicas tell each other: by renewing their Leases.

Nobody compares clocks with anybody, as in `runtime.leases.tenure`: this machine's may be wrong by minutes. A replica
that runs renews its Lease, which is seen from one look to the next. One whose Lease nobody has renewed for as long as
it asks for has ended.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from project_operator.runtime.leases.objects import Lease, LeaseKind
from project_operator.runtime.leases.tenure import DURATION

LONGEST: Final = 60.0
"""Seconds; the most that `PROJECT_OPERATOR_LEASE_DURATION` takes."""
_EVERY: Final = 1.0
_SPARE: Final = 1.0


@dataclass(frozen=True, slots=True)
class Look:
    """The Leases of replicas that have not laid them down, as one listing showed them."""

    versions: Mapping[str, str] = field(default_factory=dict)
    """By namespace and name: the same only while nobody has renewed it."""
    patience: float = 0.0
    """Seconds after which every one would have been renewed, if its replica ran; 0 where there is none."""


def look(leases: Iterable[Mapping[str, Any]]) -> Look:
    """What a listing of Leases says of replicas."""
    found = {
        f"{raw['metadata'].get('namespace')}/{lease.name}": lease
        for raw in leases
        if (lease := Lease.parse(raw)) is not None and lease.kind is LeaseKind.REPLICA and lease.holder
    }
    spans = [min(lease.duration or DURATION, LONGEST) + _SPARE for lease in found.values()]
    return Look({name: lease.version for name, lease in found.items()}, max(spans, default=0.0))


def renewed(before: Look, after: Look) -> tuple[str, ...]:
    """The replicas that have written to their Leases between the looks, or begun since."""
    return tuple(sorted(name for name, version in after.versions.items() if before.versions.get(name) != version))


async def watched(first: Look, again: Callable[[], Awaitable[Look]]) -> tuple[str, ...]:
    """The replicas that run: looks ``again`` until one has renewed its Lease, or none can do so any more. Where nobody
    holds a Lease it asks nothing.
    """
    loop = asyncio.get_running_loop()
    ends, left = loop.time() + first.patience, first
    while left.versions and loop.time() < ends:
        await asyncio.sleep(min(_EVERY, max(ends - loop.time(), 0.0)))
        left = await again()
        if running := renewed(first, left):
            return running
    return ()
