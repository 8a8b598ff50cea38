"""Kubernetes Events (events.k8s.io/v1), written behind the work: nobody ever waits for one.

Three things keep them few. The queue is bounded and drops its oldest. A token bucket holds the pace. What is said
again is counted in the series of the Event that said it first, and that count is written at 2, 4, 8, 16 …, so that a
thousand repeats cost ten writes and none is silent.

Namespaces take turns, and one that says more than its share drops and forgets its own: what is said elsewhere waits for
nobody's noise.
"""

import asyncio
import logging
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal, Protocol

from project_operator.api import names
from project_operator.api.events import EventReason, EventType
from project_operator.backends.answers import quotable
from project_operator.errors import KubeConflict, KubeError, KubeNotFound
from project_operator.kube.resources import EVENTS, Resource
from project_operator.kube.shares import Shares

Result = Literal["written", "failed", "dropped"]

NOTE_LIMIT: Final = 1024
"""Bytes, as the API server counts (validation of events.k8s.io/v1 Event)."""
WORD_LIMIT: Final = 128
"""Bytes of reason, action and reportingInstance (ibid.)."""
NAME_LIMIT: Final = 253
FORGET_AFTER: Final = 3600.0
"""Seconds; the API server keeps Events for an hour by default."""


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Saying:
    """What makes one Event the same as another."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str
    type: EventType
    reason: str
    action: str
    note: str


@dataclass(slots=True)
class _Said:
    """How often it was said, and which Event says so."""

    count: int = 0
    event: dict[str, Any] = field(default_factory=dict)
    last_time: float = 0.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is written and remembered."""

    rate: float = 10.0
    """Writes per second in the long run."""
    burst: int = 50
    """Writes at once."""
    capacity: int = 1000
    """Events that wait; the oldest of a namespace with more than its share gives way."""
    memory: int = 2000
    """Events whose repeats are recognised; shared likewise."""


