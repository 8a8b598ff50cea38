"""Everything a decision may depend on, gathered into one frozen value."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil
from typing import Protocol

from project_operator.api.conditions import Reason
from project_operator.api.names import FINALIZER
from project_operator.api.v1alpha1.project import Project
from project_operator.backends.base import Group, PlannedCall, ProjectContent, RemoteProject, Role, UnsupportedField
from project_operator.reconcile.evidence import NEVER, Listing
from project_operator.reconcile.memory import Memory
from project_operator.reconcile.record import Record, Timing
from project_operator.reconcile.tenancy import Tenancy


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why nothing can be done at the moment. ``reason.stalled`` says whether a person must act."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of the organisation as one listing showed them."""

    begun_at: float
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Roles:
    """The roles of the organisation as one listing showed them."""

    begun_at: float
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class Abilities:
    """What this kind of backend can do at all."""

    roles: bool = False
    """Groups are given roles on a project; otherwise they are associated with it."""
    disable: bool = False
    delete: bool = True
    repeats_creation: bool = True
    """A creation whose outcome is not known may be sent again after the quarantine; otherwise a person decides."""
    destroys: str = ""
    """What a deletion takes with it, to be said before."""
    fixed: frozenset[str] = frozenset()
    """Fields of a difference that no update can remove."""
    ignores_case: bool = False
    """Names that differ in nothing but case are one name."""

    @property
    def resumes(self) -> bool:
        """Whether what was switched off is taken up by the next object of its name: where nothing is ever deleted, no
        second project of that name can be made.
        """
        return self.disable and not self.delete


class Planner(Protocol):
    """The part of `Backend` that names calls and makes none."""

    def plan_create(self, content: ProjectContent) -> tuple[PlannedCall, ...]:
        """See `Backend.plan_create`."""

    def plan_update(self, current: RemoteProject, content: ProjectContent) -> tuple[PlannedCall, ...]:
        """See `Backend.plan_update`."""

    def plan_delete(self, project_id: str) -> tuple[PlannedCall, ...]:
        """See `Backend.plan_delete`."""


@dataclass(frozen=True, slots=True)
class Relative:
    """Another Project of the namespace, as far as it matters to its children."""

    name: str
    project_id: str
    """"" while it has none."""
    ready: bool
    deleting: bool
    same_backend: bool
    """Whether it refers to the same backend object as the Project that is decided about."""


@dataclass(frozen=True, slots=True)
class Verbs:
    """Which writes the site allows on this backend."""

    create: bool = True
    update: bool = True
    delete: bool = True


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often to look, in seconds."""

    fast: float = 0.5
    """The first look at something under way; each further one comes later by half."""
    slow: float = 10.0
    """The longest wait between two looks at something under way."""
    resync: float = 60.0
    """How long to leave alone what waits for a person."""
    refused: float = 300.0
    """When to ask again for the first time what was refused; then after twice as long each, up to `refused_at_most`."""
    refused_at_most: float = 3600.0
    assignments: float = 1800.0
    """How old the sight of role assignments may be, which no listing shows."""
    grace: float = 2.0
    """How long a backend may be missing, or connecting, before that is said."""
    blocked_after: float = 300.0
    """A deletion that lasts longer is called blocked."""

    def after(self, polls: int) -> float:
        """Seconds to the next look after ``polls`` looks that brought nothing new."""
        return min(self.slow, self.fast * 1.5 ** min(polls, 32))


@dataclass(frozen=True, slots=True)
class BackendView:
    """The backend object that this Project refers to, resolved, and what its connection knows."""

    kind: str
    name: str
    uid: str
    endpoint_id: str
    """Identifies type, URL and organisation: the place where projects are."""
    organization_id: str
    revision: str
    """Changes with the backend object's spec and with the credential: a refusal is worth asking again."""
    unsupported: Callable[[Project], tuple[UnsupportedField, ...]]
    planner: Planner
    default_deletion_policy: str
    deletion_policy_source: str
    verbs: Verbs = field(default_factory=Verbs)
    abilities: Abilities = field(default_factory=Abilities)
    remove_duplicates: bool = False
    principal: str = ""
    not_ready: Verdict | None = None
    """Set while the connection must not be used: credentials, address, suspicious absence, breaker."""
    connected_at: float = NEVER
    """When the connection was opened; what was read through a former one is not known to it."""
    listing: Listing | None = None
    groups: Groups | None = None
    roles: Roles | None = None
    read_verified_at: float = NEVER
    """When the last successful proof of read access was begun."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Which cluster this is, and what it has from others, as its administrator says."""

    id: str = ""
    """What its marks are made with."""
    restores: bool = False
    """Its Projects were restored from a backup: what carries the mark of an earlier object of their name is theirs."""
    neighbours: frozenset[str] = frozenset()
    """The clusters that live on beside it at the same backends, by the 16 hex digits of their marks."""


@dataclass(frozen=True, slots=True)
class View:
    """One Project, and the world as far as it matters to it."""

    now: float
    wall: datetime
    """UTC; goes into status."""
    started_at: float
    """When this process began to be in charge; an update announced before may still be under way (R9)."""
    project: Project
    mark: str
    timing: Timing
    backend: BackendView | Verdict
    memory: Memory
    token: str
    """A fresh random attempt token, used if one is needed."""
    cadence: Cadence
    tenancy: Tenancy | None = None
    """What the namespace may ask of the backend object, connected or not; None: anything."""
    invalid: str = ""
    """Why the spec could not be understood; ``project.spec`` then holds defaults that mean nothing."""
    rivals: tuple[str, ...] = ()
    """Other living Projects of this cluster whose status names the same id in the same place."""
    lineage: tuple[Relative, ...] = ()
    """The Project that ``parentRef`` names, its parent, and so on, as far as they are there; where they go round in a
    circle each stands once."""
    children: tuple[str, ...] = ()
    """Names of the Projects that name this one as their parent, or are in its project where that is a domain, and may
    have something in the backend."""
    predecessor_left_at: float = NEVER
    """When an earlier object of the name was let go and its project stayed, where that was lately: an older listing may
    not show that project as it is."""
    definition_checked_at: float = NEVER
    """When the last live look at our CRD was begun."""
    definition_terminating: bool = False
    cluster: Cluster = Cluster()

    @property
    def record(self) -> Record:
        """The record of intent as the CR has it now."""
        return record_of(self.project)

    @property
    def quarantined_until(self) -> float:
        """A read begun later than this may prove an absence (R4)."""
        return self.memory.record_since + self.timing.quarantine

    def until(self, moment: float) -> datetime:
        """The monotonic ``moment`` as wall time, rounded up so that it hardly ever changes between two looks."""
        return datetime.fromtimestamp(ceil((self.wall.timestamp() + moment - self.now) / 10) * 10, tz=UTC)


def record_of(project: Project) -> Record:
    """The record of intent in ``project``."""
    return Record(
        uid=project.metadata.uid,
        finalizer=FINALIZER in project.metadata.finalizers,
        attempt=project.status.attempt or "",
        id=project.status.id or "",
    )
