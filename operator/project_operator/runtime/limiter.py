"""How much one credential asks of its backend: requests per second, a burst, a number under way, and a pause when it
asks for one.
"""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

from project_operator.runtime.breaker import LONGEST_ASKED


class Limiter:
    """Held during each request (``async with``); the wait comes first. Uses the clock of the event loop it is first
    used on.
    """

    def __init__(
        self,
        *,
        requests_per_second: float,
        burst: int,
        max_in_flight: int,
        begin: Callable[[], None] = lambda: None,
        held: Callable[[float], None] = lambda _: None,
    ) -> None:
        """``begin`` is called when the wait is over, ``held`` with what is left of a pause before it is waited for;
        what they raise ends the request before it is sent.
        """
        self._begin = begin
        self._held = held
        self.on_pause: Callable[[float], None] = lambda _: None
        """Told until when nothing is sent (on the clock of the loop), each time that this moves."""
        self._rate = requests_per_second
        self._burst = float(burst)
        self._slots = asyncio.Semaphore(max_in_flight)
        self._tokens = float(burst)
        self._filled_at: float | None = None
        self._paused_until = float("-inf")

    async def __aenter__(self) -> Self:
        await self._slots.acquire()
        try:
            await self._token()
            self._begin()
        except BaseException:
            self._slots.release()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._slots.release()

    def pause(self, seconds: float) -> None:
        """Send nothing for ``seconds``, or `LONGEST_ASKED`: the backend asked for it (429 with Retry-After)."""
        until = asyncio.get_running_loop().time() + min(seconds, LONGEST_ASKED)
        if until > self._paused_until:
            self._paused_until = until
            self.on_pause(until)

    async def _token(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            now = loop.time()
            if self._filled_at is not None:
                self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
            self._filled_at = now
            if now >= self._paused_until and self._tokens >= 1.0:
                self._tokens -= 1.0
                return
            if now < self._paused_until:
                self._held(self._paused_until - now)
            await asyncio.sleep(max(self._paused_until - now, (1.0 - self._tokens) / self._rate, 0.001))
