"""What the server's reads see: the store as it was a while ago, in the manner of an informer cache (N0-2)."""

from bisect import bisect_left, insort
from collections import deque
from typing import Any, TypeVar

from project_operator.sandbox.identity.nscale.resources import Metadata
from project_operator.sandbox.identity.nscale.store import Change

R = TypeVar("R", bound=Metadata)


class Cache:
    """Never goes back in time: a lag that grows only holds back what is new."""

    def __init__(self) -> None:
        self._objects: dict[type[Metadata], dict[str, Any]] = {}
        self._order: dict[type[Metadata], list[str]] = {}
        self._versions: dict[type[Metadata], int] = {}

    def absorb(self, changes: deque[Change], until: float) -> None:
        """Take in the writes made at or before ``until``."""
        while changes and changes[0].time <= until:
            change = changes.popleft()
            objects = self._objects.setdefault(change.kind, {})
            order = self._order.setdefault(change.kind, [])
            if change.resource is None:
                if objects.pop(change.id, None) is not None:
                    del order[bisect_left(order, change.id)]
            else:
                if change.id not in objects:
                    insort(order, change.id)
                objects[change.id] = change.resource
            self._versions[change.kind] = self.version(change.kind) + 1

    def get(self, kind: type[R], resource_id: str) -> R | None:
        found: R | None = self._objects.get(kind, {}).get(resource_id)
        return found

    def all(self, kind: type[R]) -> list[R]:
        """All objects of a kind, sorted by id (N1-7)."""
        objects = self._objects.get(kind, {})
        return [objects[resource_id] for resource_id in self._order.get(kind, ())]

    def version(self, kind: type[Metadata]) -> int:
        """Grows whenever an object of the kind is seen anew."""
        return self._versions.get(kind, 0)
