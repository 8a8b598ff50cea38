"""The worker for IdentityBackends: from object and Secret to an open connection, and to a status that says what is
wrong.
"""

import asyncio
import base64
import binascii
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from json import dumps
from typing import Any, Final, Protocol

from pydantic import ValidationError

from project_operator.api import names
from project_operator.api.conditions import ConditionType, Reason
from project_operator.api.durations import parse_duration
from project_operator.api.problems import describe_problems
from project_operator.api.v1alpha1.identitybackend import (
    CapabilitiesStatus,
    ConsistencyStatus,
    IdentityBackend,
    IdentityBackendSpec,
    IdentityBackendStatus,
    LastError,
    SecretRefStatus,
)
from project_operator.backends.registry import Registry
from project_operator.backends.vendor import Surroundings
from project_operator.errors import (
    BackendError,
    ConfigurationError,
    ConnectionRefused,
    KubeConflict,
    KubeError,
    KubeForbidden,
    KubeNotFound,
)
from project_operator.kube.merge import merge_patch
from project_operator.kube.resources import IDENTITY_BACKENDS, SECRETS
from project_operator.observability.hooks import Hooks
from project_operator.reconcile.absorb import reason_for
from project_operator.reconcile.actions import Notice
from project_operator.reconcile.backoff import delay
from project_operator.reconcile.outcome import Outcome, Standing, done, held
from project_operator.reconcile.record import Timing
from project_operator.reconcile.summary import conditions
from project_operator.reconcile.view import Verdict
from project_operator.runtime.clock import Clock
from project_operator.runtime.connections import Connection, Owner, revision_of
from project_operator.runtime.instrumented import InstrumentedBackend
from project_operator.runtime.keys import Key
from project_operator.runtime.limiter import Limiter
from project_operator.runtime.ports import Kube, Publish
from project_operator.runtime.store import Store
from project_operator.runtime.sweeper import Sweeper

logger = logging.getLogger(__name__)

Surround = Callable[[Limiter], Surroundings]


class Users(Protocol):
    """Who uses a backend object."""

    def users_of(self, key: Key) -> int:
        """How many Projects name it, or hold a record of intent for it."""


@dataclass(slots=True)
class Entry:
    """What is known of one backend object in this process."""

    spec: IdentityBackendSpec | None = None
    connection: Connection | None = None
    verdict: Verdict | None = None
    """Why there is no connection."""
    revision: str = ""
    failures: int = 0
    retry_at: float = 0.0
    sweeper: Sweeper | None = None


