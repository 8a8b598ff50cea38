"""The Authorization header, read again every minute: bound ServiceAccount tokens are replaced on disk while we run."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from project_operator.errors import ConfigurationError

LIFETIME: Final = 60.0
"""Seconds that a value is used before it is asked for anew, as the official client has it."""

log = logging.getLogger(__name__)


class Token:
    """One value for all who ask, asked for in a thread, by one at a time."""

    def __init__(self, source: Callable[[], str] | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._clock = clock
        self._value = ""
        self._fresh_until = float("-inf")
        self._lock = asyncio.Lock()

    @property
    def fresh(self) -> str | None:
        """The value, if it need not be asked for again; spares the hot path a coroutine."""
        return self._value if self._source is None or self._clock() < self._fresh_until else None

    async def header(self) -> str:
        """The header's value, "" for none; the old one where the source fails, as it may well hold still.

        Raises:
            ConfigurationError, OSError: the source failed and there is no old value.
        """
        async with self._lock:
            if (value := self.fresh) is not None:
                return value
            assert self._source is not None  # noqa: S101 - `fresh` is never None without a source
            try:
                self._value = await asyncio.to_thread(self._source)
            except (ConfigurationError, OSError) as error:
                if not self._value:
                    raise
                log.warning("the credentials for the API server could not be read again, the old ones stay: %s", error)
            self._fresh_until = self._clock() + LIFETIME
            return self._value

    def refused(self) -> None:
        """A 401: ask the source before the next call."""
        if self._source is not None:
            self._fresh_until = min(self._fresh_until, self._clock())
