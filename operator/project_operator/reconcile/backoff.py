"""The wait after the n-th failure in a row: exponential with full jitter, never less than the server asked for."""

from typing import Final

BASE: Final = 1.0
CAP: Final = 300.0
WORTH_A_WORD: Final = 10.0
"""Seconds; where a backend asks for so long a wait, people are told when it ends."""


def delay(failures: int, *, jitter: float, retry_after: float | None = None, cap: float = CAP) -> float:
    """Seconds until the next try after ``failures`` (at least 1) failures, at most ``cap`` unless ``retry_after`` is
    longer; ``jitter`` is in [0, 1).
    """
    ceiling = min(cap, BASE * 2.0 ** min(failures - 1, 16))
    spread = ceiling * jitter
    return max(spread, ceiling / 10, retry_after or 0.0)
