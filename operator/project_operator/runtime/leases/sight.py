"""What a replica has seen of the Leases, and since when: pure, listing by listing.

Times are of this replica's own clock. A Lease counts as unchanged from when the listing that first showed it so was
answered, which is never before it was written.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import inf

from project_operator.runtime.leases.objects import Lease, LeaseKind
from project_operator.runtime.leases.tenure import Asked, Pace


@dataclass(frozen=True, slots=True)
class Seen:
    """A Lease, or what is known of one that is gone."""

    lease: Lease
    since: float
    """Since when it is, or was, as it is."""
    joined_at: float
    """When it was first seen."""
    gone_since: float | None = None
    """Since when listings lack it."""

    def calm(self, now: float, pace: Pace) -> bool:
        """Whether it has been as it is, or gone, for as long as it asks for, and as we do."""
        since = self.since if self.gone_since is None else self.gone_since
        return now - since >= max(pace.duration, self.lease.duration)


@dataclass(frozen=True, slots=True)
class Sight:
    """Everything that was seen so far."""

    first_at: float
    """When the first listing was answered."""
    asked: Asked
    """When the latest was asked for."""
    replicas: Mapping[str, Seen] = field(default_factory=dict)
    """By name."""
    units: Mapping[str, Seen] = field(default_factory=dict)
    """The Leases of backend objects, by their uid."""

    def living(self, scope: str, now: float, pace: Pace) -> frozenset[str]:
        """The replicas that share the work, as far as can be told."""
        return frozenset(
            name
            for name, seen in self.replicas.items()
            if seen.gone_since is None
            and seen.lease.scope == scope
            and seen.lease.holder
            and not seen.lease.leaving
            and not seen.calm(now, pace)
        )

    def is_dead(self, name: str, now: float, pace: Pace) -> bool:
        """Whether the replica can certainly act no more: somebody saw its Lease calm and took the name out of it; or
        it is gone, who knows why, and whatever it renewed before that is over.
        """
        seen = self.replicas.get(name)
        if seen is None:
            return False
        return seen.calm(now, pace) if seen.gone_since is not None else not seen.lease.holder

    def next_calm(self, now: float, pace: Pace) -> float:
        """Seconds until the next replica has not renewed its Lease for too long, if it does not; infinite where none
        can.
        """
        spans = (
            seen.since + max(pace.duration, seen.lease.duration) - now
            for seen in self.replicas.values()
            if seen.gone_since is None and seen.lease.holder
        )
        return min((span for span in spans if span > 0), default=inf)

    def noting(self, lease: Lease, now: float) -> "Sight":
        """After an own write that was answered now."""
        if lease.kind is LeaseKind.REPLICA:
            return replace(
                self, replicas={**self.replicas, lease.name: _seen(self.replicas.get(lease.name), lease, now)}
            )
        return replace(self, units={**self.units, lease.unit: _seen(self.units.get(lease.unit), lease, now)})

    def without(self, lease: Lease) -> "Sight":
        """After an own deletion."""
        if lease.kind is LeaseKind.REPLICA:
            return replace(self, replicas={name: seen for name, seen in self.replicas.items() if name != lease.name})
        return replace(self, units={unit: seen for unit, seen in self.units.items() if unit != lease.unit})


def look(before: Sight | None, leases: Iterable[Lease], *, asked: Asked, now: float, pace: Pace) -> Sight:
    """The sight after a complete listing that was asked for then and answered now."""
    shown = list(leases)
    former_replicas = before.replicas if before is not None else {}
    former_units = before.units if before is not None else {}
    units = {one.unit: _seen(former_units.get(one.unit), one, now) for one in shown if one.kind is LeaseKind.BACKEND}
    units |= {unit: _missing(seen, now) for unit, seen in former_units.items() if unit not in units}
    replicas = {
        one.name: _seen(former_replicas.get(one.name), one, now) for one in shown if one.kind is LeaseKind.REPLICA
    }
    replicas |= {name: _missing(seen, now) for name, seen in former_replicas.items() if name not in replicas}
    for seen in units.values():
        # Of a holder that was never seen nobody knows when it last renewed.
        holder = seen.lease.holder
        if holder and holder not in replicas:
            unknown = Lease(holder, LeaseKind.REPLICA, holder, "", seen.lease.duration)
            replicas[holder] = Seen(unknown, now, now, gone_since=now)
    held_by = {seen.lease.holder for seen in units.values()}
    return Sight(
        first_at=before.first_at if before is not None else now,
        asked=asked,
        replicas={
            name: seen
            for name, seen in replicas.items()
            if seen.gone_since is None or name in held_by or not seen.calm(now, pace)
        },
        units={unit: seen for unit, seen in units.items() if seen.gone_since is None or not seen.calm(now, pace)},
    )


def _seen(before: Seen | None, lease: Lease, now: float) -> Seen:
    if before is None or before.gone_since is not None:
        return Seen(lease, now, now)
    return before if before.lease.version == lease.version else Seen(lease, now, before.joined_at)


def _missing(seen: Seen, now: float) -> Seen:
    return seen if seen.gone_since is not None else replace(seen, gone_since=now)