class BackendWorker:
    """Works on one backend object at a time for as many callers as there are."""

    def __init__(
        self,
        *,
        kube: Kube,
        objects: Store,
        secrets: Store,
        registry: Registry,
        surround: Surround,
        owner: Owner,
        users: Users,
        clock: Clock,
        hooks: Hooks,
        publish: Publish,
        new_sweeper: Callable[[], Sweeper],
    ) -> None:
        self._kube = kube
        self._objects = objects
        self._secrets = secrets
        self._registry = registry
        self._surround = surround
        self._owner = owner
        self._users = users
        self._clock = clock
        self._hooks = hooks
        self._publish = publish
        self._new_sweeper = new_sweeper
        self._entries: dict[Key, Entry] = {}

    def entry(self, key: Key) -> Entry:
        """What is known of ``key``; empty before it was worked on."""
        return self._entries.setdefault(key, Entry())

    def uses_secret(self, namespace: str, name: str) -> list[Key]:
        """The backend objects that name a Secret."""
        return [
            key
            for key in self._objects.keys()
            if key.namespace == namespace and _secret_name(self._objects.of(key) or {}) == name
        ]

    def tasks(self) -> list[asyncio.Task[None]]:
        """The observers."""
        connections = [entry.connection for entry in self._entries.values() if entry.connection is not None]
        return [connection.task for connection in connections if connection.task is not None]

    def census(self) -> dict[tuple[str, bool], int]:
        """Backend objects by type and whether they can be used."""
        found: dict[tuple[str, bool], int] = {}
        for entry in self._entries.values():
            if entry.spec is not None:
                vendor = next(key for key in entry.spec.one_of if getattr(entry.spec, key) is not None)
                place = (vendor, entry.connection is not None and entry.connection.not_ready is None)
                found[place] = found.get(place, 0) + 1
        return found

    async def aclose(self) -> None:
        """Close every connection."""
        for entry in self._entries.values():
            if entry.connection is not None:
                await entry.connection.aclose()
        self._entries.clear()

    async def work(self, key: Key) -> float | None:
        """Bring the connection and the status of ``key`` up to date; seconds until it should be looked at again."""
        raw = self._objects.of(key)
        if raw is None:
            await self._close(self._entries.pop(key, Entry()))
            return None
        try:
            return await self._bring_up_to_date(key, raw)
        except (KubeConflict, KubeNotFound):
            await self._refresh(key)
            return 0.0
        except KubeError as error:
            entry = self.entry(key)
            entry.failures += 1
            logger.warning("%s: the API server: %s", key, error)
            return delay(entry.failures, jitter=self._clock.jitter(), retry_after=error.retry_after)

    async def _bring_up_to_date(self, key: Key, raw: Mapping[str, Any]) -> float | None:
        entry = self.entry(key)
        try:
            backend = IdentityBackend.parse(raw)
        except ValidationError as error:
            problems = describe_problems(error)
            entry.verdict = Verdict(Reason.INVALID_SPEC, problems)
            await self._report(key, raw, entry, held(Reason.INVALID_SPEC, problems))
            return None
        entry.spec = backend.spec
        if backend.metadata.deleting and not self._users.users_of(key):
            await self._release(key, raw, backend)
            return None
        if names.FINALIZER not in backend.metadata.finalizers and not backend.metadata.deleting:
            raw = await self._add_finalizer(IDENTITY_BACKENDS, raw)
            self._objects.put(raw)
        await self._connect(key, entry, backend)
        if entry.connection is not None:
            # A person gives this word while the connection is open, and may take it back.
            accepted = backend.metadata.annotations.get(names.ACCEPT_ABSENCE_ANNOTATION, "")
            entry.connection.accepted_absence = int(accepted) if accepted.isdecimal() else 0
        secret_name = await self._hold_secret(key, backend) if entry.connection is not None else None
        await self._report(key, self._objects.of(key) or raw, entry, self._outcome(key, entry, backend), secret_name)
        if entry.connection is None and entry.retry_at > self._clock.now():
            return entry.retry_at - self._clock.now()
        await self._sweep(key, entry, backend.spec)
        return parse_duration(backend.spec.interval).total_seconds()

    async def _sweep(self, key: Key, entry: Entry, spec: IdentityBackendSpec) -> None:
        """R11, once an interval."""
        raw = self._objects.of(key)
        if entry.connection is None or entry.connection.not_ready is not None or raw is None:
            return
        if entry.sweeper is None:
            entry.sweeper = self._new_sweeper()
        timing = timing_of(spec, send_validity=0.0)
        remove = spec.remove_duplicates and spec.capabilities.delete
        for notice in await entry.sweeper.sweep(entry.connection, quarantine=timing.quarantine, remove=remove):
            self._publish(raw, notice)

    async def _connect(self, key: Key, entry: Entry, backend: IdentityBackend) -> None:
        """Make ``entry.connection`` fit spec and Secret, or say in ``entry.verdict`` why there is none."""
        secret, verdict = await self._secret(key, backend)
        if secret is None:
            entry.verdict = verdict
            await self._close(entry)
            return
        revision = revision_of(_digest(backend.spec), secret)
        if entry.connection is not None and entry.revision == revision:
            return
        if entry.revision == revision and entry.retry_at > self._clock.now():
            return
        if entry.revision != revision:
            entry.failures = 0
        entry.revision = revision
        try:
            fresh = await self._open(key, backend, secret, revision)
        except BackendError as error:
            self._connecting_failed(entry, error)
            await self._close(entry)
            return
        await self._close(entry)
        entry.connection, entry.verdict, entry.failures = fresh, None, 0
        fresh.start()
        self._owner.connection_changed(fresh)

    async def _open(self, key: Key, backend: IdentityBackend, secret: Mapping[str, bytes], revision: str) -> Connection:
        spec = backend.spec
        try:
            vendor = self._registry.vendor_of(spec)
        except ConfigurationError as error:
            raise ConnectionRefused(str(error), field="spec") from error
        limiter = Limiter(
            requests_per_second=spec.rate_limit.requests_per_second,
            burst=spec.rate_limit.burst,
            max_in_flight=spec.rate_limit.max_in_flight,
        )
        opened = InstrumentedBackend(
            vendor.open(spec, secret, self._surround(limiter)), vendor.key, self._hooks, self._clock.now
        )
        try:
            facts = await opened.connect()
        except BaseException:
            await opened.aclose()
            raise
        place = f"{vendor.endpoint(spec)}#{facts.organization_id}"
        return Connection(
            key,
            opened,
            limiter,
            facts,
            self._owner,
            self._clock,
            endpoint_id=sha256(place.encode()).hexdigest()[:16],
            revision=revision,
            interval=parse_duration(spec.interval).total_seconds(),
            read_lag=parse_duration(spec.consistency.read_lag).total_seconds(),
        )

    def _connecting_failed(self, entry: Entry, error: BackendError) -> None:
        entry.failures += 1
        entry.retry_at = self._clock.now() + delay(
            entry.failures, jitter=self._clock.jitter(), retry_after=error.retry_after
        )
        reason = reason_for(error)
        message = str(error)
        if isinstance(error, ConnectionRefused):
            message = f"`{error.field}`: {error}"
            if error.field.endswith("organization"):
                reason = Reason.ORGANIZATION_NOT_FOUND
            elif "secretRef" in error.field:
                reason = Reason.SECRET_INVALID
        entry.verdict = Verdict(reason, message)

    async def _secret(self, key: Key, backend: IdentityBackend) -> tuple[Mapping[str, bytes] | None, Verdict | None]:
        """The decoded content of the Secret, or why it may not or cannot be used."""
        name = backend.spec.secret_ref.name
        raw = self._secrets.get(key.namespace, name)
        if raw is None:
            try:
                live = await self._kube.get(SECRETS, key.namespace, name)
            except (KubeNotFound, KubeForbidden):
                return None, Verdict(
                    Reason.SECRET_NOT_FOUND, f"Secret '{name}' is not there, or may not be read by the operator"
                )
            if (live["metadata"].get("labels") or {}).get(names.CREDENTIALS_LABEL) != "true":
                return None, Verdict(
                    Reason.SECRET_NOT_LABELLED,
                    f"Secret '{name}' is not used, because it does not carry the label {names.CREDENTIALS_LABEL}: "
                    '"true"',
                )
            raw = live
        try:
            return {
                item: base64.b64decode(value, validate=True) for item, value in (raw.get("data") or {}).items()
            }, None
        except (binascii.Error, ValueError):
            return None, Verdict(Reason.SECRET_INVALID, f"Secret '{name}' holds a value that is not base64")

    async def _hold_secret(self, key: Key, backend: IdentityBackend) -> str:
        """Our finalizer on the Secret in use, so that a terminating namespace can still clean up; off a former one."""
        name = backend.spec.secret_ref.name
        raw = self._secrets.get(key.namespace, name)
        if (
            raw is not None
            and "deletionTimestamp" not in raw["metadata"]
            and names.FINALIZER not in (raw["metadata"].get("finalizers") or [])
        ):
            self._secrets.put(await self._add_finalizer(SECRETS, raw))
        former = backend.status.secret_ref.name if backend.status.secret_ref is not None else name
        if former != name:
            await self._release_secret(key, former)
        return name

    async def _release(self, key: Key, raw: Mapping[str, Any], backend: IdentityBackend) -> None:
        """Nobody uses it any more: the Secret first, then the object."""
        await self._release_secret(key, backend.spec.secret_ref.name)
        if backend.status.secret_ref is not None and backend.status.secret_ref.name != backend.spec.secret_ref.name:
            await self._release_secret(key, backend.status.secret_ref.name)
        await self._close(self.entry(key))
        if names.FINALIZER in backend.metadata.finalizers:
            await self._remove_finalizer(IDENTITY_BACKENDS, raw)

    async def _release_secret(self, key: Key, name: str) -> None:
        raw = self._secrets.get(key.namespace, name)
        if raw is None or [user for user in self.uses_secret(key.namespace, name) if user != key]:
            return
        if names.FINALIZER in (raw["metadata"].get("finalizers") or []):
            try:
                self._secrets.put(await self._remove_finalizer(SECRETS, raw))
            except KubeNotFound:
                self._secrets.drop(Key.of(SECRETS.plural, raw))

    async def _add_finalizer(self, resource: Any, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        finalizers = [*(raw["metadata"].get("finalizers") or []), names.FINALIZER]
        return await self._kube.patch(resource, raw, {"metadata": {"finalizers": finalizers}})

    async def _remove_finalizer(self, resource: Any, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        finalizers = [name for name in raw["metadata"].get("finalizers") or [] if name != names.FINALIZER]
        return await self._kube.patch(resource, raw, {"metadata": {"finalizers": finalizers}})

    def _outcome(self, key: Key, entry: Entry, backend: IdentityBackend) -> Outcome:
        verdict = entry.connection.not_ready if entry.connection is not None else entry.verdict
        if verdict is not None:
            return held(verdict.reason, verdict.message)
        if entry.connection is None:
            return held(Reason.PROGRESSING, "connecting")
        if backend.metadata.deleting:
            return held(
                Reason.IN_USE, f"{self._users.users_of(key)} Projects still use this object; it goes when they are gone"
            )
        facts = entry.connection.facts
        return done(f"connected to organization {facts.organization_name or facts.organization_id}")

    async def _report(
        self, key: Key, raw: Mapping[str, Any], entry: Entry, outcome: Outcome, secret_name: str | None = None
    ) -> None:
        status = IdentityBackendStatus.parse(raw.get("status"))
        now = datetime.fromtimestamp(self._clock.wall(), tz=UTC)
        generation = raw["metadata"]["generation"]
        changes: dict[str, Any] = {
            "observed_generation": generation,
            "conditions": conditions(outcome, status.conditions, generation=generation, now=now),
            "projects": self._users.users_of(key),
        }
        if (connection := entry.connection) is not None and entry.spec is not None:
            facts, spec = connection.facts, entry.spec
            changes |= {
                "organization_id": facts.organization_id,
                "organization_name": facts.organization_name or None,
                "endpoint_id": connection.endpoint_id,
                "principal": facts.principal or None,
                "server_version": facts.server_version or None,
                "capabilities": CapabilitiesStatus(**dict(spec.capabilities)),
                "consistency": ConsistencyStatus(**dict(spec.consistency)),
            }
        if secret_name is not None:
            changes["secret_ref"] = SecretRefStatus(name=secret_name)
        problem = outcome.message if outcome.reason not in _NO_PROBLEM else None
        if problem is not None and (status.last_error is None or status.last_error.message != problem):
            changes["last_error"] = LastError(message=problem, time=now)
        wire = IdentityBackendStatus(**(dict(status) | changes)).to_wire()
        if difference := merge_patch(raw.get("status") or {}, wire):
            self._objects.put(
                await self._kube.patch(IDENTITY_BACKENDS, raw, {"status": difference}, subresource="status")
            )

    async def _refresh(self, key: Key) -> None:
        try:
            raw = await self._kube.get(IDENTITY_BACKENDS, key.namespace, key.name)
        except KubeNotFound:
            self._objects.drop(key)
            return
        if raw["metadata"]["uid"] != key.uid:
            self._objects.drop(key)
            return
        self._objects.put(raw)

    async def _close(self, entry: Entry) -> None:
        if entry.connection is not None:
            connection, entry.connection = entry.connection, None
            await connection.aclose()


def timing_of(spec: IdentityBackendSpec, *, send_validity: float) -> Timing:
    """The protocol's constants as a backend object sets them."""
    return Timing(
        send_validity=send_validity,
        deadline=parse_duration(spec.timeout).total_seconds(),
        in_flight_bound=parse_duration(spec.consistency.in_flight_bound).total_seconds(),
        read_lag=parse_duration(spec.consistency.read_lag).total_seconds(),
    )


_NO_PROBLEM: Final = frozenset({Reason.SUCCEEDED, Reason.PROGRESSING, Reason.IN_USE})


def _notice(before: IdentityBackendStatus, outcome: Outcome) -> Notice | None:
    """The Event for a change of readiness; none for a beginning that goes well."""
    ready = before.condition(ConditionType.READY)
    if outcome.reason in {Reason.PROGRESSING, Reason.IN_USE} or (ready is not None and ready.reason == outcome.reason):
        return None
    if ready is None and outcome.standing is Standing.DONE:
        return None
    return Notice(
        warning=outcome.standing is not Standing.DONE, reason=outcome.reason, action="Connect", note=outcome.message
    )


def _digest(spec: IdentityBackendSpec) -> str:
    return sha256(dumps(spec.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()


def _secret_name(raw: Mapping[str, Any]) -> str:
    try:
        return IdentityBackend.parse(raw).spec.secret_ref.name
    except (ValidationError, KeyError):
        return ""
