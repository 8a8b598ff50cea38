"""Who is whose parent among the Projects, kept up with every state that is taken in; who waits is woken when what they
wait for has come.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from project_operator.api.conditions import ConditionStatus, ConditionType
from project_operator.api.names import FINALIZER
from project_operator.reconcile.view import Relative
from project_operator.runtime.keys import Key, Place
from project_operator.runtime.store import Raw, Store

PlaceOf = Callable[[str, Mapping[str, Any] | None], Place]


@dataclass(frozen=True, slots=True)
class _Standing:
    """What of a Project matters to its relatives."""

    parent: str
    project_id: str
    ready: bool
    deleting: bool
    holds: bool
    """It has, or may have, something in the backend."""


class Hierarchy:
    """Parents and children live in one namespace. ``wake`` is told whom to look at again."""

    def __init__(self, projects: Store, place_of: PlaceOf, wake: Callable[[Iterable[Key]], None]) -> None:
        self._projects = projects
        self._place_of = place_of
        self._wake = wake
        self._standings: dict[Key, _Standing] = {}
        self._children: dict[tuple[str, str], set[Key]] = defaultdict(set)

    def note(self, key: Key, raw: Raw | None) -> None:
        """Take in the state of ``key``; None: the object is gone."""
        old, new = self._standings.get(key), _standing(raw) if raw is not None else None
        if new == old:
            return
        if new is None:
            del self._standings[key]
        else:
            self._standings[key] = new
        self._index(key, old, new)
        self._wake(self._children.get((key.namespace, key.name), ()))
        if old is not None and old.parent and old.holds and (new is None or not new.holds):
            self._wake_parent(key.namespace, old.parent)

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
        """Names of the Projects that have ``key`` for a parent and have, or may have, something in the backend."""
        children = self._children.get((key.namespace, key.name), ())
        return tuple(sorted({child.name for child in children if self._standings[child].holds}))

    def _place(self, namespace: str, raw: Raw) -> Place:
        return self._place_of(namespace, (raw.get("spec") or {}).get("backendRef"))

    def _index(self, key: Key, old: _Standing | None, new: _Standing | None) -> None:
        before, after = old.parent if old is not None else "", new.parent if new is not None else ""
        if before == after:
            return
        if before:
            siblings = self._children[key.namespace, before]
            siblings.discard(key)
            if not siblings:
                del self._children[key.namespace, before]
        if after:
            self._children[key.namespace, after].add(key)

    def _wake_parent(self, namespace: str, name: str) -> None:
        if (raw := self._projects.get(namespace, name)) is not None:
            self._wake([Key.of(self._projects.plural, raw)])


def _parent(raw: Raw) -> str:
    return str(((raw.get("spec") or {}).get("parentRef") or {}).get("name") or "")


def _standing(raw: Raw) -> _Standing:
    status, metadata = raw.get("status") or {}, raw["metadata"]
    project_id = str(status.get("id") or "")
    return _Standing(
        parent=_parent(raw),
        project_id=project_id,
        ready=any(
            one.get("type") == ConditionType.READY
            and one.get("status") == ConditionStatus.TRUE
            and one.get("observedGeneration") == metadata.get("generation")
            for one in status.get("conditions") or ()
        ),
        deleting="deletionTimestamp" in metadata,
        holds=bool(project_id) or FINALIZER in (metadata.get("finalizers") or ()),
    )
