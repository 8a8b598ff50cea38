"""Connections to backends for a look: with the credential that the operator uses, and without the right to write.

The Secrets are read as the operator reads them, a credential that replaced itself included. Nothing is written to the
API server, so no credential is replaced either: one that works a single time cannot be used here, and says so.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol

from pydantic import ValidationError

from project_operator.api.conditions import Reason
from project_operator.api.problems import describe_problems
from project_operator.backends import registry
from project_operator.backends.addresses import AddressRules
from project_operator.backends.calls import TransportSettings
from project_operator.backends.registry import Registry
from project_operator.backends.vendor import Surroundings
from project_operator.cli.rehearsal import without_writes
from project_operator.cli.session import BackendObject, Session
from project_operator.errors import KubeError, KubeForbidden
from project_operator.kube.api import KubeApi
from project_operator.kube.cluster_addresses import learn
from project_operator.kube.resources import SECRETS, Resource
from project_operator.observability.hooks import FanOut
from project_operator.reconcile.actions import Poll
from project_operator.reconcile.evidence import Observation
from project_operator.reconcile.view import Verdict
from project_operator.runtime.backend_kinds import parse_backend
from project_operator.runtime.clock import SystemClock
from project_operator.runtime.connecting import Connector, Entry, Surround
from project_operator.runtime.connections import Connection
from project_operator.runtime.keys import Key
from project_operator.runtime.leadership import Alone
from project_operator.runtime.limiter import Limiter
from project_operator.runtime.store import Store


class ReadOnly:
    """The API server for whoever must not write. Implements `runtime.ports.Kube`."""

    def __init__(self, api: KubeApi) -> None:
        self._api = api

    async def get(self, resource: Resource, namespace: str | None, name: str) -> dict[str, Any]:
        """Live read. Whoever looks may have other rights than the operator: what is forbidden says nothing of that."""
        try:
            return await self._api.get(resource, namespace, name)
        except KubeForbidden as error:
            raise KubeError(str(error), status=error.status) from error

    async def list(
        self, resource: Resource, namespace: str | None = None, *, metadata_only: bool = False
    ) -> list[dict[str, Any]]:
        """Live listing."""
        return await self._api.list(resource, namespace, metadata_only=metadata_only)

    async def patch(
        self,
        resource: Resource,
        obj: Mapping[str, Any],
        changes: Mapping[str, Any],  # noqa: ARG002 - the port's signature
        *,
        subresource: str = "",
    ) -> dict[str, Any]:
        """Refused."""
        raise KubeForbidden(f"patch of {resource.plural}/{subresource or obj['metadata']['name']}: this only reads")

    async def create(self, resource: Resource, namespace: str | None, body: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - the port's signature
        """Refused."""
        raise KubeForbidden(f"creation in {resource.plural}: this only reads")


class Nobody:
    """Owns connections that nobody observes. Implements `connections.Owner`."""

    def named(self, endpoint_id: str) -> tuple[frozenset[str], frozenset[str]]:  # noqa: ARG002 - the port's signature
        """None."""
        return frozenset(), frozenset()

    def has_read(self, key: Key, poll: Poll, observation: Observation) -> None:
        """Nobody asked."""

    def wake(self, keys: Iterable[Key], *, routine: bool) -> None:
        """Nobody sleeps."""

    def holders(self, endpoint_id: str, project_id: str) -> Iterable[Key]:  # noqa: ARG002 - the port's signature
        """None."""
        return ()

    def wake_owner(self, uid: str) -> None:
        """Nobody sleeps."""

    def connection_changed(self, connection: Connection) -> None:
        """Nobody is to be told."""

    def connection_says(self, connection: Connection) -> None:
        """Nobody is to be told."""


async def surround(session: Session) -> Surround:
    """The bounds of the operator's settings for every connection: schemes, and addresses.

    Raises:
        KubeUnavailable: the API server could not be asked where the cluster is.
    """
    settings = session.settings
    cluster = await learn(
        session.api,
        service_ranges=settings.service_ranges,
        pod_ranges=settings.pod_ranges,
        read_nodes=settings.read_nodes,
    )
    transport = TransportSettings(
        allow_http=settings.allow_http,
        addresses=AddressRules(
            allowed=settings.allowed_addresses, denied=settings.denied_addresses, cluster=lambda: cluster
        ),
    )

    def around(limiter: Limiter) -> Surroundings:
        return Surroundings(transport=transport, admission=limiter)

    return around


class Opens(Protocol):
    """What gives connections: an `Opener`."""

    async def open(self, backend: BackendObject) -> Connection | Verdict:
        """See `Opener.open`."""


class Opener:
    """Opens connections, one for each backend object that is asked for; close it at the end."""

    def __init__(self, session: Session, kinds: Registry, around: Surround) -> None:
        clock = SystemClock()
        self._leadership = Alone(clock)
        self._connector = Connector(
            kube=ReadOnly(session.api),
            secrets=Store(SECRETS.plural, by_label=True),
            registry=kinds,
            surround=around,
            owner=Nobody(),
            clock=clock,
            hooks=FanOut(),
            tell=lambda _key, _notice: None,
            users_of=lambda _key: 0,
            leadership=self._leadership,
        )
        self._entries: list[Entry] = []

    async def open(self, backend: BackendObject) -> Connection | Verdict:
        """The connection, or why there is none. Its ``connect`` proved URL, certificate, credential and organization.

        Raises:
            KubeError: a Secret could not be looked for.
        """
        try:
            parsed = parse_backend(backend.resource.plural, backend.raw)
        except ValidationError as error:
            return Verdict(Reason.INVALID_SPEC, describe_problems(error))
        entry = Entry(term=self._leadership.term(backend.uid), spec=parsed.spec)
        self._entries.append(entry)
        await self._connector.open(Key.of(backend.resource.plural, backend.raw), entry, parsed)
        return entry.connection or entry.verdict or Verdict(Reason.PROGRESSING, "not connected")

    async def aclose(self) -> None:
        """Close every connection."""
        for entry in self._entries:
            await entry.close()


@asynccontextmanager
async def opener(session: Session) -> AsyncIterator[Opener]:
    """An opener of connections that send no write, closed at the end."""
    made = Opener(session, without_writes(registry.shipped()), await surround(session))
    try:
        yield made
    finally:
        await made.aclose()


def vendor_of(backend: BackendObject) -> str:
    """What people call the kind of backend that an object is for."""
    try:
        spec = parse_backend(backend.resource.plural, backend.raw).spec
    except ValidationError:
        return "?"
    return registry.shipped().vendor_of(spec).title
