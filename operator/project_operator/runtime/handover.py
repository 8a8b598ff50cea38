"""What begins and ends with a term of leadership."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from project_operator.kube.resources import PROJECTS
from project_operator.runtime.backend_kinds import BACKEND_RESOURCES
from project_operator.runtime.keys import Key
from project_operator.runtime.leadership import NOBODYS, Leadership
from project_operator.runtime.queue import Class
from project_operator.runtime.rounds import Rounds
from project_operator.runtime.store import References, Store
from project_operator.runtime.urgency import class_of


class Handover:
    """Implements `leadership.Crew`."""

    def __init__(
        self,
        *,
        stores: Mapping[str, Store],
        leadership: Leadership,
        references: References,
        unit_of: Callable[[Mapping[str, Any]], str],
        rounds: Rounds,
        stand_down: Callable[[str], Awaitable[None]],
        look_at: Callable[[Key, Class], None],
    ) -> None:
        """``unit_of``: the unit that a Project belongs to. ``stand_down`` ends the connection of a unit."""
        self._stores = stores
        self._leadership = leadership
        self._references = references
        self._unit_of = unit_of
        self._rounds = rounds
        self._close = stand_down
        self._look_at = look_at
        self._standing_down: dict[str, asyncio.Task[None]] = {}

    def units(self) -> Iterable[tuple[str, str]]:
        """Every backend object, and the want of one."""
        yield NOBODYS, "no-backend"
        for plural, resource in BACKEND_RESOURCES.items():
            for raw in self._stores[plural].values():
                key = Key.of(plural, raw)
                yield key.uid, "-".join(filter(None, (resource.kind, key.namespace, key.name)))

    def leadership_changed(self, unit: str) -> None:
        """Of a term that is over what is under way ends, then its connection is closed; in a new one everything that
        it is about is looked at.
        """
        if self._leadership.term(unit) is None:
            self._stand_down(unit)
            return
        backend = self._backend_of(unit)
        if backend is not None:
            self._look_at(backend, Class.CHANGED)
        for raw in self._may_belong_to(backend):
            if self._unit_of(raw) == unit:
                self._look_at(Key.of(PROJECTS.plural, raw), class_of(raw))

    async def wind_down(self, unit: str, grace: float) -> None:
        """See `Crew.wind_down`."""
        task = self._stand_down(unit)
        _, late = await asyncio.wait({task}, timeout=grace)
        if late:
            await self._close(unit)

    def stop(self) -> None:
        """The process ends: nothing is waited for any more."""
        for task in list(self._standing_down.values()):
            task.cancel()

    def _backend_of(self, unit: str) -> Key | None:
        objects = ((plural, raw) for plural in BACKEND_RESOURCES for raw in self._stores[plural].values())
        return next((Key.of(plural, raw) for plural, raw in objects if raw["metadata"]["uid"] == unit), None)

    def _may_belong_to(self, backend: Key | None) -> Iterable[Mapping[str, Any]]:
        """The Projects that refer to it; all of them, where the unit is the want of one."""
        projects = self._stores[PROJECTS.plural]
        if backend is None:
            return projects.values()
        return [raw for key in self._references.referring(backend.place) if (raw := projects.of(key)) is not None]

    def _stand_down(self, unit: str) -> asyncio.Task[None]:
        """What is under way of ``unit`` ends by itself: an answer that comes yet is worth having."""
        if (task := self._standing_down.get(unit)) is None:

            async def stand_down() -> None:
                try:
                    await self._rounds.over(unit)
                    await self._close(unit)
                finally:
                    del self._standing_down[unit]

            task = asyncio.get_running_loop().create_task(stand_down(), name=f"stand down {unit}")
            self._standing_down[unit] = task
        return task
