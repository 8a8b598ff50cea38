"""Who is whose parent among the Projects, and who is in whose domain, kept up with every state that is taken in; who
waits is woken when what they wait for has come.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from project_operator.api.conditions import ConditionStatus, ConditionType
from project_operator.api.names import FINALIZER
from project_operator.reconcile.hierarchy import SHOWN
from project_operator.reconcile.view import Relative
from project_operator.runtime.keys import Key, Place
from project_operator.runtime.store import Raw, Store
from project_operator.runtime.stored import conditions, part, text

T = TypeVar("T")
PlaceOf = Callable[[str, Mapping[str, Any] | None], Place]


@dataclass(frozen=True, slots=True)
class _Standing:
    """What of a Project matters to its relatives."""

    parent: str
    project_id: str
    endpoint_id: str
    """"" while that is not known."""
    container_id: str
    """Id of the organization that its project is in, or is to be in; "" where the spec leaves that to the backend."""
    ready: bool
    deleting: bool
    holds: bool
    """It has, or may have, something in the backend."""


_NOTHING: Final = _Standing("", "", "", "", ready=False, deleting=False, holds=False)


class Hierarchy:
    """Parents and children live in one namespace; a project that is a domain is a container for Projects of all of
    them. ``wake`` is told whom to look at again.
    """

    def __init__(self, projects: Store, place_of: PlaceOf, wake: Callable[[Iterable[Key]], None]) -> None:
        self._projects = projects
        self._place_of = place_of
        self._wake = wake
        self._standings: dict[Key, _Standing] = {}
        self._children: dict[tuple[str, str], set[Key]] = defaultdict(set)
        self._below: dict[tuple[str, str], set[Key]] = defaultdict(set)
        """Of these, those that hold something."""
        self._waiting: dict[tuple[str, str], set[Key]] = defaultdict(set)
        """And those that have no project yet."""
        self._contents: dict[str, set[Key]] = defaultdict(set)
        """What holds something in a domain, or may."""
        self._holders: dict[str, tuple[Key, ...]] = {}
        """Whose project has that id. Nearly always it is one: a set of one takes four times the memory."""

    def note(self, key: Key, raw: Raw | None) -> None:
        """Take in the state of ``key``; None: the object is gone."""
        old, new = self._standings.get(key), _standing(raw) if raw is not None else None
        if new == old:
            return
        if new is None:
            del self._standings[key]
        else:
            self._standings[key] = new
        was, is_ = old or _NOTHING, new or _NOTHING
        _move(self._children, key, *(_parent_place(key, one) for one in (was, is_)))
        _move(self._below, key, *(_parent_place(key, one) if one.holds else None for one in (was, is_)))
        _move(self._waiting, key, *(None if one.project_id else _parent_place(key, one) for one in (was, is_)))
        _move(self._contents, key, *(one.container_id or None if one.holds else None for one in (was, is_)))
        self._note_id(key, was.project_id, is_.project_id)
        self._wake_children(key, new_id=was.project_id != is_.project_id)
        if was.holds and not is_.holds:
            self._wake_who_waits(key.namespace, was)

    def lineage(self, key: Key) -> tuple[Relative, ...]:
        """The parent of ``key``, its parent, and so on, as far as they are there, each once."""
        raw = self._projects.of(key)
        if raw is None:
            return ()
        own_place = self._place(key.namespace, raw)
        found: dict[str, Relative] = {}
        while raw is not None and (name := _parent(raw)) and name not in found:
            raw = self._projects.get(key.namespace, name)
            if raw is not None:
                standing = _standing(raw)
                found[name] = Relative(
                    name=name,
                    project_id=standing.project_id,
                    ready=standing.ready,
                    deleting=standing.deleting,
                    same_backend=self._place(key.namespace, raw) == own_place,
                )
        return tuple(found.values())

    def children(self, key: Key) -> tuple[str, ...]:
        """Names of the Projects that have ``key`` for a parent, or are in its project where that is a domain, and have,
        or may have, something in the backend; those of other namespaces with the namespace before.
        """
        own = self._standings.get(key)
        found = set(self._below.get((key.namespace, key.name), ()))
        if own is not None and own.project_id:
            contents = self._contents.get(own.project_id, ())
            found |= {one for one in contents if self._standings[one].endpoint_id in {"", own.endpoint_id}}
        names = {one.name if one.namespace == key.namespace else f"{one.namespace}/{one.name}" for one in found - {key}}
        return tuple(sorted(names))

    def _note_id(self, key: Key, before: str, after: str) -> None:
        if before == after:
            return
        if before:
            if others := tuple(one for one in self._holders[before] if one != key):
                self._holders[before] = others
            else:
                del self._holders[before]
        if after:
            self._holders[after] = (*self._holders.get(after, ()), key)

    def _place(self, namespace: str, raw: Raw) -> Place:
        return self._place_of(namespace, part(raw, "spec", "backendRef"))

    def _wake_children(self, parent: Key, *, new_id: bool) -> None:
        """What has a project does not wait for its parent any more: only the id still matters to it."""
        children = self._children if new_id else self._waiting
        self._wake(children.get((parent.namespace, parent.name), ()))

    def _wake_who_waits(self, namespace: str, gone: _Standing) -> None:
        """An end may wait for so many others that it is told of the last ones alone; what its message says of the rest
        is brought up to date when it is looked at anyway.
        """
        parent = self._projects.get(namespace, gone.parent) if gone.parent else None
        if parent is not None and len(self._below.get((namespace, gone.parent), ())) <= SHOWN:
            self._wake([Key.of(self._projects.plural, parent)])
        if len(self._contents.get(gone.container_id, ())) <= SHOWN:
            self._wake(self._holders.get(gone.container_id, ()))


def _move(index: dict[T, set[Key]], key: Key, before: T | None, after: T | None) -> None:
    if before == after:
        return
    if before is not None:
        index[before].discard(key)
        if not index[before]:
            del index[before]
    if after is not None:
        index[after].add(key)


def _parent_place(key: Key, standing: _Standing) -> tuple[str, str] | None:
    return (key.namespace, standing.parent) if standing.parent else None


def _parent(raw: Raw) -> str:
    return text(raw, "spec", "parentRef", "name")


def _standing(raw: Raw) -> _Standing:
    metadata, project_id = raw["metadata"], text(raw, "status", "id")
    return _Standing(
        parent=_parent(raw),
        project_id=project_id,
        endpoint_id=text(raw, "status", "endpointID"),
        container_id=_container(raw) if project_id else _chosen_domain(raw),
        ready=any(
            one.get("type") == ConditionType.READY
            and one.get("status") == ConditionStatus.TRUE
            and one.get("observedGeneration") == metadata.get("generation")
            for one in conditions(raw)
        ),
        deleting="deletionTimestamp" in metadata,
        holds=bool(project_id) or FINALIZER in (metadata.get("finalizers") or ()),
    )


def _container(raw: Raw) -> str:
    """A project that is a domain is its own organization, and in none."""
    organization_id = text(raw, "status", "organizationID")
    return organization_id if organization_id != text(raw, "status", "id") else ""


def _chosen_domain(raw: Raw) -> str:
    return text(raw, "spec", "keystone", "domainID")
