"""The newest state of every object we watch: from the watch, and from the answers to our own writes, whichever is newer."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .keys import Key

Raw = Mapping[str, Any]


class Store:
    """Objects of one kind by namespace and name. What was newest stays, whatever comes later and is older."""

    def __init__(self, plural: str) -> None:
        self.plural = plural
        self._objects: dict[tuple[str, str], Raw] = {}
        self._gone: dict[str, int] = {}

    def put(self, raw: Raw) -> bool:
        """Take in a state; False if it is no newer than what is known, or of an object that is known to be gone."""
        metadata = raw["metadata"]
        place = (metadata.get("namespace", ""), metadata["name"])
        known = self._objects.get(place)
        version = int(metadata["resourceVersion"])
        if metadata["uid"] in self._gone:
            return False
        if known is not None and int(known["metadata"]["resourceVersion"]) >= version:
            return False
        self._objects[place] = _without_ballast(raw)
        return True

    def drop(self, key: Key) -> None:
        """The object is gone for good (its uid never comes again)."""
        self._gone[key.uid] = 0
        known = self._objects.get((key.namespace, key.name))
        if known is not None and known["metadata"]["uid"] == key.uid:
            del self._objects[key.namespace, key.name]

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

    def absent_from(self, live: set[tuple[str, str, str]]) -> list[Key]:
        """The keys that are known here and not in ``live`` (namespace, name, uid)."""
        return [key for key in self.keys() if (key.namespace, key.name, key.uid) not in live]


class Names:
    """Which Projects name which remote project: for conflicts, and for what a listing has to show (R12)."""

    def __init__(self) -> None:
        self._by_project: dict[tuple[str, str], set[Key]] = defaultdict(set)
        self._of_key: dict[Key, tuple[str, str]] = {}
        self._of_endpoint: dict[str, dict[str, int]] = defaultdict(dict)

    def note(self, key: Key, raw: Raw | None) -> None:
        """Take in what the status of ``key`` names now; None: the object is gone."""
        status = (raw or {}).get("status") or {}
        endpoint, project_id = str(status.get("endpointID") or ""), str(status.get("id") or "")
        new = (endpoint, project_id) if endpoint and project_id else None
        old = self._of_key.get(key)
        if new == old:
            return
        if old is not None:
            del self._of_key[key]
            self._count(old, -1)
            self._by_project[old].discard(key)
            if not self._by_project[old]:
                del self._by_project[old]
        if new is not None:
            self._of_key[key] = new
            self._count(new, 1)
            self._by_project[new].add(key)

    def holders(self, endpoint: str, project_id: str) -> frozenset[Key]:
        """The Projects whose status names that project."""
        return frozenset(self._by_project.get((endpoint, project_id), ()))

    def of_endpoint(self, endpoint: str) -> Iterable[str]:
        """Every id that a status names in that place."""
        return tuple(self._of_endpoint.get(endpoint, ()))

    def _count(self, named: tuple[str, str], step: int) -> None:
        endpoint, project_id = named
        ids = self._of_endpoint[endpoint]
        ids[project_id] = ids.get(project_id, 0) + step
        if ids[project_id] <= 0:
            del ids[project_id]


def _without_ballast(raw: Raw) -> Raw:
    """Without ``managedFields``: half of an object's size, and nothing that we look at."""
    metadata = raw["metadata"]
    if "managedFields" not in metadata:
        return raw
    return {**raw, "metadata": {name: value for name, value in metadata.items() if name != "managedFields"}}
