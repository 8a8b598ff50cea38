"""Gathers the view that a decision about one Project rests on: object, backend, memory, clocks."""

from collections import OrderedDict
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from pydantic import ValidationError

from project_operator.api import names
from project_operator.api.marks import Mark
from project_operator.api.problems import describe_problems
from project_operator.api.v1alpha1.project import Project, ProjectSpec
from project_operator.api.v1alpha1.project_status import ProjectStatus
from project_operator.errors import KubeNotFound
from project_operator.kube.resources import DEFINITIONS, NAMESPACES
from project_operator.reconcile.evidence import NEVER
from project_operator.reconcile.memory import Memory
from project_operator.reconcile.view import BackendView, Cadence, Cluster, Verdict, View, record_of
from project_operator.runtime.backend_views import Reach
from project_operator.runtime.clock import Clock
from project_operator.runtime.connections import Connection
from project_operator.runtime.hierarchy import Hierarchy
from project_operator.runtime.keys import Key
from project_operator.runtime.leadership import Term
from project_operator.runtime.ports import Kube
from project_operator.runtime.shared_read import SharedRead
from project_operator.runtime.store import References

LEFT_KEPT: Final = 10_000
"""How many names of lately let go objects are remembered: far more than go between two listings."""
PARSED_KEPT: Final = 16
"""How many parsed states of Projects are kept: what was written is decided about at once."""
_EPOCH = datetime.fromtimestamp(0, tz=UTC)


class Backends(Protocol):
    """Where a Project's backend is found."""

    def view_for(self, project: Project) -> Reach:
        """The backend that ``project`` refers to, as far as it can be used."""


class Gatherer:
    """One per process: what it learned of namespaces and of our definition serves every Project."""

    def __init__(
        self,
        *,
        kube: Kube,
        references: References,
        hierarchy: Hierarchy,
        backends: Backends,
        clock: Clock,
        cluster: Cluster,
        cadence: Cadence,
    ) -> None:
        self._kube = kube
        self._references = references
        self._hierarchy = hierarchy
        self._backends = backends
        self._clock = clock
        self._cluster = cluster
        self._cadence = cadence
        self._started_at = clock.now()
        self._namespaces: dict[str, tuple[datetime, str]] = {}
        self._left_at: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._definition = (NEVER, False)
        self._checking = SharedRead()
        self._parsed: OrderedDict[tuple[str, str], tuple[Project, str]] = OrderedDict()

    async def gather(
        self, key: Key, raw: Mapping[str, Any], memories: Mapping[Key, Memory], term: Term | None = None
    ) -> tuple[View, Connection | None]:
        """The view of ``raw`` at this moment, and the connection that calls would go through.

        The memory in the view is what ``memories`` holds for ``key`` by the time everything else is there, brought up
        to the present record and to ``term``, in which this process is in charge; None: it is not any more.

        Raises:
            KubeError: the namespace could not be read.
        """
        project, invalid = self.parsed(raw)
        mark = await self._mark(key, project.metadata.creation_timestamp or _EPOCH)
        reach = self._backends.view_for(project)
        now, wall = self._clock.now(), self._clock.wall()
        record = record_of(project)
        memory = memories.get(key) or Memory.first_sight(record, now)
        memory = memory.facing(record, now=now, wall=wall, timing=reach.timing, jitter=self._clock.jitter())
        if term is not None:
            memory = memory.in_term(term.number)
        memory = memory.asked(project.metadata.annotations.get(names.RECONCILE_ANNOTATION), now=now)
        checked_at, terminating = self._definition
        view = View(
            now=now,
            wall=datetime.fromtimestamp(wall, tz=UTC),
            started_at=max(self._started_at, term.since) if term is not None else self._started_at,
            project=project,
            mark=mark,
            timing=reach.timing,
            backend=reach.backend,
            memory=memory,
            token=self._clock.token(),
            cadence=self._cadence,
            tenancy=reach.tenancy,
            invalid=invalid,
            rivals=self._rivals(key, project, reach.backend),
            lineage=self._hierarchy.lineage(key) if project.spec.parent_ref is not None else (),
            children=self._hierarchy.children(key) if project.metadata.deleting else (),
            predecessor_left_at=self._left_at.get((key.namespace, key.name), NEVER),
            definition_checked_at=checked_at,
            definition_terminating=terminating,
            cluster=self._cluster,
        )
        return view, reach.connection

    def parsed(self, raw: Mapping[str, Any]) -> tuple[Project, str]:
        """`parse_project`; a state that was parsed lately is not parsed again: what was written is decided about next.

        States are told apart by what the API server tells them apart by.
        """
        state = (raw["metadata"]["uid"], raw["metadata"]["resourceVersion"])
        if (known := self._parsed.get(state)) is None:
            known = self._parsed[state] = parse_project(raw)
            if len(self._parsed) > PARSED_KEPT:
                self._parsed.popitem(last=False)
        return known

    def note_left(self, key: Key) -> None:
        """``key`` was let go of just now, and its project stays."""
        self._left_at[key.namespace, key.name] = self._clock.now()
        while len(self._left_at) > LEFT_KEPT:
            self._left_at.popitem(last=False)

    def keep_namespaces(self, living: AbstractSet[str]) -> None:
        """Forget the namespaces that hold no Project any more."""
        self._namespaces = {name: known for name, known in self._namespaces.items() if name in living}

    async def check_definition(self) -> None:
        """I14, live: whether our CRD is being deleted, or no longer served, as a look says that begins from now on: one
        for all who want it meanwhile, for the object is large.

        Raises:
            KubeError: it could not be read.
        """
        wanted_at = self._clock.now()
        await self._checking.until(lambda: self._definition[0] > wanted_at, self._look_at_definition)

    async def _look_at_definition(self) -> None:
        asked_at = self._clock.now()
        try:
            raw = await self._kube.get(DEFINITIONS, None, f"{names.PROJECT_PLURAL}.{names.GROUP}")
        except KubeNotFound:
            self._definition = (asked_at, True)
        else:
            self._definition = (asked_at, "deletionTimestamp" in raw["metadata"])

    def _rivals(self, key: Key, project: Project, backend: BackendView | Verdict) -> tuple[str, ...]:
        wish = project.spec.import_
        project_id = project.status.id or (wish.id if wish is not None else None)
        if project_id is None or not isinstance(backend, BackendView):
            return ()
        holders = self._references.holders(backend.endpoint_id, project_id) - {key}
        return tuple(sorted(f"{holder.namespace}/{holder.name}" for holder in holders))

    async def _mark(self, key: Key, created: datetime) -> str:
        mark = Mark.of(
            cluster_id=self._cluster.id,
            namespace=key.namespace,
            name=key.name,
            namespace_uid=await self._namespace_uid(key.namespace, created),
            uid=key.uid,
        )
        return str(mark)

    async def _namespace_uid(self, namespace: str, created: datetime) -> str:
        """Uid of the namespace that holds an object created at ``created``.

        A namespace that is made anew has another uid, and its objects are all younger than those of the former one. So
        what was read for one object holds for it and for every older one, by the API server's own clock.
        """
        known = self._namespaces.get(namespace)
        if known is not None and created <= known[0]:
            return known[1]
        raw = await self._kube.get(NAMESPACES, None, namespace)
        uid = str(raw["metadata"]["uid"])
        self._namespaces[namespace] = (created, uid)
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
