"""The newest state of every object we watch: from the watch, and from the answers to our own writes, whichever is
newer.
"""

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from sys import intern
from typing import Any, Final

from project_operator.api.conditions import ConditionType, Reason
from project_operator.api.names import FINALIZER
from project_operator.kube.resources import IDENTITY_BACKENDS
from project_operator.kube.sink import Identity, identity_of
from project_operator.runtime.backend_kinds import PLACES_KEPT, backend_place
from project_operator.runtime.keys import Key, Place
from project_operator.runtime.stored import conditions, part, text

Raw = Mapping[str, Any]
GONE_KEPT: Final = 20_000
"""How many uids of gone objects are remembered, so that a late state of one does not bring it back."""


class Store:
    """Objects of one kind by namespace and name. What was newest stays, whatever comes later and is older."""

    def __init__(self, plural: str, *, by_label: bool = False) -> None:
        """``by_label``: only objects with a label are watched, so what was gone may come back, with a newer state."""
        self.plural = plural
        self._by_label = by_label
        self._objects: dict[tuple[str, str], Raw] = {}
        self._followers: list[Follower] = []
        self._gone: OrderedDict[str, int] = OrderedDict()

    def follow(self, follower: "Follower") -> None:
        """Tell ``follower`` of every change from now on."""
        self._followers.append(follower)

    def put(self, raw: Raw) -> bool:
        """Take in a state; False if it is no newer than what is known, or of an object that is known to be gone."""
        metadata = raw["metadata"]
        place = (metadata.get("namespace", ""), metadata["name"])
        known = self._objects.get(place)
        version = int(metadata["resourceVersion"])
        gone_at = self._gone.get(metadata["uid"])
        if gone_at is not None and not (self._by_label and version > gone_at):
            return False
        if known is not None and int(known["metadata"]["resourceVersion"]) >= version:
            return False
        self._objects[place] = _lean(raw)
        self._gone.pop(metadata["uid"], None)
        if known is not None and known["metadata"]["uid"] != metadata["uid"]:
            self._tell(Key.of(self.plural, known), None)
        self._tell(Key.of(self.plural, raw), self._objects[place])
        return True

    def drop(self, key: Key, last: Raw | None = None) -> None:
        """The object is gone: for good (its uid never comes again), or out of what is watched.

        ``last`` is the state with which it went, where the watch told of it.
        """
        known = self.of(key)
        self._gone[key.uid] = max((int(raw["metadata"]["resourceVersion"]) for raw in (known, last) if raw), default=0)
        while len(self._gone) > GONE_KEPT:
            self._gone.popitem(last=False)
        if known is not None:
            del self._objects[key.namespace, key.name]
            self._tell(key, None)

    def get(self, namespace: str, name: str) -> Raw | None:
        """The newest state of the object of that name."""
        return self._objects.get((namespace, name))

    def of(self, key: Key) -> Raw | None:
        """The newest state of exactly that object; None if it is gone or another has its name."""
        known = self._objects.get((key.namespace, key.name))
        return known if known is not None and known["metadata"]["uid"] == key.uid else None

    def keys(self) -> Iterator[Key]:
        """The keys of all objects."""
        return (Key.of(self.plural, raw) for raw in list(self._objects.values()))

    def values(self) -> Iterable[Raw]:
        """All objects."""
        return list(self._objects.values())

    def __len__(self) -> int:
        return len(self._objects)

    def absent_from(self, live: set[Identity], version: int) -> list[Key]:
        """The keys that are not in ``live``, and whose state here is no newer than that."""
        return [
            Key.of(self.plural, raw)
            for raw in self._objects.values()
            if int(raw["metadata"]["resourceVersion"]) <= version and identity_of(raw) not in live
        ]

    def behind(self, versions: Mapping[Identity, int]) -> set[Identity]:
        """Those of ``versions`` of which neither that state is known, nor a later one, nor their end."""

        def known(namespace: str, name: str) -> int:
            raw = self._objects.get((namespace, name))
            return int(raw["metadata"]["resourceVersion"]) if raw is not None else -1

        return {
            (namespace, name, uid)
            for (namespace, name, uid), version in versions.items()
            if known(namespace, name) < version and self._gone.get(uid, -1) < version
        }

    def _tell(self, key: Key, raw: Raw | None) -> None:
        for follower in self._followers:
            follower(key, raw)


Follower = Callable[[Key, Raw | None], None]
"""Told of the new state of an object; None: it is gone."""


