"""The workers at a queue: always one that is idle, so that who comes next waits for nobody who waits for a backend."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from project_operator.runtime.queue import WorkQueue

K = TypeVar("K", bound=Hashable)


class Workers(Generic[K]):
    """How many keys are worked on at once is the queue's to say, by its lanes."""

    def __init__(self, queue: WorkQueue[K], work: Callable[[K], Awaitable[None]], *, least: int) -> None:
        """``work`` on one key and be done with it; it never raises. ``least``: how many workers stay for good."""
        self._queue = queue
        self._work = work
        self._least = least
        self._idle = 0
        self._turn = asyncio.Lock()
        self._permanent: list[asyncio.Task[None]] = []
        self._further: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to work."""
        loop = asyncio.get_running_loop()
        self._idle = self._least
        self._permanent = [loop.create_task(self._serve(), name=f"worker {number}") for number in range(self._least)]

    async def stop(self, grace: float) -> None:
        """The queue is closed: what is under way has ``grace`` seconds."""
        if tasks := self.tasks():
            _, late = await asyncio.wait(tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def tasks(self) -> list[asyncio.Task[None]]:
        """All of them."""
        return [*self._permanent, *self._further]

    async def _serve(self, *, for_good: bool = True) -> None:
        while (key := await self._queue.get()) is not None:
            self._idle -= 1
            if not self._idle:
                self._hire()
            await self._work(key)
            if self._idle and not for_good:
                return
            self._idle += 1
            # Work that waits for nothing, thousands of looks at a start, would have the loop to itself: between two
            # keys everybody else has a turn, however many workers there are.
            async with self._turn:
                await asyncio.sleep(0)

    def _hire(self) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(for_good=False), name="further worker")
        self._idle += 1
        self._further.add(task)
        task.add_done_callback(self._further.discard)
