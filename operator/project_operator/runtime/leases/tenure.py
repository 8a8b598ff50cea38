"""When may this replica act? Pure: what it was told by the API server, and when it had asked.

Nobody compares clocks with anybody. A holder counts from when it *asked* (R), a candidate from when it *saw* (T), each
on its own clock that runs through a suspend of the host; ``R + longest pause + drift < T`` keeps the two apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from project_operator.reconcile.record import CLOCK_TOLERANCE

SHORTEST: Final = 3
DURATION: Final = 12
"""Seconds; T."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long what takes, in seconds; all of it follows from T."""

    duration: float = DURATION
    """T: how long a candidate must have seen a Lease unchanged. A whole number, as the Lease says it to others."""

    @property
    def hold(self) -> float:
        """R: how long after asking for its last successful renewal a holder may act."""
        return self.duration * 2 / 3

    @property
    def renew(self) -> float:
        """Between two renewals."""
        return self.duration / 5

    @property
    def look(self) -> float:
        """Between two looks at the Leases."""
        return self.duration / 12

    @property
    def patience(self) -> float:
        """For one call to the API server."""
        return self.duration / 6


@dataclass(frozen=True, slots=True)
class Asked:
    """When a question was asked to which the answer was good."""

    at: float
    """By the clock that runs through a suspend."""
    wall: float
    """At the same moment, in seconds since the epoch."""

    def holds(self, *, now: float, wall: float, within: float) -> bool:
        """Whether it was within ``within`` seconds before now, by both clocks: one that jumped spoils it."""
        elapsed = now - self.at
        return 0 <= elapsed <= within and abs((wall - self.wall) - elapsed) <= CLOCK_TOLERANCE


@dataclass(frozen=True, slots=True)
class Tenure:
    """What a replica may rest its calls on."""

    renewed: Asked | None = None
    """The last successful renewal of its own Lease."""
    shown: Mapping[str, Asked] = field(default_factory=dict)
    """For each unit, the last look at its Lease that showed this replica as its holder."""

    def holds(self, unit: str, *, now: float, wall: float, pace: Pace) -> bool:
        """Whether a call for ``unit`` may begin now."""
        shown = self.shown.get(unit)
        return (
            self.renewed is not None
            and shown is not None
            and self.renewed.holds(now=now, wall=wall, within=pace.hold)
            and shown.holds(now=now, wall=wall, within=pace.hold)
        )

    def renewed_at(self, asked: Asked) -> "Tenure":
        """After a renewal that was asked for then."""
        return replace(self, renewed=asked)

    def showing(self, units: Mapping[str, Asked]) -> "Tenure":
        """After a look that showed these, and no others, as this replica's."""
        return replace(self, shown=dict(units))

    def with_unit(self, unit: str, asked: Asked) -> "Tenure":
        """After taking one."""
        return replace(self, shown={**self.shown, unit: asked})

    def without_unit(self, unit: str) -> "Tenure":
        """After letting one go."""
        return replace(self, shown={known: asked for known, asked in self.shown.items() if known != unit})