class Api(Protocol):
    """What is needed of `KubeApi`."""

    async def create(self, resource: Resource, namespace: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        """See `KubeApi.create`."""

    async def patch(
        self, resource: Resource, obj: Mapping[str, Any], changes: Mapping[str, Any], *, subresource: str = ""
    ) -> dict[str, Any]:
        """See `KubeApi.patch`."""


class EventWriter:
    """Publishes Events about objects. `publish` never waits and never raises; `run` does the writing."""

    def __init__(
        self,
        api: Api,
        *,
        on_result: Callable[[Result], None] = lambda _: None,
        instance: str = "",
        pace: Pace = Pace(),
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """``instance`` is this process among its kind: the pod's name, which is its host name."""
        self._api = api
        self._on_result = on_result
        self._instance = _clip(instance or socket.gethostname(), WORD_LIMIT)
        self._pace = pace
        self._clock = clock
        self._now = now
        self._sleep = sleep
        self._tokens = float(pace.burst)
        self._filled_at = clock()
        self._said: Shares[_Saying, _Said] = Shares(pace.memory)
        self._queue: Shares[_Saying, None] = Shares(pace.capacity)
        self._wake = asyncio.Event()
        self._failing = False
        self._serial = 0

    def publish(self, obj: Mapping[str, Any], reason: EventReason, action: str, note: str) -> None:
        """Say something about ``obj``, a raw object with apiVersion, kind and metadata.

        ``action`` is a CamelCase word known at compile time; ``note`` is for people, cut at 1,024 bytes.
        """
        metadata = obj.get("metadata") or {}
        saying = _Saying(
            api_version=obj.get("apiVersion", ""),
            kind=obj.get("kind", ""),
            namespace=metadata.get("namespace", ""),
            name=metadata.get("name", ""),
            uid=metadata.get("uid", ""),
            type=reason.type,
            reason=str(reason),
            action=_clip(action, WORD_LIMIT),
            note=_clip(note, NOTE_LIMIT),
        )
        moment = self._clock()
        said = self._said.get(saying.namespace, saying)
        if said is None or moment - said.last_time > FORGET_AFTER:
            said = _Said()
        said.count += 1
        said.last_time = moment
        forgotten = self._said.put(saying.namespace, saying, said)
        if forgotten is not None and self._queue.remove(*forgotten):
            self._on_result("dropped")
        if said.count & (said.count - 1) == 0:
            self._enqueue(saying)

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            while not self._queue:
                self._wake.clear()
                await self._wake.wait()
            await self._take_token()
            namespace, saying, _ = self._queue.take()
            said = self._said.get(namespace, saying)
            if said is not None:
                self._on_result(await self._written(saying, said))

    def _enqueue(self, saying: _Saying) -> None:
        if self._queue.put(saying.namespace, saying, None) is not None:
            self._on_result("dropped")
        self._wake.set()

    async def _take_token(self) -> None:
        while True:
            moment = self._clock()
            self._tokens = min(float(self._pace.burst), self._tokens + (moment - self._filled_at) * self._pace.rate)
            self._filled_at = moment
            if self._tokens >= 1:
                self._tokens -= 1
                return
            await self._sleep((1 - self._tokens) / self._pace.rate)

    async def _written(self, saying: _Saying, said: _Said) -> Result:
        """One Event that meets a defect does not keep the others from being written."""
        try:
            return await self._write(saying, said)
        except Exception:
            log.exception("an Event could not be written: a defect of the operator")
            return "failed"

    async def _write(self, saying: _Saying, said: _Said) -> Result:
        try:
            if said.event:
                try:
                    answer = await self._api.patch(EVENTS, said.event, {"series": self._series(said)})
                    said.event = _address(answer)
                except (KubeNotFound, KubeConflict):
                    # Expired, or touched by somebody: say it afresh.
                    said.event = {}
            if not said.event:
                body = self._body(saying, said)
                said.event = _address(await self._api.create(EVENTS, body["metadata"]["namespace"], body))
        except KubeError as error:
            log.log(logging.DEBUG if self._failing else logging.WARNING, "an Event could not be written: %s", error)
            self._failing = True
            return "failed"
        self._failing = False
        return "written"

    def _series(self, said: _Said) -> dict[str, Any]:
        return {"count": said.count, "lastObservedTime": _micro_time(self._now())}

    def _body(self, saying: _Saying, said: _Said) -> dict[str, Any]:
        now = self._now()
        self._serial += 1
        suffix = f".{int(now.timestamp() * 1e6):x}.{self._serial:x}"
        body: dict[str, Any] = {
            "apiVersion": EVENTS.api_version,
            "kind": EVENTS.kind,
            "metadata": {
                "name": saying.name[: NAME_LIMIT - len(suffix)] + suffix,
                # Events about cluster-wide objects live in `default`, as client-go has it.
                "namespace": saying.namespace or "default",
            },
            "eventTime": _micro_time(now),
            "reportingController": names.EVENT_REPORTER,
            "reportingInstance": self._instance,
            "type": saying.type,
            "reason": saying.reason,
            "action": saying.action,
            "note": saying.note,
            "regarding": {
                "apiVersion": saying.api_version,
                "kind": saying.kind,
                "name": saying.name,
                "uid": saying.uid,
                **({"namespace": saying.namespace} if saying.namespace else {}),
            },
        }
        if said.count > 1:
            body["series"] = self._series(said)
        return body


def _address(event: Mapping[str, Any]) -> dict[str, Any]:
    """What a patch asks for of an Event: all that is worth remembering of thousands."""
    metadata = event["metadata"]
    return {"metadata": {name: metadata[name] for name in ("namespace", "name", "uid", "resourceVersion")}}


def _clip(text: str, limit: int) -> str:
    """``text`` on one line of what can be printed, of at most ``limit`` bytes in UTF-8, cut between characters."""
    line = quotable(text)
    encoded = line.encode("utf-8", "replace")
    if len(encoded) <= limit:
        return encoded.decode()
    return encoded[: limit - 3].decode("utf-8", "ignore") + "…"


def _micro_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