class References:
    """Which Projects name which remote project, and which need which backend object; kept up with every state that
    is taken in.
    """

    def __init__(self, default_backend: str, default_kind: str = IDENTITY_BACKENDS.kind) -> None:
        self._default_backend = default_backend
        self._default_kind = default_kind
        self._facts: dict[Key, _Facts] = {}
        self._by_uid: dict[str, Key] = {}
        self._naming: dict[str, dict[str, tuple[Key, ...]]] = defaultdict(dict)
        """By endpoint, then by id. Nearly always it is one: a set of one takes four times the memory."""
        self._referring: dict[Place, set[Key]] = defaultdict(set)
        self._unsurprised: set[Key] = set()
        self._holding: Counter[Place] = Counter()
        self._tenants: dict[str, set[Key]] = defaultdict(set)

    def note(self, key: Key, raw: Raw | None) -> None:
        """Take in the state of ``key``; None: the object is gone."""
        new = self._facts_of(key, raw) if raw is not None else None
        old = self._facts.get(key)
        if new == old:
            return
        if old is not None:
            self._remove(key, old)
        if new is not None:
            self._add(key, new)

    def of_uid(self, uid: str) -> Key | None:
        """The Project of that uid, if it lives."""
        return self._by_uid.get(uid)

    def holders(self, endpoint: str, project_id: str) -> frozenset[Key]:
        """The Projects whose status names that remote project."""
        return frozenset(self._naming.get(endpoint, {}).get(project_id, ()))

    def named(self, endpoint: str) -> tuple[frozenset[str], frozenset[str]]:
        """Every id that a status names in that place, and those of them whose Projects are all being deleted or report
        them Missing.
        """
        naming = self._naming.get(endpoint, {})
        named = frozenset(naming)
        ends = {self._facts[key].project_id for key in self._unsurprised if self._facts[key].endpoint == endpoint}
        expected = frozenset(one for one in ends & named if self._unsurprised.issuperset(naming[one]))
        return named, expected

    def referring(self, place: Place) -> frozenset[Key]:
        """The Projects that refer to the backend object there, by name or as the default, or were made with it."""
        return frozenset(self._referring.get(place, ()))

    def backends_of(self, key: Key) -> frozenset[Place]:
        """Where the backend objects are that ``key`` needs, as far as it is known."""
        facts = self._facts.get(key)
        return facts.backends if facts is not None else frozenset()

    def using(self, place: Place) -> int:
        """How many of them carry our finalizer, and so still need it."""
        return self._holding[place]

    def tenants(self, namespace: str) -> frozenset[Key]:
        """The Projects of a namespace that need a backend object of no namespace."""
        return frozenset(self._tenants.get(namespace, ()))

    def place_of(self, namespace: str, ref: Mapping[str, Any] | None) -> Place:
        """Where the backend object is that a Project in ``namespace`` with this ``spec.backendRef`` refers to."""
        name = text(ref or {}, "name")
        if not name:
            return backend_place(self._default_kind, self._default_backend, namespace)
        return backend_place(text(ref or {}, "kind") or IDENTITY_BACKENDS.kind, name, namespace)

    def _add(self, key: Key, facts: "_Facts") -> None:
        self._facts[key] = facts
        self._by_uid[key.uid] = key
        for place in facts.backends:
            self._referring[place].add(key)
            self._holding[place] += facts.held
        if facts.is_tenant:
            self._tenants[key.namespace].add(key)
        if facts.unsurprised:
            self._unsurprised.add(key)
        if facts.project_id:
            naming = self._naming[facts.endpoint]
            naming[facts.project_id] = (*naming.get(facts.project_id, ()), key)

    def _remove(self, key: Key, facts: "_Facts") -> None:
        del self._facts[key]
        del self._by_uid[key.uid]
        for place in facts.backends:
            self._referring[place].discard(key)
            self._holding[place] -= facts.held
            if not self._referring[place]:
                del self._referring[place], self._holding[place]
        self._unsurprised.discard(key)
        if facts.is_tenant:
            self._tenants[key.namespace].discard(key)
            if not self._tenants[key.namespace]:
                del self._tenants[key.namespace]
        if facts.project_id:
            naming = self._naming[facts.endpoint]
            if others := tuple(one for one in naming[facts.project_id] if one != key):
                naming[facts.project_id] = others
            else:
                del naming[facts.project_id]
                if not naming:
                    del self._naming[facts.endpoint]

    def _facts_of(self, key: Key, raw: Raw) -> "_Facts":
        metadata = raw["metadata"]
        asked, made_with = part(raw, "spec", "backendRef"), part(raw, "status", "backendRef")
        backends = _both(self.place_of(key.namespace, asked), self.place_of(key.namespace, made_with or asked))
        return _Facts(
            backends=backends,
            endpoint=text(raw, "status", "endpointID"),
            project_id=text(raw, "status", "id"),
            held=FINALIZER in (metadata.get("finalizers") or ()),
            unsurprised="deletionTimestamp" in metadata or _reports_missing(raw),
        )


@dataclass(frozen=True, slots=True)
class _Facts:
    backends: frozenset[Place]
    endpoint: str
    project_id: str
    held: bool
    unsurprised: bool
    """It is being deleted, or reports its project Missing: that a listing lacks the project is no surprise."""

    @property
    def is_tenant(self) -> bool:
        """Whether it needs a backend object of no namespace."""
        return any(not place.namespace for place in self.backends)


@lru_cache(maxsize=PLACES_KEPT)
def _both(one: Place, other: Place) -> frozenset[Place]:
    """One set for all the Projects of which that is true."""
    return frozenset((one, other))


def _reports_missing(raw: Raw) -> bool:
    """Whether a read of the very id once proved that it is gone, and status says so."""
    return any((one.get("type"), one.get("reason")) == (ConditionType.READY, Reason.MISSING) for one in conditions(raw))


def _lean(raw: Raw) -> Raw:
    """Without ``managedFields``: half of an object's size, and nothing that we look at. Names and ids, which keys, the
    memory and the index hold too, are the same strings in every state.
    """
    metadata = {name: value for name, value in raw["metadata"].items() if name != "managedFields"}
    metadata |= {name: intern(metadata[name]) for name in ("name", "namespace", "uid") if name in metadata}
    status = part(raw, "status")
    if not isinstance(project_id := status.get("id"), str):
        return {**raw, "metadata": metadata}
    return {**raw, "metadata": metadata, "status": {**status, "id": intern(project_id)}}
