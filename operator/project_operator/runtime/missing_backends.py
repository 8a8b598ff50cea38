"""A backend object that no watch has shown yet may be there all the same: the kinds are listed in any order. So its
absence is believed only after a live look; a deletion with `Orphan` ends on that word, and leaves the mark on.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final
from weakref import WeakValueDictionary

from project_operator.errors import KubeForbidden, KubeNotFound
from project_operator.kube.resources import Resource
from project_operator.runtime.backend_kinds import BACKEND_RESOURCES
from project_operator.runtime.clock import Clock
from project_operator.runtime.keys import Place
from project_operator.runtime.ports import Kube

BELIEVED: Final = 5.0
"""Seconds for which a look that found nothing is believed; what comes meanwhile the watch shows."""


class MissingBackends:
    """What was looked for, and was not there. Belongs to one event loop."""

    def __init__(self, kube: Kube, clock: Clock, found: Callable[[Resource, Mapping[str, Any]], None]) -> None:
        """``found`` is told of an object that is there."""
        self._kube = kube
        self._clock = clock
        self._found = found
        self._missed_at: dict[Place, float] = {}
        # A lock is there as long as somebody holds it or waits for it, however that ends.
        self._looking: WeakValueDictionary[Place, asyncio.Lock] = WeakValueDictionary()

    async def look_for(self, place: Place) -> None:
        """Return once ``found`` was told of what is at ``place``, or it is known that nothing is. However many ask, one
        looks at a time, and what it misses the others believe.

        Raises:
            KubeError: it cannot be told now.
        """
        async with self._looking.setdefault(place, asyncio.Lock()):
            now = self._clock.now()
            if self._missed_at.get(place, now - BELIEVED) > now - BELIEVED:
                return
            resource = BACKEND_RESOURCES[place.plural]
            try:
                raw = await self._kube.get(resource, place.namespace or None, place.name)
            except (KubeNotFound, KubeForbidden):
                # What this process may not even read is of no use to it: kinds that it is not to watch, above all.
                self._missed_at = {other: at for other, at in self._missed_at.items() if at > now - BELIEVED}
                self._missed_at[place] = now
            else:
                self._found(resource, raw)
