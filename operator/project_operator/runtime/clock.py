"""Time as the runtime sees it; tests put a simulated clock in its place."""

import secrets
import time
from datetime import UTC, datetime
from typing import Final, Protocol

TICK: Final = 1e-6
"""Seconds by which a timer may fire too early (an event loop rounds to its clock's resolution) and still counts as due.
"""


class Clock(Protocol):
    """Both clocks, and randomness: everything a run depends on besides its inputs."""

    def now(self) -> float:
        """Monotonic seconds, counting through a suspend of the host."""

    def wall(self) -> float:
        """Seconds since the epoch."""

    def token(self) -> str:
        """A fresh attempt token; never repeats."""

    def jitter(self) -> float:
        """A number in [0, 1)."""


class SystemClock:
    """The host's clocks. ``CLOCK_BOOTTIME`` where there is one: ``time.monotonic`` stands still in a suspended host
    (protocol section 1).
    """

    def __init__(self) -> None:
        self._boottime: int | None = getattr(time, "CLOCK_BOOTTIME", None)
        self._random = secrets.SystemRandom()

    def now(self) -> float:
        """See `Clock.now`. On macOS ``CLOCK_MONOTONIC`` itself counts through sleep."""
        return time.clock_gettime(self._boottime if self._boottime is not None else time.CLOCK_MONOTONIC)

    def wall(self) -> float:
        """See `Clock.wall`."""
        return time.time()

    def token(self) -> str:
        """128 random bits in hex."""
        return secrets.token_hex(16)

    def jitter(self) -> float:
        """See `Clock.jitter`."""
        return self._random.random()


def timestamp(wall: float) -> datetime:
    """``wall`` as status writes it: UTC, whole seconds (RFC 3339 as in metav1.Time)."""
    return datetime.fromtimestamp(int(wall), tz=UTC)
