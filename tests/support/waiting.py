"""Waiting for what must come: by looking again and again until a deadline, never by sleeping for a fixed time."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

WITHIN: Final = 60.0
"""Seconds after which what should happen counts as not happening; far more than it takes on a machine that stands
still now and then."""
OFTENEST: Final = 0.1
SELDOMEST: Final = 0.3
"""Seconds between two looks, at first and after a while: each is work for whoever is looked at."""
_GROWTH: Final = 1.2


def wait_until(look: Callable[[], T | None], what: str, *, within: float = WITHIN, every: float | None = None) -> T:
    """What ``look`` returns as soon as that is true in Python's sense. Raises AssertionError naming ``what``.

    ``every``: seconds between two looks, for those that are dear.
    """
    pause = every or OFTENEST
    deadline = time.monotonic() + within
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {within:g} s for {what}; last seen: {found!r}")
        time.sleep(pause)
        pause = every or min(pause * _GROWTH, SELDOMEST)
