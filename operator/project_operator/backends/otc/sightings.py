"""What a connection knows of projects beyond what a read shows: what was just made, what is on its way out, and the
status, which lists do not show (T8-6, T8-7, T8-9).

Times are of the loop's clock, in seconds, unless they say otherwise.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil
from typing import Final, Self

from project_operator.backends.base import HealthStatus, ProvisioningStatus, RemoteProject
from project_operator.backends.otc.payloads import NORMAL, SUSPENDED

BELIEVED_FOR: Final = 120.0
"""How long what was answered counts for more than a read that does not show it (T5-1)."""

STATUS_GOOD_FOR: Final = 1800.0
"""How old the sight of a status is to be at most."""

_RENEWED_WITHIN: Final = STATUS_GOOD_FOR / 2
"""What is older than half of that is read again within the other half, a share with each list."""

MOST_RENEWED: Final = 64
"""Statuses that are read again with one list."""

_KNOWN: Final = frozenset({"", NORMAL, SUSPENDED})
"""Words that mean that the project is there; "" is none."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """A deletion that was accepted, or that somebody else began."""

    since: datetime
    """Wall time of the first answer, or of the first sight."""
    asked_at: float
    """When it was last accepted, or first seen."""
    believed_for: float = BELIEVED_FOR
    """How long a read that shows the project as it was proves nothing."""
    refuted_at: float | None = None
    """Since when it counts as having come to nothing; None: it does not."""

    def refuted(self, now: float) -> Self:
        """Seen as it was at ``now``."""
        if self.refuted_at is not None or now - self.asked_at <= self.believed_for:
            return self
        return replace(self, refuted_at=now)

    def again(self, now: float) -> Self | None:
        """Accepted once more at ``now``, and believed for twice as long; None: it is another one, as the former was
        given up.
        """
        if self.refuted_at is None:
            return self
        if now - self.refuted_at > BELIEVED_FOR:
            return None
        return replace(self, asked_at=now, believed_for=2 * self.believed_for, refuted_at=None)


class Sightings:
    """Belongs to one connection."""

    def __init__(self, clock: Callable[[], float], now: Callable[[], datetime]) -> None:
        """``clock`` never goes back; ``now`` is wall time, aware."""
        self._clock = clock
        self._now = now
        self._made: dict[str, tuple[float, RemoteProject]] = {}
        self._statuses: dict[str, tuple[float, str]] = {}
        self._leaving: dict[str, Leaving] = {}
        self._renewed_at = float("-inf")
        self._renewals: dict[str, float] = {}

    def was_made(self, project: RemoteProject) -> None:
        """The answer to a creation: a new project is normal."""
        self._made[project.id] = (self._clock(), project)
        self.has_status(project.id, NORMAL)

    def was_changed(self, project: RemoteProject) -> None:
        """The answer to an update."""
        if project.id in self._made:
            self._made[project.id] = (self._made[project.id][0], project)

    def has_status(self, project_id: str, status: str) -> None:
        """What a read showed, or a write has set."""
        now = self._clock()
        self._statuses[project_id] = (now, status)
        known = self._leaving.get(project_id)
        if _is_leaving(status):
            self._leaving[project_id] = Leaving(self._now(), now) if known is None else replace(known, refuted_at=None)
        elif known is not None:
            self._leaving[project_id] = known.refuted(now)

    def is_leaving(self, project_id: str) -> None:
        """Its deletion was accepted; where an earlier one came to nothing, the moment of that one counts."""
        now, known = self._clock(), self._leaving.get(project_id)
        again = known.again(now) if known is not None else None
        self._leaving[project_id] = Leaving(self._now(), now) if again is None else again
        self._made.pop(project_id, None)

    def is_gone(self, project_id: str) -> None:
        """The vendor says that there is no such project."""
        self._made.pop(project_id, None)
        self._statuses.pop(project_id, None)
        self._leaving.pop(project_id, None)

    def believed(self, project_id: str) -> RemoteProject | None:
        """The project as it was answered when it was made, where that is so short a time ago that a read which does not
        show it proves nothing; else None.
        """
        made = self._made.get(project_id)
        if made is None or self._clock() - made[0] > BELIEVED_FOR:
            self._made.pop(project_id, None)
            return None
        return self.completed(made[1])

    def not_shown_yet(self, shown: Iterable[str]) -> tuple[RemoteProject, ...]:
        """What belongs into a list that holds just the ids in ``shown``; what is known of others is forgotten."""
        there = frozenset(shown)
        believed = [self.believed(project_id) for project_id in list(self._made) if project_id not in there]
        found = tuple(project for project in believed if project is not None)
        kept = there | {project.id for project in found}
        self._statuses = {one: status for one, status in self._statuses.items() if one in kept}
        self._leaving = {one: since for one, since in self._leaving.items() if one in kept}
        return found

    def to_renew(self) -> tuple[str, ...]:
        """The ids of those whose status is to be read again now: so many as the time since this was last asked calls
        for, first what has waited longest since it was read, or was to be read and could not.
        """
        now = self._clock()
        since, self._renewed_at = max(self._renewed_at, now - _RENEWED_WITHIN), now
        share = ceil(len(self._statuses) * (now - since) / _RENEWED_WITHIN)
        old = {one: seen for one, (seen, _) in self._statuses.items() if seen <= now - _RENEWED_WITHIN}
        self._renewals = {one: at for one, at in self._renewals.items() if one in old}
        due = sorted(old, key=lambda one: (self._renewals.get(one, old[one]), one))[: min(share, MOST_RENEWED)]
        self._renewals |= dict.fromkeys(due, now)
        return tuple(due)

    def completed(self, project: RemoteProject) -> RemoteProject:
        """``project`` with what is known of it."""
        _, status = self._statuses.get(project.id, (0.0, ""))
        leaving = self._leaving.get(project.id)
        content = replace(project.content, enabled=project.content.enabled and status != SUSPENDED)
        # A word that says nothing is left out: it would come and go with the reads that show it.
        raw = project.raw_status if status in {"", NORMAL} else {**project.raw_status, "status": status}
        is_leaving = leaving is not None and leaving.refuted_at is None
        if is_leaving:
            states = (ProvisioningStatus.DEPROVISIONING, HealthStatus.UNKNOWN)
        elif status in _KNOWN:
            states = (ProvisioningStatus.PROVISIONED, HealthStatus.HEALTHY)
        else:
            states = (ProvisioningStatus.UNKNOWN, HealthStatus.UNKNOWN)
        return replace(
            project,
            content=content,
            provisioning_status=states[0],
            health_status=states[1],
            raw_status=raw,
            deletion_time=leaving.since if leaving is not None and is_leaving else None,
            whole=project.id in self._statuses,
        )


def _is_leaving(status: str) -> bool:
    """Whether the word means that it is being deleted; which it is nobody says (T1-17)."""
    return status.casefold().startswith("delet")
