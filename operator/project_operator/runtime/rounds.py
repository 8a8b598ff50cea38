"""Rounds of work under way, by the unit of leadership that they belong to."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Rounds:
    """Counts them, so that somebody can wait for the last one."""

    def __init__(self) -> None:
        self._under_way: Counter[str] = Counter()
        self._ended = asyncio.Event()

    @contextmanager
    def one(self, unit: str) -> Iterator[None]:
        """A round of ``unit`` is under way inside."""
        self._under_way[unit] += 1
        try:
            yield
        finally:
            self._under_way[unit] -= 1
            if not self._under_way[unit]:
                del self._under_way[unit]
            self._ended.set()

    async def over(self, unit: str) -> None:
        """Return when none of ``unit`` is under way."""
        while unit in self._under_way:
            self._ended.clear()
            await self._ended.wait()
