"""What happens inside, as frozen facts that whoever wants may listen to.

The core knows this file and nothing of who listens. Durations are in seconds; words are from small closed sets, never
names of objects or messages, so that they can become labels of metrics.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReconcileFinished:
    """One object was looked at. ``kind`` is its plural (projects), ``outcome`` one of `families.OUTCOMES`."""

    kind: str
    outcome: str
    seconds: float


@dataclass(frozen=True, slots=True)
class QueueWaited:
    """An object left the queue, ``seconds`` after it was due."""

    priority: str
    seconds: float


@dataclass(frozen=True, slots=True)
class BackendCall:
    """One call to an identity backend, which may be several requests.

    ``backend`` is the vendor (nscale), ``operation`` the method of `Backend`, ``code`` "ok", the HTTP status of the
    answer that it failed with, or "error" where there was none.
    """

    backend: str
    operation: str
    code: str
    seconds: float


@dataclass(frozen=True, slots=True)
class KubeCall:
    """One HTTP exchange with the API server.

    ``verb`` is get, list, watch, patch, create or delete, ``resource`` the plural, ``code`` the HTTP status, or
    "error" where no answer came. A watch counts when its answer begins.
    """

    verb: str
    resource: str
    code: str
    seconds: float


@dataclass(frozen=True, slots=True)
class RetryScheduled:
    """Something failed and is tried again by itself, after a pause that grows with every failure in a row.

    ``reason`` is the reason that the condition gives, or for the API server the name of the error.
    """

    target: Literal["backend", "api_server"]
    reason: str


@dataclass(frozen=True, slots=True)
class ProjectBecameReady:
    """A Project is Ready for the first time, or for the first time after its project was made anew; ``seconds`` since
    the object was created, or, where its spec was edited meanwhile or the project made anew, since that began.
    """

    backend: str
    seconds: float


@dataclass(frozen=True, slots=True)
class EventFinished:
    """A Kubernetes Event was written, refused, or dropped from a full queue."""

    result: Literal["written", "failed", "dropped"]


@dataclass(frozen=True, slots=True)
class WatchEnded:
    """The watch of a kind ended and begins anew."""

    resource: str
    reason: Literal["definition_gone", "forbidden", "error"]


Change = Literal["gained", "given", "lost"]


@dataclass(frozen=True, slots=True)
class LeadershipChanged:
    """This replica's leadership of one backend object began, was handed over, or ended without its doing."""

    change: Change


Happening = (
    ReconcileFinished
    | QueueWaited
    | BackendCall
    | KubeCall
    | RetryScheduled
    | ProjectBecameReady
    | EventFinished
    | WatchEnded
    | LeadershipChanged
)


class Hooks(Protocol):
    """A listener. Returns at once and never raises."""

    def emit(self, happening: Happening, /) -> None:
        """Take note of ``happening``."""


class FanOut:
    """Hooks that pass everything on to several; one that fails is logged and keeps nobody else from hearing."""

    def __init__(self, *listeners: Hooks) -> None:
        self._listeners = listeners

    def emit(self, happening: Happening, /) -> None:
        """Tell every listener."""
        for listener in self._listeners:
            try:
                listener.emit(happening)
            except Exception:
                log.exception("a listener failed on %s", type(happening).__name__)


@dataclass(frozen=True, slots=True)
class Census:
    """How things stand at the moment of asking."""

    queue_depth: Mapping[str, int] = field(default_factory=dict)
    """Objects that are due, by priority."""
    queue_oldest_seconds: Mapping[str, float] = field(default_factory=dict)
    """How long the first of them has been due, by priority."""
    projects: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    """Projects by provisioningStatus, healthStatus and Ready status; each is "none" where status does not say."""
    not_ready: Mapping[tuple[str, bool], int] = field(default_factory=dict)
    """Projects that are not Ready, by the reason that they give and whether they are Stalled; of those with
    ``spec.suspend`` that is Suspended, and that they are not."""
    drifted: Mapping[str, int] = field(default_factory=dict)
    """Projects that differ from their spec, by managementPolicy, without those with ``spec.suspend``."""
    connections: Mapping[tuple[str, bool], int] = field(default_factory=dict)
    """Backend objects by vendor and whether they are ready."""
    breakers: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Connections by vendor and state of their circuit breaker: closed, open, half_open."""
    credential_expiries: Mapping[tuple[str, bool], float] = field(default_factory=dict)
    """When the credential that ends first ends (Unix seconds), by vendor and whether something replaces it before."""
    units: int = 0
    """Backend objects that somebody is to be in charge of, the want of one included."""
    led: int = 0
    """Backend objects that this replica is in charge of, the want of one included."""
    replicas: int = 0
    """Replicas that share the work, this one included; 0 where it is not shared."""
