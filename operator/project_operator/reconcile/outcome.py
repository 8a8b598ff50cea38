"""How things stand after a look, in the few kinds that conditions can say."""

from dataclasses import dataclass
from enum import Enum

from project_operator.api.conditions import Reason


class Standing(Enum):
    """What the conditions become; the rows of the table in ``docs/reference/conditions.md``."""

    DONE = "done"
    """Ready=True, nothing else."""
    WORKING = "working"
    """Ready=Unknown, Reconciling=True: we or the backend are at it."""
    RETRYING = "retrying"
    """Ready=False, Reconciling=True: something failed or is missing that may pass without a person."""
    STALLED = "stalled"
    """Ready=False, Stalled=True: a person must act."""
    SUSPENDED = "suspended"
    """Ready=Unknown, nothing else: not begun, as a person wants it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One standing, its reason, and the particulars for people."""

    standing: Standing
    reason: Reason
    message: str


def done(message: str, reason: Reason = Reason.SUCCEEDED) -> Outcome:
    """All is as it should be."""
    return Outcome(Standing.DONE, reason, message)


def working(message: str, reason: Reason = Reason.PROGRESSING) -> Outcome:
    """Under way."""
    return Outcome(Standing.WORKING, reason, message)


def held(reason: Reason, message: str) -> Outcome:
    """Not possible now: stalled or retrying, as the reason says."""
    return Outcome(Standing.STALLED if reason.stalled else Standing.RETRYING, reason, message)
