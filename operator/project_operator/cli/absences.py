"""What `orphans` makes of Projects whose project was not shown. Pure.

A Project is judged through the backend object that it was made with and no other: another credential may see less, and
its not-found says nothing. What a listing is worth, `reconcile.credibility` says, as it does for the operator.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from project_operator.api.conditions import ConditionType, Reason
from project_operator.api.names import ACCEPT_ABSENCE_ANNOTATION
from project_operator.cli.strays import Cluster, Kind, Listing, Owner, Stray
from project_operator.reconcile import credibility
from project_operator.reconcile.credibility import Census
from project_operator.runtime.stored import conditions, text

_TOLD_AT_MOST: Final = 3


@dataclass(frozen=True, slots=True)
class Unshown:
    """A Project whose project its own backend object did not list."""

    listing: Listing
    owner: Owner

    @property
    def project_id(self) -> str:
        """The project."""
        return self.owner.project_id

    @property
    def gone(self) -> Stray:
        """What it is, once reads of the id have said so."""
        name = text(self.owner.raw, "status", "name")
        return Stray(Kind.GONE, self.listing.backend, self.project_id, name, str(self.owner))


@dataclass(frozen=True, slots=True)
class Absences:
    """What listings lack."""

    unshown: tuple[Unshown, ...] = ()
    """To be read one by one: only that tells."""
    hidden: tuple[Stray, ...] = ()
    unproven: AbstractSet[str] = frozenset()
    """The backend objects that showed none of what Projects name: whether their credential reads anything is open."""
    disbelieved: tuple[tuple[str, str], ...] = ()
    """Backend objects of whose Projects nothing is said, and why: too much vanished at once."""


def lacking(listings: Iterable[Listing], clusters: Iterable[Cluster]) -> Absences:
    """What the listings of the backend objects of ``clusters`` lack of what the Projects made with them name."""
    owners = _by_backend(clusters)
    seen = [(listing, owners[listing.cluster, listing.uid]) for listing in listings]
    shown = {
        (listing.endpoint_id, project.id): (listing, project) for listing, _ in seen for project in listing.projects
    }
    crowded = _crowded(seen)
    unshown, hidden, unproven, disbelieved = [], [], set(), []
    for listing, made_with in seen:
        here = {project.id for project in listing.projects}
        named = _in(listing, made_with)
        absent = [one for one in named if one.project_id not in here and not _is_going(one)]
        for owner in absent:
            if (elsewhere := shown.get((listing.endpoint_id, owner.project_id))) is not None:
                other, project = elsewhere
                who = f"{owner}; {other.backend} shows it"
                hidden.append(Stray(Kind.HIDDEN, listing.backend, project.id, project.content.name, who))
        left = [Unshown(listing, one) for one in absent if (listing.endpoint_id, one.project_id) not in shown]
        if absent and (vanished := crowded.get(listing.backend, 0)):
            disbelieved.append((listing.backend, _too_many(vanished, absent)))
        elif left:
            unshown += left
            if not here & {one.project_id for one in named}:
                unproven.add(listing.backend)
    return Absences(tuple(unshown), tuple(hidden), frozenset(unproven), tuple(disbelieved))


def unjudged(
    clusters: Iterable[Cluster], listings: Iterable[Listing], told: AbstractSet[tuple[str, str]]
) -> dict[str, str]:
    """Why Projects are not judged whose backend object is not there, or leads to another place than they were made in.
    ``told``: cluster and uid of the backend objects of which it is known that they were not asked.
    """
    places = {(listing.cluster, listing.uid): listing for listing in listings}
    left: dict[str, list[Owner]] = defaultdict(list)
    for cluster in clusters:
        for owner in cluster.owners:
            made_with = cluster.name, owner.backend_uid
            if not owner.project_id or made_with in told:
                continue
            if (listing := places.get(made_with)) is None:
                left[_backend_of(owner)].append(owner)
            elif listing.endpoint_id != owner.endpoint_id:
                left[f"{listing.backend}, as it was"].append(owner)
    return {
        subject: f"the backend object that they were made with is not there, or leads elsewhere: {_names(owners)}"
        for subject, owners in left.items()
    }


def still_named(found: Iterable[Unshown], clusters: Iterable[Cluster]) -> tuple[Unshown, ...]:
    """Those of ``found`` whose Projects, looked at once more, are there, stay, and name the same project."""
    now = {(owner.cluster, owner.uid): owner for cluster in clusters for owner in cluster.owners}
    return tuple(
        one
        for one in found
        if (owner := now.get((one.owner.cluster, one.owner.uid))) is not None
        and owner.project_id == one.project_id
        and not _is_going(owner)
    )


def _by_backend(clusters: Iterable[Cluster]) -> Mapping[tuple[str, str], list[Owner]]:
    """The Projects that name a project, by cluster and the uid of the backend object that they were made with."""
    found: dict[tuple[str, str], list[Owner]] = defaultdict(list)
    for cluster in clusters:
        for owner in cluster.owners:
            if owner.project_id:
                found[cluster.name, owner.backend_uid].append(owner)
    return found


def _in(listing: Listing, owners: Iterable[Owner]) -> list[Owner]:
    return [owner for owner in owners if owner.endpoint_id == listing.endpoint_id]


def _crowded(seen: Iterable[tuple[Listing, list[Owner]]]) -> dict[str, int]:
    """How many vanished at once, by backend object, where it is too many to be believed: for the object by itself, or
    for the whole place.
    """
    places: dict[tuple[str, str], list[tuple[Listing, Census, frozenset[str]]]] = defaultdict(list)
    for listing, owners in seen:
        shown = frozenset(project.id for project in listing.projects)
        places[listing.cluster, listing.endpoint_id].append((listing, _census(listing, owners), shown))
    found = {}
    for counted in places.values():
        whole = Census(
            named=frozenset().union(*(census.named for _, census, _ in counted)),
            expected=frozenset().union(*(census.expected for _, census, _ in counted)),
            accepted=sum(census.accepted for _, census, _ in counted),
        )
        # What its own backend object shows, and nothing that others do.
        there = frozenset().union(*(census.named & shown for _, census, shown in counted))
        of_place = _vanished(whole, there)
        for listing, census, shown in counted:
            if suspicious := _vanished(census, shown) or of_place:
                found[listing.backend] = suspicious
    return found


def _census(listing: Listing, owners: Iterable[Owner]) -> Census:
    here = _in(listing, owners)
    return Census(
        named=frozenset(owner.project_id for owner in here),
        expected=frozenset(owner.project_id for owner in here if _is_going(owner) or _reports_missing(owner)),
        accepted=listing.accepted,
    )


def _vanished(census: Census, shown: AbstractSet[str]) -> int:
    return credibility.judge(census, shown, begun_at=0.0, may_read=True).suspicious


def _is_going(owner: Owner) -> bool:
    return "deletionTimestamp" in owner.raw["metadata"]


def _reports_missing(owner: Owner) -> bool:
    return any(
        (one.get("type"), one.get("reason")) == (ConditionType.READY, Reason.MISSING) for one in conditions(owner.raw)
    )


def _too_many(vanished: int, owners: list[Owner]) -> str:
    return (
        f"{vanished} projects vanished at once, which is not believed, of {_names(owners)}. Check "
        "the rights of the credential; if they are really gone, annotate this object with "
        f"{ACCEPT_ABSENCE_ANNOTATION}={vanished}"
    )


def _backend_of(owner: Owner) -> str:
    status = owner.raw["status"]
    kind, name, uid = (text(status, "backendRef", field) for field in ("kind", "name", "uid"))
    return f"{kind or 'backend object'} {name or 'without a name'}, uid {uid or 'unknown'}, {owner.cluster}"


def _names(owners: list[Owner]) -> str:
    told = ", ".join(owner.name for owner in owners[:_TOLD_AT_MOST])
    more = f" and {len(owners) - _TOLD_AT_MOST} more" if len(owners) > _TOLD_AT_MOST else ""
    return f"{told}{more}"
