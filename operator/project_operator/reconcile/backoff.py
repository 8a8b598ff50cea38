"""The wait after the n-th failure in a row: exponential with full jitter, never less than the server asked for."""

from typing import Final

BASE: Final = 1.0
CAP: Final = 300.0


def delay(failures: int, *, jitter: float, retry_after: float | None = None, cap: float = CAP) -> float:
    """Seconds until the next try after ``failures`` (at least 1) failures, at most ``cap`` unless ``retry_after`` is
    longer; ``jitter`` is in [0, 1).
    """
    ceiling = min(cap, BASE * 2.0 ** min(failures - 1, 16))
    spread = ceiling * jitter
    return max(spread, ceiling / 10, retry_after or 0.0)
