"""One step of the small world, and the rules of the world that a test may break."""

from dataclasses import dataclass

from interleavings.state import State


@dataclass(frozen=True, slots=True)
class Rules:
    """The world's part of the protocol, for a test to break."""

    guarded: bool = True
    """R1: a patch applies only to the version that it was decided on."""
    remove_duplicates: bool = False
    lag_is_bounded: bool = True
    flight_is_bounded: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happens."""

    label: str
    after: State
    fault: bool = False
    broken: str = ""
    """The promise that it breaks."""
    at_once: bool = False
    """Whether an operator that is not paused does it before time passes."""
    chosen: bool = False
    """Whether a person chose to do it."""
