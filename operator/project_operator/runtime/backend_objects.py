"""The worker for backend objects of both kinds: connection, finalizers and status in step with object and Secret."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from pydantic import ValidationError

from project_operator.api import names
from project_operator.api.conditions import Reason
from project_operator.api.durations import parse_duration
from project_operator.api.problems import describe_problems
from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec, IdentityBackendStatus
from project_operator.errors import KubeConflict, KubeError, KubeNotFound
from project_operator.kube.merge import merge_patch
from project_operator.observability.hooks import Hooks, RetryScheduled
from project_operator.reconcile.backoff import delay
from project_operator.reconcile.outcome import Outcome, held
from project_operator.reconcile.record import Timing
from project_operator.reconcile.view import Verdict
from project_operator.runtime.backend_kinds import BACKEND_RESOURCES, parse_backend
from project_operator.runtime.backend_status import expiry_notice, hindrance_notice, notice, outcome_of, status_of
from project_operator.runtime.clock import Clock
from project_operator.runtime.connecting import Connector, Entry
from project_operator.runtime.holding import Holder
from project_operator.runtime.keys import Key
from project_operator.runtime.leadership import Leadership
from project_operator.runtime.ports import Kube, Publish
from project_operator.runtime.store import Store
from project_operator.runtime.stored import part
from project_operator.runtime.sweeper import Sweeper

logger = logging.getLogger(__name__)


class Users(Protocol):
    """Who uses a backend object."""

    def users_of(self, key: Key) -> int | None:
        """How many Projects name it, or hold a record of intent for it; None: that is not known yet."""

    def rules_changed(self, key: Key) -> None:
        """Its spec is another one."""


class BackendWorker:
    """Works on one backend object at a time for as many callers as there are."""

    def __init__(  # noqa: PLR0913 - every port, by name
        self,
        *,
        kube: Kube,
        objects: Mapping[str, Store],
        connector: Connector,
        holder: Holder,
        users: Users,
        clock: Clock,
        publish: Publish,
        hooks: Hooks,
        new_sweeper: Callable[[], Sweeper],
        send_validity: float,
        leadership: Leadership,
    ) -> None:
        """``objects``: the backend objects, by the plural of their kind."""
        self._kube = kube
        self._objects = objects
        self._connector = connector
        self._holder = holder
        self._users = users
        self._clock = clock
        self._publish = publish
        self._hooks = hooks
        self._new_sweeper = new_sweeper
        self._send_validity = send_validity
        self._leadership = leadership
        self._entries: dict[Key, Entry] = {}

    def entry(self, key: Key) -> Entry:
        """What is known of ``key``; empty where it was not worked on in the present term."""
        return self._entries.get(key, Entry())

    def tasks(self) -> list[asyncio.Task[None]]:
        """What runs for connections."""
        connections = [entry.connection for entry in self._entries.values() if entry.connection is not None]
        return [task for connection in connections for task in connection.tasks()]

    def census(self) -> dict[tuple[str, bool], int]:
        """Backend objects by type and whether they can be used."""
        return Counter(
            (_type_of(entry.spec), entry.connection is not None and entry.connection.not_ready is None)
            for entry in self._entries.values()
            if entry.spec is not None
        )

    def breakers(self) -> dict[tuple[str, str], int]:
        """Connections by type of backend and state of their circuit breaker."""
        return Counter(
            (_type_of(entry.spec), str(entry.connection.circuit.state))
            for entry in self._entries.values()
            if entry.spec is not None and entry.connection is not None
        )

    def credential_expiries(self) -> dict[tuple[str, bool], float]:
        """When the credential in use that ends first ends, in seconds since the epoch, by type of backend and whether
        something replaces it before.
        """
        first: dict[tuple[str, bool], float] = {}
        for entry in self._entries.values():
            if entry.spec is None or entry.connection is None or entry.credential_expires_at is None:
                continue
            place = _type_of(entry.spec), entry.connection.facts.credential_renews
            ends = entry.credential_expires_at.timestamp()
            first[place] = min(first.get(place, ends), ends)
        return first

    def vendor_of(self, key: Key) -> str:
        """The type of a backend object that this process has worked on; "" where it has not."""
        spec = self.entry(key).spec
        return _type_of(spec) if spec is not None else ""

    async def aclose(self) -> None:
        """Close every connection."""
        for entry in self._entries.values():
            await entry.close()
        self._entries.clear()

    async def stand_down(self, unit: str) -> None:
        """Close the connection of a term that is over."""
        for key in [key for key in self._entries if key.uid == unit]:
            await self._retire(key)

    async def _retire(self, key: Key) -> None:
        entry = self._entries.get(key)
        if entry is not None and entry.term != self._leadership.term(key.uid):
            del self._entries[key]
            await entry.close()

    async def work(self, key: Key) -> float | None:
        """Bring the connection and the status of ``key`` up to date; seconds until it should be looked at again, None
        if only an event can change anything, or it is for others to do.
        """
        raw = self._objects[key.plural].of(key)
        if raw is None:
            await self._entries.pop(key, Entry()).close()
            return None
        term = self._leadership.term(key.uid)
        if term is None:
            return None
        await self._retire(key)
        try:
            return await self._bring_up_to_date(key, raw, self._entries.setdefault(key, Entry(term)))
        except (KubeConflict, KubeNotFound):
            await self._refresh(key)
            return 0.0
        except KubeError as error:
            entry = self.entry(key)
            entry.failures += 1
            self._hooks.emit(RetryScheduled("api_server", type(error).__name__))
            logger.warning("%s: the API server: %s", key, error)
            return delay(entry.failures, jitter=self._clock.jitter(), retry_after=error.retry_after)

    async def _bring_up_to_date(self, key: Key, raw: Mapping[str, Any], entry: Entry) -> float | None:
        try:
            backend = parse_backend(key.plural, raw)
        except ValidationError as error:
            problems = describe_problems(error)
            entry.verdict = Verdict(Reason.INVALID_SPEC, problems)
            await self._report(key, raw, entry, held(Reason.INVALID_SPEC, problems))
            return None
        if entry.spec is not None and entry.spec != backend.spec:
            # Connected or not: what its Projects may ask for may be something else now.
            self._users.rules_changed(key)
        entry.spec = backend.spec
        if backend.metadata.deleting and self._users.users_of(key) == 0:
            # The Secret first, then the object.
            await self._holder.release_secrets(key, backend)
            await entry.close()
            await self._holder.release(key, raw, backend)
            return None
        raw = await self._holder.hold(key, raw, backend)
        await self._connector.connect(key, entry, backend)
        if self._leadership.term(key.uid) != entry.term:
            # What came of it is for others to tell.
            return None
        secret_names: tuple[str, ...] = ()
        if entry.connection is not None:
            # A person gives this word while the connection is open, and may take it back.
            accepted = backend.metadata.annotations.get(names.ACCEPT_ABSENCE_ANNOTATION, "")
            entry.connection.accepted_absence = int(accepted) if accepted.isdecimal() else 0
            secret_names = await self._holder.hold_secrets(key, backend)
        outcome = outcome_of(entry, deleting=backend.metadata.deleting, users=self._users.users_of(key))
        await self._report(key, self._objects[key.plural].of(key) or raw, entry, outcome, secret_names)
        for warning in (expiry_notice(entry, self._now()), hindrance_notice(entry)):
            if warning is not None:
                self._publish(raw, warning)
        if entry.connection is None and entry.retry_at > self._clock.now():
            return entry.retry_at - self._clock.now()
        await self._sweep(key, entry, backend.spec)
        return parse_duration(backend.spec.interval).total_seconds()

    async def _sweep(self, key: Key, entry: Entry, spec: IdentityBackendSpec) -> None:
        """R11, once an interval."""
        raw = self._objects[key.plural].of(key)
        if entry.connection is None or entry.connection.not_ready is not None or raw is None:
            return
        if entry.sweeper is None:
            entry.sweeper = self._new_sweeper()
        timing = timing_of(spec, send_validity=self._send_validity)
        for found in await entry.sweeper.sweep(entry.connection, quarantine=timing.quarantine):
            self._publish(raw, found)

    async def _report(
        self, key: Key, raw: Mapping[str, Any], entry: Entry, outcome: Outcome, secret_names: Sequence[str] = ()
    ) -> None:
        """Write the status where it differs, and publish what that change is worth."""
        before = IdentityBackendStatus.parse(raw.get("status"))
        after = status_of(
            before,
            entry,
            outcome,
            generation=raw["metadata"]["generation"],
            users=self._users.users_of(key),
            secret_names=secret_names,
            now=self._now(),
        )
        if changes := merge_patch(part(raw, "status"), after.to_wire()):
            resource = BACKEND_RESOURCES[key.plural]
            written = await self._kube.patch(resource, raw, {"status": changes}, subresource="status")
            self._objects[key.plural].put(written)
            if (worth := notice(before, outcome)) is not None:
                self._publish(written, worth)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.wall(), tz=UTC)

    async def _refresh(self, key: Key) -> None:
        store = self._objects[key.plural]
        try:
            raw = await self._kube.get(BACKEND_RESOURCES[key.plural], key.namespace, key.name)
        except KubeNotFound:
            store.drop(key)
            return
        if raw["metadata"]["uid"] != key.uid:
            store.drop(key)
            return
        store.put(raw)


def _type_of(spec: IdentityBackendSpec) -> str:
    return next(key for key in spec.one_of if getattr(spec, key) is not None)


def timing_of(spec: IdentityBackendSpec, *, send_validity: float) -> Timing:
    """The protocol's constants as a backend object sets them."""
    return Timing(
        send_validity=send_validity,
        deadline=parse_duration(spec.timeout).total_seconds(),
        in_flight_bound=parse_duration(spec.consistency.in_flight_bound).total_seconds(),
        read_lag=parse_duration(spec.consistency.read_lag).total_seconds(),
    )
