"""All of it together: what the watch tells goes into the stores, keys go through one queue, workers work."""

import asyncio
import logging
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, Final

from project_operator.api.marks import cluster_digest
from project_operator.backends.registry import Registry
from project_operator.errors import KubeError
from project_operator.kube.resources import (
    CLUSTER_IDENTITY_BACKENDS,
    IDENTITY_BACKENDS,
    NAMESPACES,
    PROJECTS,
    SECRETS,
    Resource,
)
from project_operator.kube.sink import Identity
from project_operator.observability.hooks import Census, Hooks, QueueWaited, ReconcileFinished, RetryScheduled
from project_operator.reconcile.actions import Notice, Poll
from project_operator.reconcile.evidence import Observation
from project_operator.reconcile.view import Cadence, Cluster
from project_operator.runtime import standing
from project_operator.runtime.backend_kinds import BACKEND_RESOURCES
from project_operator.runtime.backend_objects import BackendWorker
from project_operator.runtime.backend_views import BackendViews
from project_operator.runtime.clock import Clock
from project_operator.runtime.connecting import Connector, Surround
from project_operator.runtime.connections import Connection
from project_operator.runtime.gathering import Gatherer
from project_operator.runtime.handover import Handover
from project_operator.runtime.hierarchy import Hierarchy
from project_operator.runtime.holding import Holder
from project_operator.runtime.keys import Key
from project_operator.runtime.leadership import Leadership
from project_operator.runtime.missing_backends import MissingBackends
from project_operator.runtime.ports import Kube, Publish
from project_operator.runtime.projects import ProjectWorker, rests_on_others
from project_operator.runtime.queue import Class, WorkQueue
from project_operator.runtime.rounds import Rounds
from project_operator.runtime.store import References, Store
from project_operator.runtime.stored import part
from project_operator.runtime.sweeper import Sweeper
from project_operator.runtime.urgency import class_after_read, class_of, somebody_waits
from project_operator.runtime.workers import Workers

logger = logging.getLogger(__name__)

COUNTED_EVERY: Final = 1.0
"""Seconds between two counts of the Projects that a backend object waits for."""
KINDS: Final = (PROJECTS, IDENTITY_BACKENDS, CLUSTER_IDENTITY_BACKENDS, SECRETS, NAMESPACES)


