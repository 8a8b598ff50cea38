"""The worker for Projects: gathers the view, carries out what was decided, and comes back until it may rest."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from pydantic import ValidationError

from project_operator.api import names
from project_operator.api.marks import Mark
from project_operator.api.problems import describe_problems
from project_operator.api.v1alpha1.project import Project, ProjectSpec, ProjectStatus
from project_operator.errors import BackendError, KubeConflict, KubeError, KubeNotFound, ProjectNotFound, RightExpired
from project_operator.kube.merge import merge_patch
from project_operator.kube.resources import DEFINITIONS, NAMESPACES, PROJECTS, Resource
from project_operator.reconcile import absorb
from project_operator.reconcile import actions as act
from project_operator.reconcile.absorb import Moment
from project_operator.reconcile.backoff import delay
from project_operator.reconcile.decide import decide
from project_operator.reconcile.evidence import NEVER, Observation
from project_operator.reconcile.memory import Memory
from project_operator.reconcile.record import Timing
from project_operator.reconcile.removal import vanished
from project_operator.reconcile.view import BackendView, Cadence, Verdict, View, record_of
from project_operator.runtime.clock import Clock
from project_operator.runtime.connections import Connection
from project_operator.runtime.keys import Key
from project_operator.runtime.store import References, Store

logger = logging.getLogger(__name__)

STEPS_AT_ONCE: Final = 40
"""A key that acts more often without resting gives way to others; far more than any legal sequence needs."""


class Kube(Protocol):
    """What the worker asks of the API server."""

    async def get(self, resource: Resource, namespace: str | None, name: str) -> dict[str, Any]:
        """Live read."""

    async def patch(
        self, resource: Resource, obj: Mapping[str, Any], changes: Mapping[str, Any], *, subresource: str = ""
    ) -> dict[str, Any]:
        """Guarded write (R1)."""

    async def list(
        self, resource: Resource, namespace: str | None = None, *, metadata_only: bool = False
    ) -> list[dict[str, Any]]:
        """Live listing."""


class Backends(Protocol):
    """Where a Project's backend is found."""

    def view_for(self, project: Project) -> tuple[BackendView | Verdict, Connection | None, Timing]:
        """The backend that ``project`` refers to, as far as it can be used, with its connection and time bounds."""


Publish = Callable[[Mapping[str, Any], act.Notice], None]


