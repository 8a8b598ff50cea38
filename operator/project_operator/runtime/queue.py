"""The work queue: one entry a key, one worker a key, new work before old rounds, and nothing waits for ever, nor for
the work of others.

Semantics are those of client-go's workqueue: a key added while it is being worked on is worked on once more afterwards;
a key added twice is worked on once. Two classes share the workers: ``CHANGED`` (a person or GitOps waits for it) goes
before ``ROUTINE`` (polls, resyncs, retries), but a routine key that has waited longer than ``ageing`` seconds takes
turns with those: thousands of them, at a start, hold up nobody who comes then.

Keys are in lanes, one for each backend: they take turns, and of each only so many keys are worked on at once. So what
hangs in one lane holds up no other, and many in one lane do not go before few in another.
"""

import asyncio
import heapq
import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
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


def _one_lane(_: object) -> Hashable:
    return None


@dataclass(slots=True)
class _Lane(Generic[K]):
    name: Hashable
    ready: tuple[OrderedDict[K, float], OrderedDict[K, float]] = field(
        default_factory=lambda: (OrderedDict(), OrderedDict())
    )
    """By class, in order: since when each key waits."""
    active: int = 0

    def since(self, cls: Class) -> float:
        """Since when the first of this class waits; there is one."""
        return next(iter(self.ready[cls].values()))


class WorkQueue(Generic[K]):
    """Lives on one event loop and uses its clock; not thread-safe."""

    def __init__(
        self, *, lane_of: Callable[[K], Hashable] = _one_lane, width: int = sys.maxsize, ageing: float = AGEING
    ) -> None:
        """``width``: how many keys of one lane are worked on at once. A key stays in its lane until it is done."""
        self._lane_of = lane_of
        self._width = width
        self._ageing = ageing
        self._lanes: dict[Hashable, _Lane[K]] = {}
        self._lane: dict[K, _Lane[K]] = {}
        self._turns: tuple[OrderedDict[Hashable, _Lane[K]], ...] = (OrderedDict(), OrderedDict())
        """By class: the lanes that have something to hand out, in the order of their turns."""
        self._active: dict[K, tuple[Class, float]] = {}
        self._again: dict[K, Class] = {}
        self._due: dict[K, float] = {}
        self._delayed: list[tuple[float, int, K]] = []
        self._sequence = 0
        self._gave_way = False
        """What changed has let something routine go before it, and goes next."""
        self._wakeup = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def add(self, key: K, cls: Class = Class.CHANGED) -> None:
        """Work on ``key`` as soon as a worker is free (after the present round, if one is under way)."""
        self._due.pop(key, None)
        if key in self._active:
            self._again[key] = min(cls, self._again.get(key, cls))
            return
        lane = self._lane.get(key) or self._into_lane(key)
        other = Class.ROUTINE if cls is Class.CHANGED else Class.CHANGED
        if key in lane.ready[cls] or (cls is Class.ROUTINE and key in lane.ready[Class.CHANGED]):
            return
        since = lane.ready[other].pop(key, None)
        lane.ready[cls][key] = since if since is not None else self._now()
        self._line_up(lane)
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
        if self._active.pop(key, None) is not None:
            lane = self._lane.pop(key)
            lane.active -= 1
            self._line_up(lane)
            if any(lane.ready):
                self._wakeup.set()
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
        return sum(len(lane.ready[cls]) for lane in self._lanes.values())

    def age(self, cls: Class) -> float:
        """Seconds the oldest of this class has waited; 0 if none does."""
        waiting = [lane.since(cls) for lane in self._lanes.values() if lane.ready[cls]]
        return self._now() - min(waiting) if waiting else 0.0

    @property
    def active(self) -> int:
        """How many keys are being worked on."""
        return len(self._active)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    def _take(self) -> tuple[K, Class, float] | None:
        changed, routine = (next(iter(turns.values()), None) for turns in self._turns)
        if changed is not None:
            self._gave_way = not self._gave_way and routine is not None and self._goes_before(routine, changed)
            if not self._gave_way:
                return self._take_from(changed, Class.CHANGED)
        return self._take_from(routine, Class.ROUTINE) if routine is not None else None

    def _goes_before(self, routine: _Lane[K], changed: _Lane[K]) -> bool:
        """Whether the first of ``routine`` has aged, and waits longer than what changed."""
        since = routine.since(Class.ROUTINE)
        return self._now() - since > self._ageing and since < changed.since(Class.CHANGED)

    def _take_from(self, lane: _Lane[K], cls: Class) -> tuple[K, Class, float]:
        key, since = lane.ready[cls].popitem(last=False)
        lane.active += 1
        self._turns[cls].move_to_end(lane.name)
        self._line_up(lane)
        return key, cls, since

    def _into_lane(self, key: K) -> _Lane[K]:
        name = self._lane_of(key)
        if (lane := self._lanes.get(name)) is None:
            lane = self._lanes[name] = _Lane(name)
        self._lane[key] = lane
        return lane

    def _line_up(self, lane: _Lane[K]) -> None:
        """Let ``lane`` have its turns while it has something to hand out, and forget it when it is empty."""
        name, room = lane.name, lane.active < self._width
        for ready, turns in zip(lane.ready, self._turns, strict=True):
            if not (room and ready):
                turns.pop(name, None)
            elif name not in turns:
                turns[name] = lane
        if not (lane.active or any(lane.ready)):
            self._lanes.pop(name, None)

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
