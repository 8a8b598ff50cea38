"""The work queue: one entry a key, one worker a key, new work before old rounds, and nothing waits for ever.

Semantics are those of client-go's workqueue: a key added while it is being worked on is worked on once more afterwards;
a key added twice is worked on once. Two classes share the workers: ``CHANGED`` (a person or GitOps waits for it) goes
before ``ROUTINE`` (polls, resyncs, retries), but a routine key that has waited longer than ``ageing`` seconds goes
next.
"""

import asyncio
import heapq
from collections import OrderedDict
from collections.abc import Hashable
from enum import IntEnum
from typing import Final, Generic, TypeVar

from project_operator.runtime.clock import TICK

K = TypeVar("K", bound=Hashable)


class Class(IntEnum):
    """What kind of work waits; smaller goes first."""

    CHANGED = 0
    ROUTINE = 1


AGEING: Final = 2.0
"""Seconds after which routine work is no longer passed over."""


class WorkQueue(Generic[K]):
    """Lives on one event loop and uses its clock; not thread-safe."""

    def __init__(self, *, ageing: float = AGEING) -> None:
        self._ageing = ageing
        self._ready: tuple[OrderedDict[K, float], OrderedDict[K, float]] = (OrderedDict(), OrderedDict())
        self._active: dict[K, tuple[Class, float]] = {}
        self._again: dict[K, Class] = {}
        self._due: dict[K, float] = {}
        self._delayed: list[tuple[float, int, K]] = []
        self._sequence = 0
        self._wakeup = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def add(self, key: K, cls: Class = Class.CHANGED) -> None:
        """Work on ``key`` as soon as a worker is free (after the present round, if one is under way)."""
        self._due.pop(key, None)
        if key in self._active:
            self._again[key] = min(cls, self._again.get(key, cls))
            return
        other = Class.ROUTINE if cls is Class.CHANGED else Class.CHANGED
        if key in self._ready[cls] or (cls is Class.ROUTINE and key in self._ready[Class.CHANGED]):
            return
        since = self._ready[other].pop(key, None)
        self._ready[cls][key] = since if since is not None else self._now()
        self._wakeup.set()

    def add_after(self, key: K, delay: float) -> None:
        """Work on ``key`` after ``delay`` seconds, or earlier if something adds it; the earlier delay counts."""
        due = self._now() + max(0.0, delay)
        if key in self._due and self._due[key] <= due:
            return
        self._due[key] = due
        self._sequence += 1
        heapq.heappush(self._delayed, (due, self._sequence, key))
        self._arm()

    def cancel_delay(self, key: K) -> None:
        """Forget a delay of ``key``: what it was waiting for has been decided anew."""
        self._due.pop(key, None)

    async def get(self) -> K | None:
        """The next key, now the caller's until `done`; None after `close`."""
        while not self._closed:
            self._promote()
            if (taken := self._take()) is not None:
                key, cls, since = taken
                self._active[key] = (cls, self._now() - since)
                return key
            self._wakeup.clear()
            await self._wakeup.wait()
        return None

    def done(self, key: K) -> None:
        """The caller has finished with ``key``."""
        self._active.pop(key, None)
        if (cls := self._again.pop(key, None)) is not None:
            self.add(key, cls)

    def waited(self, key: K) -> tuple[str, float]:
        """The class of a key that was handed out, and how many seconds it had waited."""
        cls, seconds = self._active[key]
        return cls.name.lower(), seconds

    def close(self) -> None:
        """No more work is handed out; every waiting `get` returns None."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._wakeup.set()

    def depth(self, cls: Class) -> int:
        """How many keys of this class wait."""
        return len(self._ready[cls])

    def age(self, cls: Class) -> float:
        """Seconds the oldest of this class has waited; 0 if none does."""
        return self._now() - next(iter(self._ready[cls].values())) if self._ready[cls] else 0.0

    @property
    def active(self) -> int:
        """How many keys are being worked on."""
        return len(self._active)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    def _take(self) -> tuple[K, Class, float] | None:
        changed, routine = self._ready
        aged = bool(routine) and self._now() - next(iter(routine.values())) > self._ageing
        if changed and not (aged and next(iter(routine.values())) < next(iter(changed.values()))):
            key, since = changed.popitem(last=False)
            return key, Class.CHANGED, since
        if routine:
            key, since = routine.popitem(last=False)
            return key, Class.ROUTINE, since
        return None

    def _promote(self) -> None:
        """Move what is due into the ready lists; entries that were overtaken are dropped."""
        now = self._now() + TICK
        while self._delayed and self._delayed[0][0] <= now:
            due, _, key = heapq.heappop(self._delayed)
            if self._due.get(key) == due:
                self.add(key, Class.ROUTINE)
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._delayed and not self._closed:
            self._timer = asyncio.get_running_loop().call_at(self._delayed[0][0], self._wakeup.set)
