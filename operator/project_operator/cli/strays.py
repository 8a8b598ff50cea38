"""What `orphans` makes of the marks that it saw: projects that have lost their Project. Pure.

What a Project names and is gone: `absences`.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from project_operator.api.marks import ORPHANED, Mark, cluster_digest
from project_operator.backends.base import RemoteProject
from project_operator.cli.stored import Raw
from project_operator.runtime.stored import text


class Kind(StrEnum):
    """In which way two halves have lost each other."""

    LEFT_OVER = "left over"
    """It carries the mark of a cluster that was looked at, and no Project there has that uid."""
    SWITCHED_OFF = "switched off"
    """The same, and it is disabled: so `deletionPolicy: Disable` leaves it."""
    DUPLICATE = "duplicate"
    """It carries the mark of a living Project, which names another one."""
    UNNAMED = "unnamed"
    """It carries the mark of a living Project, which names none as yet."""
    OTHER_MARK = "other mark"
    """A living Project names it, and it carries the mark of another."""
    OTHER_ID = "other cluster id"
    """It carries the mark of a Project that was seen, made under another cluster id than was asked for."""
    OTHER_CLUSTER = "other cluster"
    """It carries the mark of a cluster that was not looked at."""
    DAMAGED = "damaged"
    """It carries a mark that is none, or several."""
    HIDDEN = "hidden"
    """A Project names it, its own backend object does not show it, and another one of the same place does."""
    GONE = "gone"
    """A Project names it, and its own backend object says that it does not exist."""


_TAKE_OVER: Final = "take it over with a Project of the former namespace and name and `spec.import.id`"
_DELETE: Final = f"look what is in it; then delete it in the backend, or {_TAKE_OVER}"
REMEDIES: Final[Mapping[Kind, str]] = {
    Kind.LEFT_OVER: f"if no copy or backup of this cluster needs it, {_DELETE}",
    Kind.SWITCHED_OFF: f"nothing, if it is to stay; if not, and no copy or backup of this cluster needs it, {_DELETE}",
    Kind.DUPLICATE: (
        "compare it with the one in the Project's `status.id`; delete it in the backend once you know that nothing in "
        "it is needed, or have that done with `removeDuplicates: true`"
    ),
    Kind.UNNAMED: "wait: the operator takes it up; if it does not, look at the Project's conditions",
    Kind.OTHER_MARK: "delete nothing; it is as it should be if that Project only observes it, else see its conditions",
    Kind.OTHER_ID: (
        "change nothing, and look again with what the release of that cluster has as `clusterID`: --cluster-id, or "
        "--also-context NAME=CLUSTERID; or, where it is a copy of one that lives on, name that one in "
        "PROJECT_OPERATOR_OTHER_CLUSTERS"
    ),
    Kind.OTHER_CLUSTER: (
        "look there too: --also-context NAME, with =CLUSTERID where the release there has a `clusterID`; if it is none "
        "of this cluster's business, name it in PROJECT_OPERATOR_OTHER_CLUSTERS; if that cluster is gone for good, "
        f"{_DELETE}"
    ),
    Kind.DAMAGED: "set the mark right in the backend, or take it off and import the project by id",
    Kind.HIDDEN: "delete nothing; let the credential of its own backend object read it again",
    Kind.GONE: (
        "look for that id with the credential of its own backend object, and whether that may still read it; if it is "
        "gone for good, set `deletionPolicy: Orphan` and delete the Project, or `missingPolicy: Recreate` where it may "
        "be made anew, empty"
    ),
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that was looked at."""

    name: str
    """As people call it: its context."""
    id: str
    projects: tuple[Raw, ...]

    @property
    def digest(self) -> str:
        """The 16 hex digits that its marks begin with."""
        return cluster_digest(self.id)

    @property
    def owners(self) -> tuple["Owner", ...]:
        """Its Projects."""
        return tuple(Owner(raw, self.name) for raw in self.projects)


@dataclass(frozen=True, slots=True)
class Owner:
    """A Project, and in which cluster."""

    raw: Raw
    cluster: str

    @property
    def uid(self) -> str:
        """Its uid."""
        return str(self.raw["metadata"]["uid"])

    @property
    def project_id(self) -> str:
        """The project that it names; "" where it names none."""
        return text(self.raw, "status", "id")

    @property
    def endpoint_id(self) -> str:
        """In which place that is."""
        return text(self.raw, "status", "endpointID")

    @property
    def backend_uid(self) -> str:
        """The backend object that it was made with."""
        return text(self.raw, "status", "backendRef", "uid")

    @property
    def name(self) -> str:
        """With its namespace."""
        metadata = self.raw["metadata"]
        return f"{metadata.get('namespace')}/{metadata['name']}"

    def __str__(self) -> str:
        return f"Project {self.name}, {self.cluster}"


@dataclass(frozen=True, slots=True)
class Listing:
    """What the credential of one backend object was shown."""

    backend: str
    """The backend object, as people call it; of another cluster with that one's name. No two are called alike."""
    cluster: str
    uid: str
    endpoint_id: str
    projects: tuple[RemoteProject, ...]
    lag: float = 0.0
    """Seconds: a read begun later than this after a write shows it."""
    accepted: int = 0
    """How many vanished projects a person has said to be right."""


