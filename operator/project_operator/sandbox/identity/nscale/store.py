"""The true state: a Kubernetes-like object store with resource versions and a log of changes for the lagging cache."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from project_operator.sandbox.identity.nscale.resources import Metadata, Project

R = TypeVar("R", bound=Metadata)


@dataclass(frozen=True, slots=True)
class Change:
    """One write: the object as it was left, or None where it went."""

    time: float
    kind: type[Metadata]
    id: str
    resource: Metadata | None


class Store:
    """Objects by kind and id. Names play no part: nothing is unique but the id (N0-1)."""

    def __init__(self) -> None:
        self._objects: dict[type[Metadata], dict[str, Any]] = {}
        self.changes: deque[Change] = deque()
        """Writes the cache has not taken in yet, oldest first."""
        self.revision = 0
        """Grows with every write."""

    def get(self, kind: type[R], resource_id: str) -> R | None:
        found: R | None = self._objects.get(kind, {}).get(resource_id)
        return found

    def all(self, kind: type[R]) -> Iterable[R]:
        return self._objects.get(kind, {}).values()

    def count(self, kind: type[Metadata]) -> int:
        return len(self._objects.get(kind, ()))

    def write(self, resource: R, now: float) -> R:
        """Create or replace; the object with its new resource version."""
        self.revision += 1
        written = replace(resource, resource_version=self.revision)
        self._objects.setdefault(type(written), {})[written.id] = written
        self.changes.append(Change(now, type(written), written.id, written))
        return written

    def remove(self, kind: type[R], resource_id: str, now: float) -> None:
        """Take an object away; it must exist."""
        self.revision += 1
        del self._objects[kind][resource_id]
        self.changes.append(Change(now, kind, resource_id, None))

    def delete_project(self, project: Project, now: float) -> None:
        """Gone at once without finalizers (N1.5-8), marked with them (N1.5-1)."""
        if not project.finalizers:
            self.remove(Project, project.id, now)
        else:
            self.write(replace(project, deletion_time=now), now)

    def drop_finalizer(self, project: Project, finalizer: str, now: float) -> None:
        """Take one finalizer off; the last one of a project being deleted takes the project with it."""
        rest = tuple(f for f in project.finalizers if f != finalizer)
        if rest or project.deletion_time is None:
            self.write(replace(project, finalizers=rest), now)
        else:
            self.remove(Project, project.id, now)
