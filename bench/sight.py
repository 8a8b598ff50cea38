"""One watch of the Projects, from which the bench knows when each was there, Ready and gone.

It runs beside the bare client too: both have the same to bear.
"""

import asyncio
import contextlib
import json
import re
import time
from collections.abc import Callable
from typing import Final, Self

from bench.kube import Kube
from bench.manifests import PROJECTS
from bench.patience import until
from project_operator.errors import SandboxError

_READY: Final = b'"status":"True","type":"Ready"'
"""How the API server writes a condition: by the order of its names."""
_LINE: Final = b"\n"
_VERSION: Final = re.compile(rb'"resourceVersion":"(\d+)"')


class Sight:
    """What the watch has shown, by name, and when, by the system's monotonic clock. A context manager."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube
        self.added: dict[str, float] = {}
        self.ready: dict[str, tuple[int, float]] = {}
        """The latest generation that was Ready, and since when."""
        self.gone: dict[str, float] = {}

    async def __aenter__(self) -> Self:
        listed = await self._kube.ask("GET", f"{PROJECTS}?limit=1")
        self._task = asyncio.create_task(self._watch(listed["metadata"]["resourceVersion"]))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def until(self, holds: Callable[[], bool], what: str) -> None:
        """Return when ``holds``. Raises SandboxError where it does not, or the watch has ended."""
        await until(lambda: self._goes_on() and holds(), what)

    def count_ready(self, generation: int = 1) -> int:
        """How many are Ready for that generation or a later one."""
        if generation == 1:
            return len(self.ready)
        return sum(seen >= generation for seen, _ in self.ready.values())

    def ready_at(self) -> list[float]:
        """When each became so, in order."""
        return sorted(moment for _, moment in self.ready.values())

    def _goes_on(self) -> bool:
        if self._task.done():
            self._task.result()
            raise SandboxError("the watch of the bench ended")
        return True

    async def _watch(self, version: str) -> None:
        """The API server ends a watch that does not keep up; it goes on where it ended."""
        while True:
            query = f"{PROJECTS}?watch=1&resourceVersion={version}&timeoutSeconds=86400"
            async with self._kube.session.get(query, headers={"Accept": "application/json"}) as answer:
                rest = b""
                async for chunk in answer.content.iter_any():
                    now = time.monotonic()
                    *lines, rest = (rest + chunk).split(_LINE)
                    for line in lines:
                        self._take(line, now)
                    if lines and (found := _VERSION.search(lines[-1])):
                        version = found[1].decode()

    def _take(self, line: bytes, now: float) -> None:
        added, gone = line.startswith(b'{"type":"ADDED"'), line.startswith(b'{"type":"DELETED"')
        if not (added or gone or _READY in line):
            return
        event = json.loads(line)
        if event["type"] == "ERROR":
            raise SandboxError(f"the watch of the bench: {event['object']}")
        metadata = event["object"]["metadata"]
        name = metadata["name"]
        if gone:
            self.gone[name] = now
            self.ready.pop(name, None)
            return
        if added:
            self.added[name] = now
        for condition in event["object"].get("status", {}).get("conditions", []):
            generation = condition.get("observedGeneration")
            if condition["type"] == "Ready" and condition["status"] == "True" and generation == metadata["generation"]:
                known = self.ready.get(name)
                if known is None or known[0] < generation:
                    self.ready[name] = (generation, now)
