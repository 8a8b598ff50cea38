"""Time as the embedded servers see it."""

import time
from typing import Protocol


class Clock(Protocol):
    """A clock that never runs backwards."""

    def now(self) -> float:
        """Seconds since the epoch, with fractions."""


class SystemClock:
    """Wall time at its making, carried on by the monotonic clock: steps of the wall clock do not reorder events."""

    def __init__(self) -> None:
        self._origin = time.time() - time.monotonic()

    def now(self) -> float:
        return self._origin + time.monotonic()


class ManualClock:
    """A clock that stands still until it is told to move; for tests of the state machines."""

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self._now = start

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        """Move ``seconds`` ahead."""
        self._now += seconds
