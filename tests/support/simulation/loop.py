"""An event loop whose time passes only while everybody waits."""

import asyncio
import heapq
import selectors
from collections.abc import Callable, Coroutine
from contextvars import Context
from itertools import count
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")
TURNS = 50_000


class _Selector(selectors.DefaultSelector):
    """Where a real loop would wait, this one lets its clock jump."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 1000.0
        self._turns: list[float] = []

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if not events:
            if timeout is None:
                raise RuntimeError("everybody waits and nothing will ever happen")
            self.time += max(0.0, timeout)
        self._turns.append(self.time)
        if len(self._turns) == TURNS:
            if self.time - self._turns[0] < 1.0:
                raise RuntimeError(
                    f"{TURNS} turns of the loop within {self.time - self._turns[0]:g} s: somebody is spinning"
                )
            self._turns.clear()
        return events


class _Timer(asyncio.TimerHandle):
    """Of those that are due at one moment, who asked first comes first: what else there is does not change that."""

    def __init__(self, order: int, when: float, *call: Any) -> None:
        super().__init__(when, *call)
        self._order = order
        self._scheduled = True

    def __lt__(self, other: asyncio.TimerHandle) -> bool:
        if isinstance(other, _Timer) and self.when() == other.when():
            return self._order < other._order
        return self.when() < other.when()


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` is virtual; `asyncio.sleep` and timeouts take no real time."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)
        self._clock_resolution = 1e-9
        self._orders = count()
        self._scheduled: list[asyncio.TimerHandle] = []

    def call_at(
        self, when: float, callback: Callable[[*Arguments], object], *args: *Arguments, context: Context | None = None
    ) -> asyncio.TimerHandle:
        timer = _Timer(next(self._orders), when, callback, args, self, context)
        heapq.heappush(self._scheduled, timer)
        return timer

    def time(self) -> float:
        return self._virtual.time


def run_virtually(main: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run` in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
