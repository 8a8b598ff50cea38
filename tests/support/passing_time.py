"""Time that passes for the running event loop alone.

Deadlines are kept by the loop's clock, so that a test need not wait for one, nor give a call so little time that a busy
machine does not get it done: it gives plenty, and lets that time pass when it is due.
"""

import asyncio
from typing import Final

from waiting import WITHIN

SETTLING: Final = 0.02
"""Seconds in which what `pass_time` made due has happened, for a test that it must not happen."""


def pass_time(seconds: float) -> None:
    """Put the clock of the running loop forward: every deadline within ``seconds`` from now has come."""
    loop = asyncio.get_running_loop()
    before = loop.time
    setattr(loop, "time", lambda: before() + seconds)  # noqa: B010 - a method of the loop, for this loop alone


def pass_time_of(loop: asyncio.AbstractEventLoop, seconds: float) -> None:
    """The same for a loop that runs in another thread; returns when what was due has begun."""

    async def passing() -> None:
        pass_time(seconds)
        for _ in range(10):
            await asyncio.sleep(0)

    asyncio.run_coroutine_threadsafe(passing(), loop).result(WITHIN)