@dataclass(frozen=True, slots=True)
class Stray:
    """A project, or a Project, that has lost its other half."""

    kind: Kind
    backend: str
    project_id: str
    name: str
    """Of the project in the backend."""
    owner: str
    """The Project, or what is known of it."""

    @property
    def remedy(self) -> str:
        """What a person can do."""
        return REMEDIES[self.kind]


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that a project and its mark are held against."""

    by_mark: Mapping[tuple[str, str], Owner]
    """By cluster digest and uid."""
    by_uid: Mapping[str, Owner]
    holders: Mapping[tuple[str, str], Owner]
    """Who names a project, by place and id."""
    places: Mapping[str, str]
    """What the clusters are called, by their digests."""
    neighbours: AbstractSet[str]
    """The digests of clusters that live on beside this one, as the settings say."""
    misnamed: AbstractSet[str] = frozenset()
    """Those of ``places`` that are called by an id under which no mark of their Projects was made, and others were:
    what carries such a digest is of nobody who was seen."""

    @classmethod
    def of(cls, clusters: Iterable[Cluster], listings: Iterable[Listing], neighbours: AbstractSet[str]) -> Self:
        """What is known after ``clusters`` and ``listings``. Clusters may have one id: a copy, and what it is of."""
        seen = tuple(clusters)
        owners = [(cluster.digest, owner) for cluster in reversed(seen) for owner in cluster.owners]
        by_uid = {owner.uid: owner for _, owner in owners}
        places = {cluster.digest: cluster.name for cluster in reversed(seen)}
        marks = {Mark.parse(project.content.mark) for listing in listings for project in listing.projects}
        made = [(mark.cluster, by_uid[mark.uid].cluster) for mark in marks if mark is not None and mark.uid in by_uid]
        digests = {cluster.name: cluster.digest for cluster in seen}
        elsewhere = {name for digest, name in made if digest not in places.keys() | neighbours}
        misnamed = elsewhere - {name for digest, name in made if digest == digests[name]}
        return cls(
            by_mark={(digest, owner.uid): owner for digest, owner in owners},
            by_uid=by_uid,
            holders={(owner.endpoint_id, owner.project_id): owner for _, owner in owners if owner.project_id},
            places=places,
            neighbours=neighbours,
            misnamed={cluster.digest for cluster in seen if cluster.name in misnamed},
        )

    def stray(self, listing: Listing, project: RemoteProject) -> Stray | None:
        """In which way ``project``, as ``listing`` has it, has lost its Project; None where it has not, or is nobody's
        or a neighbour's.
        """
        token = project.content.mark
        if token in {"", ORPHANED} or project.deleting:
            return None
        found = self._found(listing.endpoint_id, project, Mark.parse(token))
        return Stray(found[0], listing.backend, project.id, project.content.name, found[1]) if found else None

    def _found(self, place: str, project: RemoteProject, mark: Mark | None) -> tuple[Kind, str] | None:
        holder = self.holders.get((place, project.id))
        if mark is None:
            return Kind.DAMAGED, str(holder or "")
        owner = self.by_mark.get((mark.cluster, mark.uid))
        if owner is not None and owner.project_id == project.id:
            return None
        if mark.cluster not in self.places:
            return self._of_elsewhere(mark, holder)
        if holder is not None:
            return Kind.OTHER_MARK, str(holder)
        if owner is not None:
            return Kind.DUPLICATE if owner.project_id else Kind.UNNAMED, str(owner)
        if mark.cluster in self.misnamed:
            return Kind.OTHER_CLUSTER, f"uid {mark.uid}, cluster sha256:{mark.cluster}"
        kind = Kind.SWITCHED_OFF if project.content.enabled is False else Kind.LEFT_OVER
        return kind, f"uid {mark.uid}, {self.places[mark.cluster]}"

    def _of_elsewhere(self, mark: Mark, holder: Owner | None) -> tuple[Kind, str] | None:
        if mark.cluster in self.neighbours:
            return None
        if (owner := self.by_uid.get(mark.uid)) is not None:
            return Kind.OTHER_ID, f"{owner}, as cluster sha256:{mark.cluster}"
        if holder is not None:
            return Kind.OTHER_MARK, str(holder)
        return Kind.OTHER_CLUSTER, f"cluster sha256:{mark.cluster}"


def marked(listings: Iterable[Listing], known: Known) -> tuple[Stray, ...]:
    """What ``listings`` show with a mark to which no Project answers by naming it; once, where several lead to one
    place.
    """
    shown = {
        (listing.endpoint_id, project.id): (listing, project)
        for listing in reversed(tuple(listings))
        for project in listing.projects
    }
    in_order = sorted(shown.values(), key=lambda one: (one[0].backend, one[1].content.name, one[1].id))
    return tuple(stray for listing, project in in_order if (stray := known.stray(listing, project)) is not None)
