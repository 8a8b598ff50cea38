"""What reads of the backend prove, and what they do not (R4, R6, R7, R12, promise I4)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

from project_operator.api.marks import owner_name
from project_operator.backends.base import RemoteProject, RoleAssignment

NEVER: Final = float("-inf")


@dataclass(frozen=True, slots=True)
class Observation:
    """What one read showed of one project id. ``project`` None: the vendor's own not-found."""

    begun_at: float
    project: RemoteProject | None


@dataclass(frozen=True, slots=True)
class Assigned:
    """The role assignments of one project, which no listing shows, as one read of it showed them."""

    begun_at: float
    assignments: tuple[RoleAssignment, ...]
    group_ids: frozenset[str] | None
    """The groups of which all roles are shown; None: of all."""

    def covers(self, group_ids: frozenset[str]) -> bool:
        """Whether it shows every role of these groups."""
        return self.group_ids is None or group_ids <= self.group_ids

    def on(self, project: RemoteProject) -> RemoteProject:
        """``project`` with these role assignments."""
        return replace(project, content=replace(project.content, role_assignments=self.assignments))


def without_assignments(project: RemoteProject) -> RemoteProject:
    """``project`` as a listing would show it."""
    if project.content.role_assignments is None:
        return project
    return replace(project, content=replace(project.content, role_assignments=None))


@dataclass(frozen=True, slots=True)
class Listing:
    """One complete listing of the organisation, with the time at which it was *begun*: waiting never makes it newer
    (R4).
    """

    begun_at: float
    by_id: Mapping[str, RemoteProject]
    by_mark: Mapping[str, tuple[RemoteProject, ...]]
    by_name: Mapping[str, tuple[RemoteProject, ...]]
    """By the name without case; see `called`."""
    by_owner_name: Mapping[str, tuple[RemoteProject, ...]]
    """By the part of the mark that says namespace and name: what all objects of one name ever made, in any cluster."""
    credible: bool
    """It shows every id that a status names and that is not individually confirmed gone, and the credential may read
    (R12).
    """
    in_doubt: tuple[str, ...] = ()
    """Ids that statuses name, that it does not show, and that were looked for one by one and not found gone."""

    @classmethod
    def of(
        cls,
        projects: Iterable[RemoteProject],
        *,
        begun_at: float,
        credible: bool,
        in_doubt: tuple[str, ...] = (),
    ) -> Self:
        """Index a complete answer."""
        by_id: dict[str, RemoteProject] = {}
        by_mark, by_name, by_owner_name = _Index(), _Index(), _Index()
        for project in projects:
            by_id[project.id] = project
            alone = (project,)
            name, mark = project.content.name, project.content.mark
            folded = name.casefold()
            by_name.add(name if folded == name else folded, alone)
            if mark:
                by_mark.add(mark, alone)
                by_owner_name.add(owner_name(mark), alone)
        return cls(begun_at, by_id, by_mark.whole(), by_name.whole(), by_owner_name.whole(), credible, in_doubt)

    def called(self, name: str, *, ignores_case: bool) -> tuple[RemoteProject, ...]:
        """Everything of that name, oldest first, those being deleted included."""
        found = self.by_name.get(name.casefold(), ())
        return found if ignores_case else tuple(project for project in found if project.content.name == name)

    def of_owners_named_like(self, mark: str) -> tuple[RemoteProject, ...]:
        """Everything made for any object of the namespace and name that ``mark`` speaks of, in whatever cluster, oldest
        first.
        """
        return self.by_owner_name.get(owner_name(mark), ())

    def of_mark(self, mark: str) -> tuple[RemoteProject, ...]:
        """Everything that carries exactly this mark, oldest first, those being deleted included."""
        return self.by_mark.get(mark, ())


class _Index:
    """Projects by what several may have in common. Nearly all are alone, and there are thousands: such a one is in the
    same tuple in every index.
    """

    def __init__(self) -> None:
        self._found: dict[str, tuple[RemoteProject, ...]] = {}
        self._crowds: dict[str, list[RemoteProject]] = {}

    def add(self, key: str, alone: tuple[RemoteProject]) -> None:
        first = self._found.setdefault(key, alone)
        if first is not alone:
            self._crowds.setdefault(key, list(first)).extend(alone)

    def whole(self) -> Mapping[str, tuple[RemoteProject, ...]]:
        """Each oldest first."""
        self._found.update((key, tuple(sorted(crowd, key=_age))) for key, crowd in self._crowds.items())
        return self._found


def _age(project: RemoteProject) -> tuple[float, str]:
    return (project.creation_time.timestamp() if project.creation_time else 0.0, project.id)


def whole(shown: RemoteProject, listing: Listing, direct: Observation | None) -> Observation | None:
    """What is known of what ``listing`` shows as ``shown``, given the latest read of it alone; None: part of it is
    not, so look at it.
    """
    if direct is not None and direct.begun_at > listing.begun_at:
        return direct
    return Observation(listing.begun_at, shown) if shown.whole else None


def newest(
    project_id: str, listing: Listing | None, direct: Observation | None, *, after: float, read_lag: float
) -> Observation | None:
    """The latest-begun evidence about ``project_id`` that began after ``after``; None: look at it.

    A listing that lacks the id proves nothing (only a GET proves absence), but begun more than a read lag after the id
    was last seen it makes that sight too old to go by.
    """
    seen = direct if direct is not None and direct.begun_at > after else None
    if listing is None or listing.begun_at <= after:
        return seen
    if (shown := listing.by_id.get(project_id)) is not None:
        return whole(shown, listing, seen)
    if seen is not None and seen.project is not None and listing.begun_at > seen.begun_at + read_lag:
        return None
    return seen
