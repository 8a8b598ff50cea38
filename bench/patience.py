"""Waiting for what must come, with a deadline."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from project_operator.errors import SandboxError

WITHIN: Final = 900.0
"""Seconds after which what should happen counts as not happening."""
EVERY: Final = 0.02
"""Seconds between two looks, each of which must be cheap."""


async def until(holds: Callable[[], object], what: str, within: float = WITHIN, every: float = EVERY) -> None:
    """Return as soon as ``holds``. Raises SandboxError naming ``what`` after so many seconds."""
    deadline = time.monotonic() + within
    while not holds():
        if time.monotonic() > deadline:
            raise SandboxError(f"waited {within:.0f} s for {what}")
        await asyncio.sleep(every)
