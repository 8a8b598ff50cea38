"""From a backend object and its Secret to an open connection, or to a verdict that says why there is none."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from json import dumps

from project_operator.api import names
from project_operator.api.conditions import Reason
from project_operator.api.durations import parse_duration
from project_operator.api.v1alpha1.identitybackend import IdentityBackend, IdentityBackendSpec
from project_operator.backends.registry import Registry
from project_operator.backends.vendor import Surroundings
from project_operator.errors import BackendError, ConfigurationError, ConnectionRefused, KubeForbidden, KubeNotFound
from project_operator.kube.resources import SECRETS
from project_operator.observability.hooks import Hooks
from project_operator.reconcile.absorb import reason_for
from project_operator.reconcile.backoff import delay
from project_operator.reconcile.view import Verdict
from project_operator.runtime.clock import Clock
from project_operator.runtime.connections import Connection, Owner, revision_of
from project_operator.runtime.instrumented import InstrumentedBackend
from project_operator.runtime.keys import Key
from project_operator.runtime.limiter import Limiter
from project_operator.runtime.ports import Kube
from project_operator.runtime.store import Store
from project_operator.runtime.sweeper import Sweeper

Surround = Callable[[Limiter], Surroundings]


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

    async def close(self) -> None:
        """Close the connection, if there is one."""
        if self.connection is not None:
            connection, self.connection = self.connection, None
            await connection.aclose()


class Connector:
    """Opens connections for every backend object."""

    def __init__(
        self,
        *,
        kube: Kube,
        secrets: Store,
        registry: Registry,
        surround: Surround,
        owner: Owner,
        clock: Clock,
        hooks: Hooks,
    ) -> None:
        self._kube = kube
        self._secrets = secrets
        self._registry = registry
        self._surround = surround
        self._owner = owner
        self._clock = clock
        self._hooks = hooks

    async def connect(self, key: Key, entry: Entry, backend: IdentityBackend) -> None:
        """Make ``entry.connection`` fit spec and Secret, or say in ``entry.verdict`` why there is none.

        Raises:
            KubeError: the Secret could not be looked for.
        """
        secret, verdict = await self._secret(backend)
        if secret is None:
            entry.verdict = verdict
            await entry.close()
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
            self._failed(entry, error)
            await entry.close()
            return
        await entry.close()
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

    def _failed(self, entry: Entry, error: BackendError) -> None:
        entry.failures += 1
        entry.retry_at = self._clock.now() + delay(
            entry.failures, jitter=self._clock.jitter(), retry_after=error.retry_after
        )
        entry.verdict = _verdict_of(error)

    async def _secret(self, backend: IdentityBackend) -> tuple[Mapping[str, bytes] | None, Verdict | None]:
        """The decoded content of the Secret, or why it may not or cannot be used."""
        name = backend.spec.secret_ref.name
        called = f"Secret '{name}'"
        if backend.secret_namespace != backend.metadata.namespace:
            called += f" in namespace '{backend.secret_namespace}'"
        raw = self._secrets.get(backend.secret_namespace, name)
        if raw is None:
            try:
                live = await self._kube.get(SECRETS, backend.secret_namespace, name)
            except (KubeNotFound, KubeForbidden):
                return None, Verdict(
                    Reason.SECRET_NOT_FOUND, f"{called} is not there, or may not be read by the operator"
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
    if error.field.endswith("organization"):
        return Verdict(Reason.ORGANIZATION_NOT_FOUND, message)
    if "secretRef" in error.field:
        return Verdict(Reason.SECRET_INVALID, message)
    return Verdict(reason_for(error), message)


def _digest(spec: IdentityBackendSpec) -> str:
    return sha256(dumps(spec.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()
