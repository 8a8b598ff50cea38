"""From a backend object and its Secret to an open connection, or to a verdict that says why there is none."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from json import dumps

from project_operator.api import names
from project_operator.api.conditions import Reason
from project_operator.api.durations import parse_duration
from project_operator.api.v1alpha1.identitybackend import IdentityBackend, IdentityBackendSpec
from project_operator.backends.registry import Registry
from project_operator.backends.vendor import Surroundings, Vendor
from project_operator.errors import (
    BackendError,
    ConfigurationError,
    ConnectionRefused,
    CredentialsRejected,
    KubeForbidden,
    KubeNotFound,
)
from project_operator.kube.resources import SECRETS
from project_operator.observability.hooks import Hooks, RetryScheduled
from project_operator.reconcile.absorb import reason_for
from project_operator.reconcile.actions import Notice
from project_operator.reconcile.backoff import delay
from project_operator.reconcile.view import Verdict
from project_operator.runtime.backend_kinds import BACKEND_RESOURCES
from project_operator.runtime.breaker import Limits
from project_operator.runtime.circuit import Circuit
from project_operator.runtime.clock import Clock
from project_operator.runtime.connections import Connection, Owner, revision_of
from project_operator.runtime.instrumented import InstrumentedBackend
from project_operator.runtime.keys import Key
from project_operator.runtime.leadership import Leadership, Term, make_sure
from project_operator.runtime.limiter import Limiter
from project_operator.runtime.ports import Kube
from project_operator.runtime.rotated_place import RotatedPlace
from project_operator.runtime.rotation import RotatedSecret
from project_operator.runtime.store import Store
from project_operator.runtime.sweeper import Sweeper

Surround = Callable[[Limiter], Surroundings]
Tell = Callable[[Key, Notice], None]
"""Make an Event about a backend object, and look at it again."""


@dataclass(slots=True)
class Entry:
    """What is known of one backend object in this process."""

    term: Term | None = None
    """The term of leadership in which all this came about."""
    spec: IdentityBackendSpec | None = None
    connection: Connection | None = None
    verdict: Verdict | None = None
    """Why there is no connection."""
    revision: str = ""
    failures: int = 0
    retry_at: float = 0.0
    sweeper: Sweeper | None = None
    rotated: RotatedSecret | None = None
    """What replaces the credential of ``connection``, where something may."""
    attempts: dict[str, float] = field(default_factory=dict)
    """Since when this process knows of which attempt to replace the credential."""
    warned: tuple[datetime, int] | None = None
    """Of which expiry people were warned last, and how often."""
    hindrance: str = ""
    """What people were told last of why the credential is not replaced; "" where nothing is in the way."""

    @property
    def credential_expires_at(self) -> datetime | None:
        """When the credential in use expires, as far as it is known."""
        if self.rotated is not None and self.rotated.expires_at is not None:
            return self.rotated.expires_at
        return self.connection.facts.credential_expires_at if self.connection is not None else None

    async def close(self) -> None:
        """Close the connection, if there is one."""
        if self.connection is not None:
            connection, self.connection = self.connection, None
            await connection.aclose()


class Connector:
    """Opens connections for every backend object."""

    def __init__(  # noqa: PLR0913 - every port, by name
        self,
        *,
        kube: Kube,
        secrets: Store,
        registry: Registry,
        surround: Surround,
        owner: Owner,
        clock: Clock,
        hooks: Hooks,
        tell: Tell,
        users_of: Callable[[Key], int | None],
        leadership: Leadership,
    ) -> None:
        """``users_of``: how many Projects need a backend object; None: that is not known yet."""
        self._kube = kube
        self._secrets = secrets
        self._registry = registry
        self._surround = surround
        self._owner = owner
        self._clock = clock
        self._hooks = hooks
        self._tell = tell
        self._users_of = users_of
        self._leadership = leadership

    async def connect(self, key: Key, entry: Entry, backend: IdentityBackend) -> None:
        """Make ``entry.connection`` fit spec and Secrets, or say in ``entry.verdict`` why there is none; what is new is
        observed from then on.

        Raises:
            KubeError: a Secret could not be looked for.
        """
        before = entry.connection
        await self.open(key, entry, backend)
        fresh = entry.connection
        if fresh is not None and fresh is not before:
            fresh.start()
            self._owner.connection_changed(fresh)

    async def open(self, key: Key, entry: Entry, backend: IdentityBackend) -> None:
        """The same for whoever looks once: nothing is observed.

        Raises:
            KubeError: a Secret could not be looked for.
        """
        secret, verdict = await self._secret(backend)
        if secret is None:
            entry.verdict = verdict
            await entry.close()
            return
        revision = revision_of(_digest(backend.spec), secret)
        if entry.connection is not None and entry.revision == revision:
            await entry.connection.make_sure_who_we_are()
            return
        if entry.revision == revision and entry.retry_at > self._clock.now():
            return
        if entry.revision != revision:
            entry.failures = 0
        entry.revision = revision
        if entry.rotated is not None:
            # What the former connection has asked for is to be found by the new one.
            await entry.rotated.aclose()
        try:
            fresh, rotated = await self._open(key, entry, backend, secret, revision)
        except BackendError as error:
            self._failed(entry, error)
            await entry.close()
            return
        if entry.connection is not None:
            fresh.take_over(entry.connection)
        await entry.close()
        entry.connection, entry.rotated, entry.verdict, entry.failures = fresh, rotated, None, 0

    async def _open(
        self, key: Key, entry: Entry, backend: IdentityBackend, secret: Mapping[str, bytes], revision: str
    ) -> tuple[Connection, RotatedSecret | None]:
        spec = backend.spec
        try:
            vendor = self._registry.vendor_of(spec)
        except ConfigurationError as error:
            raise ConnectionRefused(str(error), field="spec") from error
        circuit = Circuit(
            Limits(spec.breaker.failure_threshold, parse_duration(spec.breaker.longest_pause).total_seconds()),
            self._clock,
        )
        load = vendor.load.limited(spec.rate_limit)
        limiter = Limiter(
            requests_per_second=load.requests_per_second,
            burst=load.burst,
            max_in_flight=load.max_in_flight,
            begin=circuit.begin,
            held=circuit.held,
        )
        surroundings = replace(self._gated(self._surround(limiter), key, entry), pause=limiter.pause)
        rotated = self._rotated(key, entry, backend, vendor, secret)
        explain = rotated.explained if rotated is not None else str
        if rotated is not None:
            surroundings = replace(surroundings, keeper=rotated)
            if (kept := await rotated.load()) is not None:
                secret = {**secret, vendor.replaces(spec): kept}
        opened = InstrumentedBackend(
            vendor.open(spec, secret, surroundings), vendor.key, self._hooks, self._clock.now, circuit
        )
        try:
            facts = await opened.connect()
            self._stays(key, backend, facts.organization_id)
        except CredentialsRejected as error:
            await opened.aclose()
            raise error.saying(explain(str(error))) from None
        except BaseException:
            await opened.aclose()
            raise
        place = f"{vendor.endpoint(spec)}#{facts.organization_id}"
        connection = Connection(
            key,
            opened,
            limiter,
            circuit,
            facts,
            self._owner,
            self._clock,
            explain_rejection=explain,
            capabilities=vendor.capabilities,
            load=load,
            endpoint_id=sha256(place.encode()).hexdigest()[:16],
            revision=revision,
            interval=parse_duration(spec.interval).total_seconds(),
            read_lag=parse_duration(spec.consistency.read_lag).total_seconds(),
        )
        return connection, rotated

    def _gated(self, surroundings: Surroundings, key: Key, entry: Entry) -> Surroundings:
        """Whatever is sent is sent within the term in which the connection was opened."""
        if entry.term is None:
            raise AssertionError("only who is in charge connects")
        gate = partial(make_sure, self._leadership, key.uid, entry.term)
        return replace(surroundings, transport=replace(surroundings.transport, gate=gate))

    def _stays(self, key: Key, backend: IdentityBackend, organization_id: str) -> None:
        """Whoever can change a Secret does not thereby move the projects of others to another organization.

        Raises:
            ConnectionRefused: the credential leads elsewhere than the former one, and there are Projects.
        """
        former = backend.status.organization_id
        if former in {None, organization_id} or self._users_of(key) == 0:
            return
        raise ConnectionRefused(
            f"the credential leads to organization {organization_id} now, but the Projects of this object are in "
            f"{former}; put a credential for that one into the Secret, or make another backend object",
            field="status.organizationID",
        )

    def _rotated(
        self, key: Key, entry: Entry, backend: IdentityBackend, vendor: Vendor, secret: Mapping[str, bytes]
    ) -> RotatedSecret | None:
        """What may replace the credential; None where nothing does."""
        name = vendor.replaces(backend.spec)
        if not name or name not in secret:
            return None
        resource = BACKEND_RESOURCES[key.plural]
        return RotatedSecret(
            RotatedPlace.of(backend.secret_namespace, resource, key.name, key.uid, name),
            secret[name],
            self._kube,
            self._clock,
            settle=parse_duration(backend.spec.consistency.in_flight_bound).total_seconds(),
            seen=entry.attempts,
            tell=lambda notice: self._tell(key, notice),
        )

    def _failed(self, entry: Entry, error: BackendError) -> None:
        entry.verdict = _verdict_of(error)
        entry.failures += 1
        entry.retry_at = self._clock.now() + delay(
            entry.failures, jitter=self._clock.jitter(), retry_after=error.retry_after
        )
        self._hooks.emit(RetryScheduled("backend", entry.verdict.reason))

    async def _secret(self, backend: IdentityBackend) -> tuple[Mapping[str, bytes] | None, Verdict | None]:
        """What `vendor.Open` is given of the Secrets, or why one of them may not or cannot be used."""
        whole: dict[str, bytes] = {}
        for number, ref in enumerate(backend.spec.secret_refs):
            content, verdict = await self._content(backend, ref.name)
            if content is None:
                return None, verdict
            whole |= {f"{ref.name}/{name}" if number else name: value for name, value in content.items()}
        return whole, None

    async def _content(self, backend: IdentityBackend, name: str) -> tuple[Mapping[str, bytes] | None, Verdict | None]:
        """The decoded content of a Secret, or why it may not or cannot be used."""
        called = f"Secret '{name}'"
        if backend.secret_namespace != backend.metadata.namespace:
            called += f" in namespace '{backend.secret_namespace}'"
        raw = self._secrets.get(backend.secret_namespace, name)
        if raw is None:
            try:
                live = await self._kube.get(SECRETS, backend.secret_namespace, name)
            except KubeNotFound:
                return None, Verdict(Reason.SECRET_NOT_FOUND, f"{called} is not there")
            except KubeForbidden:
                # The value replaces its default, so what it did not have to name it has to name now.
                return None, Verdict(
                    Reason.SECRET_NOT_FOUND,
                    f"{called} may not be read by the operator; let the chart's value `secrets.namespaces` name"
                    f" '{backend.secret_namespace}' and every other namespace with credentials",
                )
            if (live["metadata"].get("labels") or {}).get(names.CREDENTIALS_LABEL) != "true":
                return None, Verdict(
                    Reason.SECRET_NOT_LABELLED,
                    f'{called} is not used, because it does not carry the label {names.CREDENTIALS_LABEL}: "true"',
                )
            raw = live
        try:
            return {
                item: base64.b64decode(value, validate=True) for item, value in (raw.get("data") or {}).items()
            }, None
        except (binascii.Error, ValueError):
            return None, Verdict(Reason.SECRET_INVALID, f"{called} holds a value that is not base64")


def _verdict_of(error: BackendError) -> Verdict:
    """Why connecting failed, and which field is to be looked at where the error knows it."""
    if not isinstance(error, ConnectionRefused):
        return Verdict(reason_for(error), str(error))
    message = f"`{error.field}`: {error}"
    if error.field.endswith(("organization", "organizationID")):
        return Verdict(Reason.ORGANIZATION_NOT_FOUND, message)
    if "secretRef" in error.field:
        return Verdict(Reason.SECRET_INVALID, message)
    return Verdict(reason_for(error), message)


def _digest(spec: IdentityBackendSpec) -> str:
    return sha256(dumps(spec.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()
