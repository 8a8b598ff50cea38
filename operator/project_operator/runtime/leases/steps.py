"""What to do next about the Leases: pure, from what was seen and who we are."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from project_operator.runtime.leases.assignment import assignment
from project_operator.runtime.leases.objects import Lease
from project_operator.runtime.leases.sight import Seen, Sight
from project_operator.runtime.leases.tenure import Pace

COURTESY: Final = 0.5
"""How long, in parts of T, what is free is left to the replica that it should go to."""
STEADY: Final = 2.0
"""How long, in parts of T, a Lease has been where it is before it is handed over for the sake of an even load."""
KEPT: Final = 10.0
"""How long, in parts of T, a Lease stays that nobody holds: of a backend object that this replica does not know, or of
a replica that is over."""


@dataclass(frozen=True, slots=True)
class Fence:
    """Take the name out of the Lease of a replica that has not renewed it, so that it can do so no more."""

    lease: Lease


@dataclass(frozen=True, slots=True)
class Take:
    """Be in charge of a unit; ``lease`` None: it has none yet."""

    unit: str
    lease: Lease | None


@dataclass(frozen=True, slots=True)
class Give:
    """Hand a unit over to whom it should go to."""

    unit: str


@dataclass(frozen=True, slots=True)
class Discard:
    """Delete the Lease of a backend object that is gone, or of a replica that nothing names any more."""

    lease: Lease


Step = Fence | Take | Give | Discard


@dataclass(frozen=True, slots=True)
class Me:
    """Who acts."""

    name: str
    """Of its own Lease."""
    scope: str
    former: AbstractSet[str] = frozenset()
    """Names that it had before: nobody acts under these any more."""


def next_steps(me: Me, sight: Sight, units: Mapping[str, float], *, now: float, pace: Pace) -> tuple[Step, ...]:
    """Everything that can be done now, given that this replica's own Lease is live; each step stands by itself.

    ``units``: those that this replica knows of, and since when.
    """
    fences = (
        Fence(seen.lease)
        for name, seen in sight.replicas.items()
        if name != me.name and seen.gone_since is None and seen.lease.holder and seen.calm(now, pace)
    )
    wanted = assignment(units, sight.living(me.scope, now, pace) | {me.name})
    return (
        *fences,
        *_takes(me, sight, units, wanted, now, pace),
        *_gives(me, sight, wanted, now, pace),
        *_discards(me, sight, units, now, pace),
    )


def _takes(
    me: Me, sight: Sight, units: Mapping[str, float], wanted: Mapping[str, str], now: float, pace: Pace
) -> Iterator[Take]:
    for unit, known_since in units.items():
        seen = sight.units.get(unit)
        free_since = (
            _never_seen(me, sight, known_since, now, pace) if seen is None else _free(me, sight, seen, now, pace)
        )
        if free_since is None:
            continue
        if wanted[unit] == me.name or now - free_since >= COURTESY * pace.duration:
            yield Take(unit, seen.lease if seen is not None and seen.gone_since is None else None)


def _gives(me: Me, sight: Sight, wanted: Mapping[str, str], now: float, pace: Pace) -> Iterator[Give]:
    living = sight.living(me.scope, now, pace)
    if any(now - sight.replicas[name].joined_at < pace.duration for name in living):
        return
    for unit, seen in sight.units.items():
        mine = seen.gone_since is None and seen.lease.holder == me.name
        if mine and wanted.get(unit, me.name) != me.name and now - seen.since >= STEADY * pace.duration:
            yield Give(unit)


def _discards(me: Me, sight: Sight, units: Mapping[str, float], now: float, pace: Pace) -> Iterator[Discard]:
    for unit, seen in sight.units.items():
        if unit in units or seen.gone_since is not None:
            continue
        forgotten = _free(me, sight, seen, now, pace) is not None and now - seen.since >= KEPT * pace.duration
        if seen.lease.holder == me.name or forgotten:
            yield Discard(seen.lease)
    named = {seen.lease.holder for seen in sight.units.values()}
    for name, seen in sight.replicas.items():
        over = seen.gone_since is None and not seen.lease.holder and name not in named
        if over and now - seen.since >= KEPT * pace.duration:
            yield Discard(seen.lease)


def _free(me: Me, sight: Sight, seen: Seen, now: float, pace: Pace) -> float | None:
    """Since when nobody can be in charge of a unit whose Lease was seen; None where somebody is, or may be."""
    holder, since = seen.lease.holder, seen.since if seen.gone_since is None else seen.gone_since
    if not holder or holder in me.former:
        return since
    if holder == me.name:
        # Somebody deleted it; what is held is not free.
        return seen.gone_since
    if sight.is_dead(holder, now, pace):
        return sight.replicas[holder].since
    # Somebody deleted it, and its holder has looked since.
    return since if seen.gone_since is not None and seen.calm(now, pace) else None


def _never_seen(me: Me, sight: Sight, known_since: float, now: float, pace: Pace) -> float | None:
    """The same for a unit without a Lease. Somebody may have deleted it before our time, and its holder not know yet;
    so where there are others, the first ones wait.
    """
    others = sight.replicas.keys() - me.former - {me.name}
    if others and now - sight.first_at < pace.duration:
        return None
    return max(known_since, sight.first_at)