class Engine:
    """Implements `kube.sink.Sink`. Start it before the watch, stop it after."""

    def __init__(  # noqa: PLR0913 - every port and setting, by name
        self,
        *,
        kube: Kube,
        registry: Registry,
        surround: Surround,
        clock: Clock,
        cluster: Cluster,
        default_backend: str,
        default_backend_kind: str = IDENTITY_BACKENDS.kind,
        send_validity: float,
        cadence: Cadence,
        publish: Publish,
        hooks: Hooks,
        workers: int,
        leadership: Leadership,
    ) -> None:
        self._clock = clock
        self._hooks = hooks
        self._publish = publish
        self._leadership = leadership
        self._rounds = Rounds()
        self._all_seen = False
        self._stores = {resource.plural: Store(resource.plural, by_label=resource == SECRETS) for resource in KINDS}
        self._references = References(default_backend, default_backend_kind)
        self._queue: WorkQueue[Key] = WorkQueue(lane_of=self._lane_of, width=workers)
        self._workers = Workers(self._queue, self._work_on, least=workers)
        self._hierarchy = Hierarchy(
            self._stores[PROJECTS.plural], self._references.place_of, lambda keys: self.wake(keys, routine=False)
        )
        objects = {plural: self._stores[plural] for plural in BACKEND_RESOURCES}
        secrets = self._stores[SECRETS.plural]
        self._holder = Holder(kube, objects, secrets)
        self._backends = BackendWorker(
            kube=kube,
            objects=objects,
            connector=Connector(
                kube=kube,
                secrets=secrets,
                registry=registry,
                surround=surround,
                owner=self,
                clock=clock,
                hooks=hooks,
                tell=self._tell_of_backend,
                users_of=self.users_of,
                leadership=leadership,
            ),
            holder=self._holder,
            users=self,
            clock=clock,
            publish=publish,
            hooks=hooks,
            new_sweeper=lambda: Sweeper(
                kube,
                self._stores[PROJECTS.plural],
                clock,
                cluster_digest(cluster.id),
                restores=cluster.restores,
            ),
            send_validity=send_validity,
            leadership=leadership,
        )
        self._views = BackendViews(
            objects=objects,
            namespaces=self._stores[NAMESPACES.plural],
            references=self._references,
            registry=registry,
            entry_of=self._backends.entry,
            missing=MissingBackends(kube, clock, lambda resource, raw: self.observe(resource, None, raw)),
            send_validity=send_validity,
        )
        self._gatherer = Gatherer(
            kube=kube,
            references=self._references,
            hierarchy=self._hierarchy,
            backends=self._views,
            clock=clock,
            cluster=cluster,
            cadence=cadence,
        )
        self._projects = ProjectWorker(
            kube=kube,
            store=self._stores[PROJECTS.plural],
            references=self._references,
            hierarchy=self._hierarchy,
            gatherer=self._gatherer,
            clock=clock,
            publish=publish,
            hooks=hooks,
            leadership=leadership,
            unit_of=self._views.unit_of,
            find_backend=self._views.find_for,
            vendor_of=self._backends.vendor_of,
            all_seen=lambda: self._all_seen,
        )
        self.handover = Handover(
            stores=self._stores,
            leadership=leadership,
            references=self._references,
            unit_of=self._views.unit_of,
            rounds=self._rounds,
            stand_down=self._backends.stand_down,
            look_at=self._queue.add,
        )

    def start(self) -> None:
        """Begin to work."""
        self._workers.start()

    async def stop(self, grace: float) -> None:
        """Begin nothing more; what is under way has ``grace`` seconds, then it stays as the objects record it."""
        self._queue.close()
        await self._workers.stop(grace)
        self.handover.stop()
        await self._backends.aclose()

    def tasks(self) -> list[asyncio.Task[None]]:
        """Everything that runs: workers and observers."""
        return [*self._workers.tasks(), *self._backends.tasks()]

    # What the watch tells (kube.sink.Sink).

    def observe(self, resource: Resource, event_type: str | None, raw: Mapping[str, Any]) -> None:
        """One object as the API server showed it."""
        key = Key.of(resource.plural, raw)
        store = self._stores[resource.plural]
        if event_type == "DELETED":
            store.drop(key, raw)
        elif not store.put(raw):
            return
        if resource.plural in {SECRETS.plural, NAMESPACES.plural}:
            self._wake_dependents(key)
            return
        if resource.plural == PROJECTS.plural:
            self._note_project(key)
        elif event_type in {None, "ADDED", "DELETED"}:
            self.wake(self._references.referring(key.place), routine=True)
        self._queue.add(key, class_of(raw))

    def sweep(self, resource: Resource, live: set[Identity], version: int) -> None:
        """What is known and not listed is looked at again, live."""
        if resource.plural == PROJECTS.plural:
            self._gatherer.keep_namespaces({namespace for namespace, _, _ in live})
            if not self._all_seen:
                self._see_all()
        for key in self._stores[resource.plural].absent_from(live, version):
            if resource.plural == PROJECTS.plural:
                self._projects.doubt(key)
                self._queue.add(key, Class.ROUTINE)
                continue
            self._stores[resource.plural].drop(key)
            if resource.plural in BACKEND_RESOURCES:
                self._queue.add(key, Class.ROUTINE)
            else:
                self._wake_dependents(key)

    def _see_all(self) -> None:
        """Every Project there was is known from now on: what rests on that goes on."""
        self._all_seen = True
        for plural in BACKEND_RESOURCES:
            self.wake(self._stores[plural].keys(), routine=True)
        projects = self._stores[PROJECTS.plural].values()
        self.wake((Key.of(PROJECTS.plural, raw) for raw in projects if rests_on_others(raw)), routine=False)

    def behind(self, resource: Resource, versions: Mapping[Identity, int]) -> set[Identity]:
        """What was listed and is not known, or not in that state."""
        return self._stores[resource.plural].behind(versions)

    def definition_gone(self, resource: Resource) -> None:
        """The kind is no longer served: forget its objects, and do nothing else (I14)."""
        store = self._stores[resource.plural]
        for key in list(store.keys()):
            store.drop(key)
            if resource.plural == PROJECTS.plural:
                self._projects.note(key)
                self._projects.forget(key)
            elif resource.plural in BACKEND_RESOURCES:
                self._queue.add(key, Class.ROUTINE)

    # What connections and backend objects ask (runtime.connections.Owner, runtime.backend_objects.Users).

    def named(self, endpoint_id: str) -> tuple[frozenset[str], frozenset[str]]:
        """Ids that statuses name there, and those of them whose vanishing is no surprise."""
        return self._references.named(endpoint_id)

    def has_read(self, key: Key, poll: Poll, observation: Observation) -> None:
        """The single read that ``poll`` asked for ``key`` was answered: look at it again."""
        self._projects.remember_read(key, poll.project_id, observation, poll.group_ids)
        self._queue.add(key, class_after_read(self._stores[key.plural].of(key)))

    def wake(self, keys: Iterable[Key], *, routine: bool) -> None:
        """Look at these again. ``routine``: nobody waits for it, but for those that are not made or answered yet."""
        for key in keys:
            waits = not routine or somebody_waits(self._stores[key.plural].of(key))
            self._queue.add(key, Class.CHANGED if waits else Class.ROUTINE)

    def holders(self, endpoint_id: str, project_id: str) -> Iterable[Key]:
        """The Projects that name a remote project."""
        return self._references.holders(endpoint_id, project_id)

    def wake_owner(self, uid: str) -> None:
        """Look again at the Project of that uid, if it lives."""
        if (key := self._references.of_uid(uid)) is not None:
            self._queue.add(key, Class.ROUTINE)

    def users_of(self, key: Key) -> int | None:
        """How many Projects still need a backend object; None: not all have been seen yet."""
        return self._references.using(key.place) if self._all_seen else None

    def rules_changed(self, key: Key) -> None:
        """Who refers to it is judged anew."""
        self.wake(self._references.referring(key.place), routine=True)

    def connection_changed(self, connection: Connection) -> None:
        """Its object says so, and who waits for it goes on."""
        self._queue.add(connection.key)
        if connection.not_ready is None:
            self.wake(self._references.referring(connection.key.place), routine=True)

    def connection_says(self, connection: Connection) -> None:
        """Its object says so."""
        self._queue.add(connection.key, Class.ROUTINE)

    def census(self) -> Census:
        """How things stand, for the gauges."""
        tally = standing.tally(self._stores[PROJECTS.plural].values())
        led, replicas = self._leadership.standing()
        return Census(
            queue_depth={cls.name.lower(): self._queue.depth(cls) for cls in Class},
            queue_oldest_seconds={cls.name.lower(): self._queue.age(cls) for cls in Class},
            projects=tally.projects,
            not_ready=tally.not_ready,
            drifted=tally.drifted,
            connections=self._backends.census(),
            breakers=self._backends.breakers(),
            credential_expiries=self._backends.credential_expiries(),
            units=sum(1 for _ in self.handover.units()),
            led=led,
            replicas=replicas,
        )

    def _tell_of_backend(self, key: Key, notice: Notice) -> None:
        """See `connecting.Tell`."""
        if (raw := self._stores[key.plural].of(key)) is not None:
            self._publish(raw, notice)
        self._queue.add(key, Class.ROUTINE)

    def _note_project(self, key: Key) -> None:
        gone = self._stores[PROJECTS.plural].of(key) is None
        places = self._references.backends_of(key) if gone else frozenset()
        self._projects.note(key)
        for place in places:
            backend = self._views.at(place)
            if backend is not None and "deletionTimestamp" in backend["metadata"]:
                self._one_less(Key.of(place.plural, backend))

    def _one_less(self, backend: Key) -> None:
        """A Project is gone that needed an object which is to go. The last one is waited for; how many there are is
        said now and then.
        """
        if self.users_of(backend):
            self._queue.add_after(backend, COUNTED_EVERY)
        else:
            self._queue.add(backend, Class.ROUTINE)

    def _wake_dependents(self, key: Key) -> None:
        """A Secret changed, or a namespace, which has labels that selectors are about."""
        if key.plural == SECRETS.plural:
            for user in self._holder.uses_secret(key.namespace, key.name):
                self._queue.add(user)
        else:
            self.wake(self._references.tenants(key.name), routine=True)

    def _of(self, key: Key) -> tuple[ProjectWorker | BackendWorker, str]:
        """Who works on it, and the unit of leadership that this belongs to."""
        if key.plural == PROJECTS.plural:
            return self._projects, self._projects.unit_of(key)
        return self._backends, key.uid

    def _lane_of(self, key: Key) -> Hashable:
        """Projects share the lane of their backend; each backend object has one of its own, so that its status can be
        written while its Projects are held up.
        """
        if key.plural != PROJECTS.plural:
            return key
        raw = self._stores[PROJECTS.plural].of(key)
        if raw is None:
            return self._projects.backend_of(key)
        return self._references.place_of(key.namespace, part(raw, "spec", "backendRef"))

    def _outcome(self, key: Key, unit: str) -> str:
        """What a look at ``key`` came to, in a word of `families.OUTCOMES`."""
        raw = self._stores[key.plural].of(key)
        others = raw is not None and self._leadership.term(unit) is None
        return "standby" if others else standing.outcome(raw)

    async def _work_on(self, key: Key) -> None:
        self._hooks.emit(QueueWaited(*self._queue.waited(key)))
        begun = self._clock.now()
        again: float | None = None
        outcome = "error"
        try:
            worker, unit = self._of(key)
            with self._rounds.one(unit):
                again = await worker.work(key)
            outcome = self._outcome(key, unit)
        except KubeError as error:
            again = 5.0
            self._hooks.emit(RetryScheduled("api_server", type(error).__name__))
            logger.warning("%s: %s", key, error)
        except Exception:
            again = 30.0
            logger.exception("%s: a defect of the operator; trying again in 30 s", key)
        finally:
            self._queue.done(key)
        self._hooks.emit(ReconcileFinished(key.plural, outcome, self._clock.now() - begun))
        if again is not None:
            self._queue.add_after(key, again)
