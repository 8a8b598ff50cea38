"""What `orphans` makes of what it saw: projects and Projects that have lost each other. Pure."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from project_operator.api.marks import ORPHANED, Mark, cluster_digest
from project_operator.backends.base import RemoteProject

Raw = Mapping[str, Any]


class Kind(StrEnum):
    """In which way."""

    LEFT_OVER = "left over"
    """It carries the mark of a cluster that was looked at, and no Project there has that uid."""
    SWITCHED_OFF = "switched off"
    """The same, and it is disabled: so `deletionPolicy: Disable` leaves it."""
    DUPLICATE = "duplicate"
    """It carries the mark of a living Project, which names another one."""
    UNNAMED = "unnamed"
    """It carries the mark of a living Project, which names none as yet."""
    OTHER_CLUSTER = "other cluster"
    """It carries the mark of a cluster that was not looked at."""
    DAMAGED = "damaged"
    """It carries a mark that is none, or several."""
    GONE = "gone"
    """A Project names it, and the backend says that it does not exist."""


REMEDIES: Final[Mapping[Kind, str]] = {
    Kind.LEFT_OVER: "delete it in the backend, or take it over with a Project of the former name and `spec.import.id`",
    Kind.SWITCHED_OFF: "nothing, if it is to stay; else as above",
    Kind.DUPLICATE: "delete it in the backend once you know that nothing in it is needed; or `removeDuplicates: true`",
    Kind.UNNAMED: "wait: the operator takes it up; if it does not, look at the Project's conditions",
    Kind.OTHER_CLUSTER: "look there too, with --also-context; if that cluster is gone for good, as above",
    Kind.DAMAGED: "set the mark right in the backend, or take it off and import the project by id",
    Kind.GONE: "delete the Project, or set `missingPolicy: Recreate` where it may be made anew, empty",
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


def marked(
    backend: str,
    listed: Iterable[RemoteProject],
    clusters: Iterable[Cluster],
    neighbours: AbstractSet[str] = frozenset(),
) -> tuple[Stray, ...]:
    """What ``listed`` shows with a mark to which no Project answers by naming it. ``neighbours``: the digests of
    clusters that live on beside this one, as the settings say, whose projects are none of its business.
    """
    by_digest = {cluster.digest: cluster for cluster in clusters}
    owners = {
        digest: {str(raw["metadata"]["uid"]): raw for raw in cluster.projects} for digest, cluster in by_digest.items()
    }
    found: list[Stray] = []
    for project in sorted(listed, key=lambda one: (one.content.name, one.id)):
        token = project.content.mark
        if token in {"", ORPHANED} or project.deleting:
            continue
        mark = Mark.parse(token)
        if mark is None:
            found.append(_stray(Kind.DAMAGED, backend, project, ""))
        elif mark.cluster not in by_digest:
            if mark.cluster not in neighbours:
                found.append(_stray(Kind.OTHER_CLUSTER, backend, project, f"cluster sha256:{mark.cluster}"))
        else:
            owner = owners[mark.cluster].get(mark.uid)
            kind = _kind(project, owner)
            if kind is not None:
                where = by_digest[mark.cluster].name
                found.append(
                    _stray(kind, backend, project, _named(owner, where) if owner else f"uid {mark.uid}, {where}")
                )
    return tuple(found)


def missing(cluster: Cluster, endpoint_id: str, listed: Iterable[RemoteProject]) -> tuple[tuple[Raw, str], ...]:
    """The Projects of ``cluster`` that name a project in that place which the listing lacks, and its id: whether it is
    gone, only a read of its id can tell.
    """
    shown = {project.id for project in listed}
    return tuple(
        (raw, project_id)
        for raw in cluster.projects
        if (status := raw.get("status") or {}).get("endpointID") == endpoint_id
        and (project_id := str(status.get("id") or ""))
        and project_id not in shown
    )


def gone(backend: str, cluster: Cluster, raw: Raw, project_id: str) -> Stray:
    """A Project whose project does not exist."""
    name = str((raw.get("status") or {}).get("name") or "")
    return Stray(Kind.GONE, backend, project_id, name, _named(raw, cluster.name))


def _kind(project: RemoteProject, owner: Raw | None) -> Kind | None:
    if owner is None:
        return Kind.SWITCHED_OFF if project.content.enabled is False else Kind.LEFT_OVER
    named = str((owner.get("status") or {}).get("id") or "")
    if named == project.id:
        return None
    return Kind.DUPLICATE if named else Kind.UNNAMED


def _stray(kind: Kind, backend: str, project: RemoteProject, owner: str) -> Stray:
    return Stray(kind, backend, project.id, project.content.name, owner)


def _named(raw: Raw, cluster: str) -> str:
    metadata = raw["metadata"]
    return f"Project {metadata.get('namespace')}/{metadata['name']}, {cluster}"
