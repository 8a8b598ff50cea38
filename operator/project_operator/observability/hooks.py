"""What happens inside, as frozen facts that whoever wants may listen to.

The core knows this file and nothing of who listens.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class ReconcileFinished:
    """One key was looked at.

    ``outcome`` is one of a few words (``settled``, ``progressing``, ``stalled``, ``error`` …), never a message.
    """

    kind: str
    outcome: str
    seconds: float


@dataclass(frozen=True, slots=True)
class QueueWait:
    """A key left the queue after waiting ``seconds`` beyond the moment it was due."""

    priority: str
    seconds: float


@dataclass(frozen=True, slots=True)
class BackendCall:
    """One HTTP exchange with an identity backend.

    ``backend`` is the vendor (``nscale``); ``code`` the HTTP status, or ``error`` without an answer.
    """

    backend: str
    operation: str
    code: str
    seconds: float


@dataclass(frozen=True, slots=True)
class KubeCall:
    """One HTTP exchange with the API server.

    ``verb``: get, list, patch, create; ``resource``: the plural; ``code`` as in `BackendCall`.
    """

    verb: str
    resource: str
    code: str
    seconds: float


@dataclass(frozen=True, slots=True)
class EventFinished:
    """A Kubernetes Event was written, given up, or dropped from a full queue."""

    result: Literal["written", "failed", "dropped"]


@dataclass(frozen=True, slots=True)
class WatchRestarted:
    """The watch layer ended and begins anew. ``reason``: ``definition_gone``, ``error``."""

    reason: str


Happening = ReconcileFinished | QueueWait | BackendCall | KubeCall | EventFinished | WatchRestarted


class Hooks(Protocol):
    """Listens. Returns at once and never raises."""

    def emit(self, happening: Happening) -> None:
        """Take note of ``happening``."""


@dataclass(frozen=True, slots=True)
class Census:
    """How things stand at the moment of asking; what gauges show."""

    queue_depth: Mapping[str, int] = field(default_factory=dict)
    """Keys due, by priority."""
    queue_oldest_seconds: Mapping[str, float] = field(default_factory=dict)
    """Age of the key that has been due longest, by priority."""
    projects: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    """Projects by (provisioningStatus, healthStatus, Ready status)."""
    connections: Mapping[tuple[str, bool], int] = field(default_factory=dict)
    """Backend objects by (vendor, ready)."""
