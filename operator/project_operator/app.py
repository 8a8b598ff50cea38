"""The composition root, the only module that knows every part: from settings to a running operator, and to silence."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any, TypeVar

from project_operator import __version__
from project_operator.api.marks import cluster_digest
from project_operator.backends import registry
from project_operator.backends.addresses import AddressRules, ClusterAddresses
from project_operator.backends.calls import TransportSettings
from project_operator.backends.vendor import Surroundings
from project_operator.errors import ConfigurationError, KubeError, KubeForbidden, TaskEnded
from project_operator.handlers.watch import UNSEEN, Rhythm, check_of, serve
from project_operator.kube.access import ClusterAccess, load_access
from project_operator.kube.api import KubeApi
from project_operator.kube.cluster_addresses import learn, open_to_backends
from project_operator.kube.events import EventWriter
from project_operator.kube.resources import (
    CLUSTER_IDENTITY_BACKENDS,
    IDENTITY_BACKENDS,
    NAMESPACES,
    PROJECTS,
    SECRETS,
    Resource,
)
from project_operator.observability.health import HealthServer, Readiness
from project_operator.observability.hooks import Census, EventFinished, KubeCall
from project_operator.observability.metrics import Metrics
from project_operator.reconcile.actions import Notice
from project_operator.reconcile.backoff import delay
from project_operator.reconcile.view import Cadence, Cluster
from project_operator.runtime.clock import SystemClock
from project_operator.runtime.engine import Engine
from project_operator.runtime.leadership import Alone, Leadership
from project_operator.runtime.leases.keeper import CHECK, LeaseKeeper
from project_operator.runtime.leases.tenure import Pace
from project_operator.runtime.limiter import Limiter
from project_operator.settings import Settings

T = TypeVar("T")

log = logging.getLogger(__name__)


async def run(settings: Settings) -> None:
    """Run the operator until SIGTERM or SIGINT.

    Raises:
        ConfigurationError: there is no way to the API server, or a setting does not fit.
        TaskEnded: a part of the operator met a defect.
    """
    access = load_access(settings.kubeconfig, settings.context)
    stop = asyncio.Event()
    own_signals = _signals(stop)
    log.info("project-operator %s; API server %s (%s)", __version__, access.server, access.source)
    operator = Operator(settings, access)
    try:
        await operator.serve(stop, own_signals)
    finally:
        await operator.aclose()
    log.info("stopped")


class Operator:
    """One running operator; the parts, put together."""

    def __init__(self, settings: Settings, access: ClusterAccess) -> None:
        self._settings = settings
        self._engine: Engine | None = None
        self._cluster = ClusterAddresses()
        self._open_to_backends = ""
        self._readiness = Readiness()
        self._metrics = Metrics(self._census)
        self._api = KubeApi(access, on_call=self._on_call)
        self._events = EventWriter(self._api, on_result=lambda result: self._metrics.emit(EventFinished(result)))

    async def serve(self, stop: asyncio.Event, own_signals: Callable[[], None]) -> None:
        """Work until ``stop`` is set; then begin nothing more, and give what is under way the time that the settings
        allow.
        """
        settings = self._settings
        for resources, _ in self._watched():
            for resource in resources:
                # What is asked before them would hold by itself, and the process be taken for ready meanwhile.
                self._readiness.report(check_of(resource), UNSEEN)
        health = HealthServer(
            address=settings.health_address,
            port=settings.health_port,
            readiness=self._readiness,
            metrics=self._metrics.render,
        )
        async with health:
            cluster_id = settings.cluster_id or await self._asked("cluster id", self._kube_system_uid, stop)
            cluster = await self._asked("cluster addresses", self._learn_addresses, stop)
            if cluster_id is None or cluster is None:
                return
            self._cluster = cluster
            keeper = self._new_keeper()
            engine = self._engine = self._new_engine(cluster_id, keeper or Alone(SystemClock()))
            beside = [
                asyncio.create_task(self._events.run(), name="events"),
                asyncio.create_task(self._keep_learning(stop), name="cluster addresses"),
            ]
            if keeper is not None:
                beside.append(asyncio.create_task(keeper.run(engine.handover), name="leases"))
            engine.start()
            resigning = asyncio.create_task(self._resign(keeper, stop), name="resignation")
            watching = asyncio.create_task(self._watch_all(stop, own_signals), name="watches")
            try:
                await _until_stopped(stop, watching, [*beside, *engine.tasks()])
            finally:
                stop.set()
                watching.cancel()
                await asyncio.gather(watching, resigning, return_exceptions=True)
                await engine.stop(settings.shutdown_grace)
                for task in beside:
                    task.cancel()
                await asyncio.gather(*beside, return_exceptions=True)

    async def aclose(self) -> None:
        """Close the connections to the API server."""
        await self._api.aclose()

    async def _resign(self, keeper: LeaseKeeper | None, stop: asyncio.Event) -> None:
        """The moment that we are to stop, while the watches still end, others may go on."""
        await stop.wait()
        if keeper is not None:
            await keeper.resign(self._settings.shutdown_grace)

    def _watched(self) -> list[tuple[list[Resource], Sequence[str]]]:
        """Which kinds are watched in which namespaces; none named = all."""
        settings = self._settings
        watched: list[tuple[list[Resource], Sequence[str]]] = [
            ([PROJECTS, IDENTITY_BACKENDS], settings.namespaces),
            ([SECRETS], settings.secret_namespaces or settings.namespaces),
        ]
        return [*watched, ([CLUSTER_IDENTITY_BACKENDS, NAMESPACES], ())] if settings.cluster_backends else watched

    async def _watch_all(self, stop: asyncio.Event, own_signals: Callable[[], None]) -> None:
        async with asyncio.TaskGroup() as watches:
            for resources, namespaces in self._watched():
                watches.create_task(self._watch(resources, namespaces, stop, own_signals))

    async def _watch(
        self,
        resources: Sequence[Resource],
        namespaces: Sequence[str],
        stop: asyncio.Event,
        own_signals: Callable[[], None],
    ) -> None:
        if self._engine is None:
            raise AssertionError("the engine is made before the watch")
        await serve(
            api=self._api,
            sink=self._engine,
            resources=resources,
            namespaces=namespaces or None,
            stop=stop,
            report=self._readiness.report,
            own_signals=own_signals,
            hooks=self._metrics,
            rhythm=Rhythm(sweep=self._settings.sweep_interval),
        )

    def _new_keeper(self) -> LeaseKeeper | None:
        """What shares the work with other replicas; None where there are none."""
        settings = self._settings
        if not settings.lease_namespace:
            return None
        looked_after = (settings.cluster_id, settings.namespaces, settings.secret_namespaces, settings.cluster_backends)
        return LeaseKeeper(
            api=self._api,
            clock=SystemClock(),
            namespace=settings.lease_namespace,
            pod=socket.gethostname(),
            scope=sha256(repr(looked_after).encode()).hexdigest()[:16],
            pace=Pace(settings.lease_duration),
            ready=lambda: self._readiness.ready_but_for(CHECK),
            report=self._readiness.report,
            hooks=self._metrics,
        )

    def _new_engine(self, cluster_id: str, leadership: Leadership) -> Engine:
        settings = self._settings
        transport = TransportSettings(
            allow_http=settings.allow_http,
            addresses=AddressRules(
                allowed=settings.allowed_addresses, denied=settings.denied_addresses, cluster=lambda: self._cluster
            ),
        )

        def surround(limiter: Limiter) -> Surroundings:
            return Surroundings(transport=transport, admission=limiter)

        return Engine(
            kube=self._api,
            registry=registry.shipped(),
            surround=surround,
            clock=SystemClock(),
            cluster=Cluster(
                cluster_id,
                restores=settings.restore,
                neighbours=frozenset(map(cluster_digest, settings.other_clusters)),
            ),
            default_backend=settings.default_backend,
            default_backend_kind=settings.default_backend_kind,
            send_validity=settings.send_validity,
            cadence=Cadence(fast=settings.poll_fastest, slow=settings.poll_slowest, resync=settings.resync_interval),
            publish=self._publish,
            hooks=self._metrics,
            workers=settings.workers,
            leadership=leadership,
        )

    def _publish(self, obj: Mapping[str, Any], notice: Notice) -> None:
        self._events.publish(obj, notice.reason, notice.action, notice.note)

    def _on_call(self, verb: str, resource: Resource, code: str, seconds: float) -> None:
        self._metrics.emit(KubeCall(verb, resource.plural, code, seconds))

    def _census(self) -> Census:
        return self._engine.census() if self._engine is not None else Census()

    async def _kube_system_uid(self) -> str:
        """The cluster's identity where none is set."""
        try:
            raw = await self._api.get(NAMESPACES, None, "kube-system")
        except KubeForbidden as error:
            raise ConfigurationError(
                f"the namespace kube-system cannot be read ({error}); grant `get` on it, or set "
                "PROJECT_OPERATOR_CLUSTER_ID"
            ) from error
        return str(raw["metadata"]["uid"])

    async def _learn_addresses(self) -> ClusterAddresses:
        """Where no backend may be, as the cluster has it now; a warning where what is left open has changed."""
        settings = self._settings
        found = await learn(
            self._api,
            service_ranges=settings.service_ranges,
            pod_ranges=settings.pod_ranges,
            read_nodes=settings.read_nodes,
        )
        gaps = open_to_backends(found)
        if gaps not in ("", self._open_to_backends):
            log.warning("the ranges of the cluster are not all known: %s", gaps)
        self._open_to_backends = gaps
        return found

    async def _keep_learning(self, stop: asyncio.Event) -> None:
        """Nodes come, ranges are added: read again in the rhythm of the sweeps."""
        while not stop.is_set():
            await asyncio.sleep(self._settings.sweep_interval)
            try:
                self._cluster = await self._learn_addresses()
            except KubeError as error:
                log.warning("the addresses of the cluster stay as they were read before: %s", error)
            except Exception:
                log.exception("the addresses of the cluster stay as they were read before: a defect of the operator")

    async def _asked(self, check: str, ask: Callable[[], Awaitable[T]], stop: asyncio.Event) -> T | None:
        """The answer of the API server, however long it is away; None when told to stop meanwhile."""
        failures = 0
        while not stop.is_set():
            try:
                answer = await ask()
            except KubeError as error:
                failures += 1
                self._readiness.report(check, str(error))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), delay(failures, jitter=0.5))
            else:
                self._readiness.report(check, "")
                return answer
        return None


async def _until_stopped(
    stop: asyncio.Event, watching: asyncio.Task[None], others: Sequence[asyncio.Task[None]]
) -> None:
    """Return when ``watching`` has ended because ``stop`` is set.

    Raises:
        TaskEnded: it, or one of the ``others``, ended by itself: without it the rest would go on as if all were well.
    """
    await asyncio.wait((watching, *others), return_when=asyncio.FIRST_COMPLETED)
    if stop.is_set():
        await asyncio.wait([watching])
    ended = next((task for task in (watching, *others) if task.done()), watching)
    error = None if ended.cancelled() else ended.exception()
    if ended is watching and error is None and stop.is_set():
        return
    cause = "it just ended" if error is None else repr(error)
    log.error("'%s' ended by itself: %s", ended.get_name(), cause, exc_info=error)
    raise TaskEnded(f"a defect: '{ended.get_name()}' ended by itself, so the operator does; the log says how")


def _signals(stop: asyncio.Event) -> Callable[[], None]:
    """Take SIGTERM and SIGINT for ``stop``; the result takes them again, for Kopf does so too."""
    loop = asyncio.get_running_loop()

    def take() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)

    take()
    return take
