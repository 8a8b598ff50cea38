"""The record of intent, the clock on it, and the right to send one creation (protocol section 1)."""

from dataclasses import dataclass
from typing import Final

CLOCK_TOLERANCE: Final = 2.0
"""Seconds by which the wall clock may part from the monotonic one before a right counts as spoilt."""


@dataclass(frozen=True, slots=True)
class Record:
    """What the CR itself says about a creation. A change of it, and of nothing else, restarts its clock (R3)."""

    uid: str
    finalizer: bool
    attempt: str
    id: str


@dataclass(frozen=True, slots=True)
class Timing:
    """The constants of the protocol, in seconds."""

    send_validity: float = 5.0
    """S: how long a right holds, from asking for the guarded write to handing the bytes over."""
    deadline: float = 15.0
    """D: client deadline of one backend call."""
    in_flight_bound: float = 60.0
    """F: longest time from the send check until a request can still take effect. At least D."""
    read_lag: float = 10.0
    """L: a read begun later than this after a change shows it."""

    @property
    def quarantine(self) -> float:
        """Q: how long one record must have been seen unchanged before absence counts; strictly more than S + F + L."""
        return (self.send_validity + self.in_flight_bound + self.read_lag) * 1.01 + 1.0


@dataclass(frozen=True, slots=True)
class Right:
    """Permission to send ONE creation, got from an own guarded write that succeeded (R2). Lives in memory only."""

    asked_at: float
    """Monotonic time of *asking* for the guarded write."""
    asked_wall: float
    """Wall time of the same moment, in seconds since the epoch: a jump of either clock spoils the right."""
    record: Record

    def holds(self, *, now: float, wall: float, timing: Timing) -> bool:
        """Whether the bytes may leave now. Checked last, immediately before they do."""
        elapsed = now - self.asked_at
        jumped = abs((wall - self.asked_wall) - elapsed) > CLOCK_TOLERANCE
        return 0 <= elapsed <= timing.send_validity and not jumped
