"""One read for all who want it at the same time, whatever comes of it."""

import asyncio
from collections.abc import Awaitable, Callable
from copy import copy

from project_operator.errors import ProjectOperatorError


class SharedRead:
    """Belongs to one event loop."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._failures = 0
        self._error: ProjectOperatorError | None = None

    async def until(self, there: Callable[[], bool], read: Callable[[], Awaitable[None]]) -> None:
        """Return once ``there`` holds; ``read``, which one of those who wait calls, is to bring it about.

        Who waited while it failed does not try again: each would wait for the failure of all before.

        Raises:
            ProjectOperatorError: what ``read`` raised, here or for somebody who was before.
        """
        failures = self._failures
        async with self._lock:
            if there():
                return
            if failures != self._failures and self._error is not None:
                raise copy(self._error).with_traceback(None)
            try:
                await read()
            except ProjectOperatorError as error:
                self._failures += 1
                self._error = error
                raise