class ProjectWorker:
    """Works on one key at a time for as many callers as there are; what must survive between rounds is in ``memories``."""

    def __init__(
        self,
        *,
        kube: Kube,
        store: Store,
        references: References,
        backends: Backends,
        clock: Clock,
        cluster_id: str,
        cadence: Cadence,
        publish: Publish,
    ) -> None:
        self._kube = kube
        self._store = store
        self._references = references
        self._backends = backends
        self._clock = clock
        self._cluster_id = cluster_id
        self._cadence = cadence
        self._publish = publish
        self._started_at = clock.now()
        self._memories: dict[Key, Memory] = {}
        self._must_read: set[Key] = set()
        self._kube_failures: dict[Key, int] = {}
        self._connections: dict[Key, Connection] = {}
        self._namespace_uids: dict[str, str] = {}
        self._definition = (NEVER, False)

    def remember_read(self, key: Key, project_id: str, observation: Observation) -> None:
        """The observer read for ``key``."""
        if (memory := self._memories.get(key)) is not None:
            self._memories[key] = absorb.read(memory, project_id, observation.project, begun_at=observation.begun_at)

    def doubt(self, key: Key) -> None:
        """Read ``key`` live before anything else is decided about it."""
        self._must_read.add(key)

    def forget(self, key: Key) -> None:
        """The object is gone and nothing of it is left to do."""
        self._memories.pop(key, None)
        self._connections.pop(key, None)
        self._must_read.discard(key)
        self._kube_failures.pop(key, None)

    async def work(self, key: Key) -> float | None:
        """Do all that can be done now for ``key``; seconds until it should be looked at again, None if only an event
        can change anything.
        """
        try:
            for _ in range(STEPS_AT_ONCE):
                if key in self._must_read:
                    await self._refresh(key)
                    self._must_read.discard(key)
                raw = self._store.of(key)
                if raw is None:
                    return await self._vanished(key)
                view, connection = await self._gather(key, raw)
                action = decide(view)
                if isinstance(action, act.Rest):
                    await self._write_if_different(key, raw, action)
                    return self._rest(key, view, connection, action)
                if isinstance(action, act.Forget):
                    return None
                await self._carry_out(key, raw, view, connection, action)
        except KubeConflict:
            self._must_read.add(key)
            return 0.0
        except KubeNotFound:
            self._must_read.add(key)
            return 0.0
        except KubeError as error:
            return self._api_server_failed(key, error)
        logger.warning("%s: %d steps without rest; giving way to others", key, STEPS_AT_ONCE)
        return 1.0

    async def _gather(self, key: Key, raw: Mapping[str, Any]) -> tuple[View, Connection | None]:
        project, invalid = parse_project(raw)
        namespace_uid = await self._namespace_uid(key.namespace)
        backend, connection, timing = self._backends.view_for(project)
        now, wall = self._clock.now(), self._clock.wall()
        record = record_of(project)
        memory = self._memories.get(key) or Memory.first_sight(record, now)
        memory = memory.facing(record, now=now, wall=wall, timing=timing, jitter=self._clock.jitter())
        memory = memory.asked(project.metadata.annotations.get(names.RECONCILE_ANNOTATION), now=now)
        self._memories[key] = memory
        if connection is not None:
            self._connections[key] = connection
        checked_at, terminating = self._definition
        view = View(
            now=now,
            wall=datetime.fromtimestamp(wall, tz=UTC),
            started_at=self._started_at,
            project=project,
            mark=str(
                Mark.of(
                    cluster_id=self._cluster_id,
                    namespace=key.namespace,
                    name=key.name,
                    namespace_uid=namespace_uid,
                    uid=key.uid,
                )
            ),
            timing=timing,
            backend=backend,
            memory=memory,
            token=self._clock.token(),
            cadence=self._cadence,
            invalid=invalid,
            rivals=self._rivals(key, project, backend),
            definition_checked_at=checked_at,
            definition_terminating=terminating,
        )
        return view, connection

    def _rivals(self, key: Key, project: Project, backend: BackendView | Verdict) -> tuple[str, ...]:
        wish = project.spec.import_
        project_id = project.status.id or (wish.id if wish is not None else None)
        if project_id is None or not isinstance(backend, BackendView):
            return ()
        holders = self._references.holders(backend.endpoint_id, project_id) - {key}
        return tuple(sorted(f"{holder.namespace}/{holder.name}" for holder in holders))

    async def _carry_out(
        self, key: Key, raw: Mapping[str, Any], view: View, connection: Connection | None, action: act.Action
    ) -> None:
        asked_at, asked_wall = self._clock.now(), self._clock.wall()

        def moment() -> Moment:
            return Moment(
                asked_at,
                asked_wall,
                self._clock.now(),
                self._clock.jitter(),
                view.project.metadata.generation,
                connection.revision if connection is not None else "",
            )

        memory = view.memory
        match action:
            case act.AddFinalizer():
                finalizers = [*view.project.metadata.finalizers, names.FINALIZER]
                annotations = {names.BACKEND_ANNOTATION: action.backend_annotation}
                changes = {"metadata": {"finalizers": finalizers, "annotations": annotations}}
                project = await self._patch(key, raw, changes)
                self._memories[key] = absorb.finalizer_added(memory, action, record_of(project), moment())
            case act.RemoveFinalizer():
                finalizers = [name for name in view.project.metadata.finalizers if name != names.FINALIZER]
                changes = {"metadata": {"finalizers": finalizers, "annotations": {names.BACKEND_ANNOTATION: None}}}
                await self._patch(key, raw, changes)
                if action.notice is not None:
                    self._publish(raw, action.notice)
            case act.WriteStatus():
                changes = {"status": merge_patch(raw.get("status") or {}, action.status.to_wire())}
                project = await self._patch(key, raw, changes, subresource="status")
                operation = view.project.status.operation
                was_updating = operation is not None and operation.type == "Update"
                self._memories[key] = absorb.status_written(
                    memory, action, record_of(project), moment(), was_updating=was_updating
                )
                if action.notice is not None:
                    self._publish(raw, action.notice)
            case act.CheckDefinition():
                self._definition = (asked_at, await self._definition_is_leaving())
            case _:
                if connection is None:
                    raise AssertionError("a decision to call the backend rests on a connection")
                self._memories[key] = await self._call(view, connection, action, moment)

    async def _call(
        self, view: View, connection: Connection, action: act.Action, moment: Callable[[], Moment]
    ) -> Memory:
        """One call to the backend, and what its end means."""
        memory, backend = view.memory, connection.backend
        begun_at = self._clock.now()
        try:
            match action:
                case act.Create():
                    check = self._send_check(action, view.timing)
                    project = await backend.create_project(action.content, before_send=check)
                    connection.named(project.id)
                    memory = absorb.created(memory, project, moment())
                case act.Update():
                    await backend.update_project(action.current, action.content, before_send=_always)
                    memory = absorb.updated(memory, action, moment())
                case act.Delete():
                    await backend.delete_project(action.project_id, before_send=_always)
                    memory = absorb.deleted(memory, action, moment())
                case act.Read():
                    memory = await self._read(memory, connection, action, begun_at)
                case act.ReadGroups():
                    await connection.read_groups(action.after)
                case act.VerifyReadAccess():
                    await backend.verify_read_access()
                    connection.observer.read_verified_at = begun_at
                case _:
                    raise AssertionError(f"not a call to the backend: {action}")
        except BackendError as error:
            if not isinstance(error, RightExpired):
                connection.failed(error)
                logger.warning("%s %s: %s", view.project.metadata.namespace, view.project.metadata.name, error)
            match action:
                case act.Create():
                    return absorb.create_failed(memory, action, error, moment())
                case act.Update():
                    return absorb.update_failed(memory, action, error, moment())
                case act.Delete():
                    return absorb.delete_failed(memory, action, error, moment())
                case _:
                    return absorb.failed(memory, error, moment())
        connection.answered()
        return memory

    @staticmethod
    async def _read(memory: Memory, connection: Connection, action: act.Read, begun_at: float) -> Memory:
        try:
            project = await connection.backend.get_project(action.project_id)
        except ProjectNotFound:
            project = None
        connection.note_read(action.project_id, project)
        return absorb.read(memory, action.project_id, project, begun_at=begun_at)

    def _send_check(self, action: act.Create, timing: Timing) -> Callable[[], None]:
        """R2, step 2: the last thing that happens before the bytes leave."""

        def check() -> None:
            if not action.right.holds(now=self._clock.now(), wall=self._clock.wall(), timing=timing):
                raise RightExpired(
                    "the permission to create was older than its validity when the request could be sent"
                )

        return check

    async def _write_if_different(self, key: Key, raw: Mapping[str, Any], action: act.Rest) -> None:
        """Settled objects are never written again."""
        changes = merge_patch(raw.get("status") or {}, action.status.to_wire()) if action.status is not None else {}
        if not changes:
            return
        await self._patch(key, raw, {"status": changes}, subresource="status")
        if action.notice is not None:
            self._publish(raw, action.notice)

    def _rest(self, key: Key, view: View, connection: Connection | None, action: act.Rest) -> float | None:
        memory = self._memories[key]
        if connection is not None:
            if action.poll is not None:
                connection.observer.want(key, action.poll)
                self._memories[key] = replace(memory, polls=memory.polls + 1)
            else:
                connection.observer.drop(key)
                if not view.project.metadata.deleting and action.wake_in is None:
                    self._settled(key, view, connection)
        return action.wake_in

    def _settled(self, key: Key, view: View, connection: Connection) -> None:
        """Nothing is left to do: the observer wakes this key when its project looks different."""
        project_id = view.record.id
        self._memories[key] = replace(self._memories[key], polls=0, updates=0, failures=0, failure=None)
        listing = connection.observer.listing
        shown = listing.by_id.get(project_id) if listing is not None else None
        direct = view.memory.reads.get(project_id)
        if (
            direct is not None
            and direct.project is not None
            and (listing is None or direct.begun_at > listing.begun_at)
        ):
            shown = direct.project
        if shown is not None:
            connection.observer.settled_on(project_id, shown)

    async def _vanished(self, key: Key) -> float | None:
        """R8: what was made for an object that is gone, and could not be named, is deleted at once."""
        memory = self._memories.get(key)
        if memory is not None and isinstance(action := vanished(memory), act.Delete):
            return await self._delete_unnamed(key, memory, action)
        self.forget(key)
        return None

    async def _delete_unnamed(self, key: Key, memory: Memory, action: act.Delete) -> float | None:
        connection = self._connections.get(key)
        if connection is None:
            logger.error(
                "%s is gone, and so is its backend: project %s, made for it, is left over", key, action.project_id
            )
            self.forget(key)
            return None
        try:
            await connection.backend.delete_project(action.project_id, before_send=_always)
        except BackendError as error:
            connection.failed(error)
            self._memories[key] = replace(memory, failures=memory.failures + 1)
            return delay(memory.failures + 1, jitter=self._clock.jitter(), retry_after=error.retry_after)
        logger.warning("%s was deleted while its project was made; project %s is deleted again", key, action.project_id)
        self.forget(key)
        return None

    async def _patch(
        self, key: Key, raw: Mapping[str, Any], changes: Mapping[str, Any], *, subresource: str = ""
    ) -> Project:
        answer = await self._kube.patch(PROJECTS, raw, changes, subresource=subresource)
        self._kube_failures.pop(key, None)
        self._store.put(answer)
        # What the store believes, not the answer: the watch may have said meanwhile that the object is gone.
        self._references.note(key, self._store.of(key))
        return parse_project(answer)[0]

    async def _refresh(self, key: Key) -> None:
        """R1: after a conflict or a lost answer, a live read."""
        try:
            raw = await self._kube.get(PROJECTS, key.namespace, key.name)
        except KubeNotFound:
            self._store.drop(key)
            self._references.note(key, None)
            return
        if raw["metadata"]["uid"] != key.uid:
            # Another object of the name; the watch will bring it, and queue it.
            self._store.drop(key)
            self._references.note(key, None)
            return
        self._store.put(raw)
        self._references.note(key, self._store.of(key))

    def _api_server_failed(self, key: Key, error: KubeError) -> float:
        """A write without an answer gives no right and proves nothing: read again before anything else."""
        self._must_read.add(key)
        failures = self._kube_failures[key] = self._kube_failures.get(key, 0) + 1
        pause = delay(failures, jitter=self._clock.jitter(), retry_after=error.retry_after)
        logger.warning("%s: the API server: %s; trying again in %.1f s", key, error, pause)
        return pause

    async def _definition_is_leaving(self) -> bool:
        """I14, live: whether our CRD is being deleted, or no longer served."""
        try:
            raw = await self._kube.get(DEFINITIONS, None, f"{names.PROJECT_PLURAL}.{names.GROUP}")
        except KubeNotFound:
            return True
        return "deletionTimestamp" in raw["metadata"]

    async def _namespace_uid(self, namespace: str) -> str:
        if (known := self._namespace_uids.get(namespace)) is not None:
            return known
        raw = await self._kube.get(NAMESPACES, None, namespace)
        uid = self._namespace_uids[namespace] = str(raw["metadata"]["uid"])
        return uid


def parse_project(raw: Mapping[str, Any]) -> tuple[Project, str]:
    """The Project in ``raw`` and "", or one with an empty spec and what is wrong with the real one."""
    try:
        return Project.parse(raw), ""
    except ValidationError as error:
        problems = describe_problems(error)
        plain = {"metadata": raw["metadata"], "spec": {}}
        project = Project.parse(plain)
        return project.model_copy(
            update={"status": ProjectStatus.parse(raw.get("status")), "spec": ProjectSpec()}
        ), problems


def _always() -> None:
    """Updates and deletions stand on a guarded write of this process (R9, R10); with one process there is nothing more
    to check.
    """
