"""The worker for Projects: carries out what was decided, step by step, and comes back until it may rest."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from project_operator.api import names
from project_operator.api.v1alpha1.project import Project
from project_operator.api.v1alpha1.project_status import ProjectStatus
from project_operator.errors import BackendError, KubeConflict, KubeError, KubeNotFound, RequestRefused
from project_operator.kube.merge import merge_patch
from project_operator.kube.resources import PROJECTS
from project_operator.observability.hooks import Hooks, ProjectBecameReady, RetryScheduled
from project_operator.reconcile import absorb, removal
from project_operator.reconcile import actions as act
from project_operator.reconcile.absorb import Moment
from project_operator.reconcile.backoff import delay
from project_operator.reconcile.decide import decide
from project_operator.reconcile.evidence import Observation
from project_operator.reconcile.memory import Intent, Memory
from project_operator.reconcile.view import View, record_of
from project_operator.runtime.backend_calls import call, nothing_to_check, watch
from project_operator.runtime.clock import Clock
from project_operator.runtime.connections import Connection
from project_operator.runtime.gathering import Gatherer, parse_project
from project_operator.runtime.hierarchy import Hierarchy
from project_operator.runtime.keys import Key, Place
from project_operator.runtime.leadership import NOBODYS, Leadership, Term
from project_operator.runtime.ports import Kube, Publish
from project_operator.runtime.standing import seconds_to_ready
from project_operator.runtime.store import References, Store
from project_operator.runtime.stored import part, text

logger = logging.getLogger(__name__)

STEPS_AT_ONCE: Final = 40
"""A key that acts more often without resting gives way to others; far more than any legal sequence needs."""


@dataclass(frozen=True, slots=True)
class _Way:
    """How the backend of a Project was last reached."""

    connection: Connection
    deletes: bool
    """Whether it allows deletions."""


class ProjectWorker:
    """Works on one key at a time for as many callers as there are; what must outlive a round is in its memories."""

    def __init__(  # noqa: PLR0913 - every port, by name
        self,
        *,
        kube: Kube,
        store: Store,
        references: References,
        hierarchy: Hierarchy,
        gatherer: Gatherer,
        clock: Clock,
        publish: Publish,
        hooks: Hooks,
        leadership: Leadership,
        unit_of: Callable[[Mapping[str, Any]], str],
        find_backend: Callable[[Mapping[str, Any]], Awaitable[bool]],
        vendor_of: Callable[[Key], str],
        all_seen: Callable[[], bool],
    ) -> None:
        """``unit_of``: the unit of leadership that a raw Project belongs to; ``find_backend``: a live look for its
        backend object where none is known, and whether there is one; ``vendor_of``: the type of a backend object;
        ``all_seen``: whether every Project there was at the start is known.
        """
        self._kube = kube
        self._store = store
        self._references = references
        self._hierarchy = hierarchy
        self._gatherer = gatherer
        self._clock = clock
        self._publish = publish
        self._hooks = hooks
        self._leadership = leadership
        self._unit_of = unit_of
        self._find_backend = find_backend
        self._vendor_of = vendor_of
        self._all_seen = all_seen
        self._memories: dict[Key, Memory] = {}
        self._must_read: set[Key] = set()
        self._kube_failures: dict[Key, int] = {}
        self._ways: dict[Key, _Way] = {}

    def note(self, key: Key) -> None:
        """Take in what the store believes about ``key``, which may be more than an answer says: the watch may have told
        meanwhile that the object is gone.
        """
        raw = self._store.of(key)
        self._references.note(key, raw)
        self._hierarchy.note(key, raw)

    def remember_read(self, key: Key, project_id: str, observation: Observation, group_ids: frozenset[str]) -> None:
        """The observer read for ``key``."""
        if (memory := self._memories.get(key)) is not None:
            self._memories[key] = absorb.read(
                memory, project_id, observation.project, begun_at=observation.begun_at, group_ids=group_ids
            )

    def backend_of(self, key: Key) -> Place | None:
        """Where the backend object is that calls for ``key`` went through last; None: there were none."""
        way = self._ways.get(key)
        return way.connection.key.place if way is not None else None

    def doubt(self, key: Key) -> None:
        """Read ``key`` live before anything else is decided about it."""
        self._must_read.add(key)

    def forget(self, key: Key) -> None:
        """The object is gone and nothing of it is left to do."""
        self._memories.pop(key, None)
        self._ways.pop(key, None)
        self._must_read.discard(key)
        self._kube_failures.pop(key, None)

    def unit_of(self, key: Key) -> str:
        """The unit of leadership that ``key`` belongs to; of one that is gone, the one it was last worked on in."""
        raw, way = self._store.of(key), self._ways.get(key)
        if raw is not None:
            return self._unit_of(raw)
        return way.connection.key.uid if way is not None else NOBODYS

    async def work(self, key: Key) -> float | None:
        """Do all that can be done now for ``key``; seconds until it should be looked at again, None if only an event
        can change anything, or it is for others to do.
        """
        try:
            for _ in range(STEPS_AT_ONCE):
                raw = await self._latest(key)
                if raw is None:
                    return await self._vanished(key)
                term = self._leadership.term(self._unit_of(raw))
                if not self._may_go_on(key, raw, term):
                    return None
                if await self._find_backend(raw):
                    continue  # and it may be another replica's
                view, connection = await self._gatherer.gather(key, raw, self._memories, term)
                self._memories[key] = view.memory
                if connection is not None:
                    self._ways[key] = _Way(connection, removal.may_delete(view))
                action = decide(view)
                if isinstance(action, act.Forget) or (term is None and not _names(action)):
                    return None
                if isinstance(action, act.Rest):
                    await self._write_if_different(key, raw, action)
                    self._time_to_ready(view, connection, action.status)
                    return self._rest(key, view, connection, action)
                await self._carry_out(key, raw, view, connection, action)
        except (KubeConflict, KubeNotFound):
            self._must_read.add(key)
            return 0.0
        except KubeError as error:
            return self._api_server_failed(key, error)
        logger.warning("%s: %d steps without rest; giving way to others", key, STEPS_AT_ONCE)
        return 1.0

    async def _carry_out(
        self, key: Key, raw: Mapping[str, Any], view: View, connection: Connection | None, action: act.Action
    ) -> None:
        moment = watch(self._clock, view, connection)
        metadata = view.project.metadata
        match action:
            case act.AddFinalizer():
                annotations = {names.BACKEND_ANNOTATION: action.backend_annotation}
                finalizers = [*metadata.finalizers, names.FINALIZER]
                changes = {"metadata": {"finalizers": finalizers, "annotations": annotations}}
                project = await self._patch(key, raw, changes)
                self._memories[key] = absorb.finalizer_added(view.memory, action, record_of(project), moment())
            case act.RemoveFinalizer():
                finalizers = [name for name in metadata.finalizers if name != names.FINALIZER]
                changes = {"metadata": {"finalizers": finalizers, "annotations": {names.BACKEND_ANNOTATION: None}}}
                await self._patch(key, raw, changes)
                if metadata.deleting and not finalizers:
                    # It went with its last finalizer. The answer shows its former state, and the watch is slower.
                    self._store.drop(key)
                    self.note(key)
                if action.leaves_project:
                    self._gatherer.note_left(key)
                self._tell(raw, action.notice)
            case act.WriteStatus():
                await self._write_status(key, raw, view, action, moment)
                self._time_to_ready(view, connection, action.status)
            case act.CheckDefinition():
                await self._gatherer.check_definition()
            case _:
                if connection is None:
                    raise AssertionError("a decision to call the backend rests on a connection")
                memory = self._memories[key] = await call(view, connection, action, self._clock, moment)
                if memory.failure is not None and memory.failures > view.memory.failures:
                    self._hooks.emit(RetryScheduled("backend", memory.failure.reason))

    async def _write_status(
        self, key: Key, raw: Mapping[str, Any], view: View, action: act.WriteStatus, moment: Callable[[], Moment]
    ) -> None:
        changes = {"status": merge_patch(part(raw, "status"), action.status.to_wire())}
        project = await self._patch(key, raw, changes, subresource="status")
        operation = view.project.status.operation
        was_updating = operation is not None and Intent.sends_updates(operation.type)
        self._memories[key] = absorb.status_written(
            view.memory, action, record_of(project), moment(), was_updating=was_updating
        )
        self._tell(raw, action.notice)

    def _tell(self, raw: Mapping[str, Any], notice: act.Notice | None) -> None:
        """After the write that the Event belongs to, never before."""
        if notice is not None:
            self._publish(raw, notice)

    async def _write_if_different(self, key: Key, raw: Mapping[str, Any], action: act.Rest) -> None:
        """Settled objects are never written again."""
        changes = merge_patch(part(raw, "status"), action.status.to_wire()) if action.status is not None else {}
        if not changes:
            return
        await self._patch(key, raw, {"status": changes}, subresource="status")
        self._tell(raw, action.notice)

    def _time_to_ready(self, view: View, connection: Connection | None, after: ProjectStatus | None) -> None:
        """Once ``after`` is written."""
        if after is None or connection is None:
            return
        now = datetime.fromtimestamp(self._clock.wall(), tz=UTC)
        seconds = seconds_to_ready(view.project.metadata, view.project.status, after, now)
        if seconds is not None:
            self._hooks.emit(ProjectBecameReady(self._vendor_of(connection.key), seconds))

    def _stand_by(self, key: Key, raw: Mapping[str, Any]) -> None:
        """Another process is in charge: only the clock on the record runs, so that taking over costs no extra wait
        (R3).
        """
        record, now = record_of(parse_project(raw)[0]), self._clock.now()
        memory = self._memories.get(key) or Memory.first_sight(record, now)
        self._memories[key] = memory.seen_as(record, now)

    def _may_go_on(self, key: Key, raw: Mapping[str, Any], term: Term | None) -> bool:
        """False where another process is in charge, or the end of the first listing is to be waited for."""
        if term is None and not self._owes_a_name(key, raw):
            self._stand_by(key, raw)
            return False
        return self._all_seen() or not rests_on_others(raw)

    def _owes_a_name(self, key: Key, raw: Mapping[str, Any]) -> bool:
        """Whether the id in the answer to an own creation may still be written, in charge or not (R5)."""
        memory = self._memories.get(key)
        return memory is not None and memory.answer is not None and not text(raw, "status", "id")

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
        return action.wake_in if action.wake_in is not None else action.recheck_in

    def _settled(self, key: Key, view: View, connection: Connection) -> None:
        """Nothing is left to do: the observer wakes this key when its project looks different."""
        project_id = view.record.id
        listing = connection.observer.listing
        self._memories[key] = self._memories[key].at_rest(listing)
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
        if memory is not None and isinstance(action := removal.vanished(memory), act.Delete):
            return await self._delete_unnamed(key, memory, action)
        self.forget(key)
        return None

    async def _delete_unnamed(self, key: Key, memory: Memory, action: act.Delete) -> float | None:
        way = self._ways.get(key)
        if way is None or not way.deletes:
            why = "and so is its backend" if way is None else "and its backend does not allow deletions"
            logger.error("%s is gone, %s: project %s, made for it, is left over", key, why, action.project_id)
            self.forget(key)
            return None
        connection = way.connection
        if self._leadership.term(connection.key.uid) is None:
            logger.error(
                "%s is gone, and its backend is another replica's by now: project %s, made for it, is left over",
                key,
                action.project_id,
            )
            self.forget(key)
            return None
        try:
            await connection.backend.delete_project(action.project_id, before_send=nothing_to_check)
        except RequestRefused as error:
            logger.error("%s is gone: project %s, made for it, is left over: %s", key, action.project_id, error)  # noqa: TRY400 - the answer says it all
            self.forget(key)
            return None
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
        self.note(key)
        return self._gatherer.parsed(answer)[0]

    async def _latest(self, key: Key) -> Mapping[str, Any] | None:
        if key in self._must_read:
            await self._refresh(key)
            self._must_read.discard(key)
        return self._store.of(key)

    async def _refresh(self, key: Key) -> None:
        """R1: after a conflict or a lost answer, a live read."""
        try:
            raw = await self._kube.get(PROJECTS, key.namespace, key.name)
        except KubeNotFound:
            self._store.drop(key)
            self.note(key)
            return
        if raw["metadata"]["uid"] != key.uid:
            # Another object of the name; the watch will bring it, and queue it.
            self._store.drop(key)
            self.note(key)
            return
        self._store.put(raw)
        self.note(key)

    def _api_server_failed(self, key: Key, error: KubeError) -> float:
        """A write without an answer gives no right and proves nothing: read again before anything else."""
        self._must_read.add(key)
        failures = self._kube_failures[key] = self._kube_failures.get(key, 0) + 1
        pause = delay(failures, jitter=self._clock.jitter(), retry_after=error.retry_after)
        self._hooks.emit(RetryScheduled("api_server", type(error).__name__))
        logger.warning("%s: the API server: %s; trying again in %.1f s", key, error, pause)
        return pause


def rests_on_others(raw: Mapping[str, Any]) -> bool:
    """Whether what may be done for a Project depends on which others there are: who is inside of one that goes, and who
    else holds what is to be imported.
    """
    return "deletionTimestamp" in raw["metadata"] or bool(part(raw, "spec", "import"))


def _names(action: act.Action) -> bool:
    """Whether it writes the id of a project that was made."""
    return isinstance(action, act.WriteStatus) and action.purpose is act.Purpose.IDENTITY
