"""One deadline for all the requests of a call, however many there are.

It goes with the task and with the tasks that this begins, so that nothing in between has to hand it on::

    with within(15.0):
        await transport.exchange(first)
        await transport.exchange(second)  # has what the first left
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Deadline:
    """A moment on the running loop's clock. Waiting for the limiter does not count: it moves the deadline."""

    def __init__(self, seconds: float) -> None:
        """So many seconds from now."""
        self.seconds = seconds
        self._counted_to = asyncio.get_running_loop().time()
        self.at = self._counted_to + seconds

    def excuse(self, since: float) -> None:
        """Move it by the time that has gone by since ``since``; what several waited for together moves it once."""
        now = asyncio.get_running_loop().time()
        self.at += now - max(since, self._counted_to)
        self._counted_to = now


_SHARED: ContextVar[Deadline | None] = ContextVar("shared deadline", default=None)


def shared_deadline() -> Deadline | None:
    """That of the call which this is part of; None where it is part of none."""
    return _SHARED.get()


@contextmanager
def within(seconds: float) -> Iterator[Deadline]:
    """All requests inside end ``seconds`` from now, or when what surrounds this has to end."""
    shared = _SHARED.get()
    if shared is not None:
        yield shared
        return
    deadline = Deadline(seconds)
    token = _SHARED.set(deadline)
    try:
        yield deadline
    finally:
        _SHARED.reset(token)


@contextmanager
def apart() -> Iterator[None]:
    """What is inside has nothing to do with the deadline of the call that began it: others wait for it too."""
    token = _SHARED.set(None)
    try:
        yield
    finally:
        _SHARED.reset(token)
