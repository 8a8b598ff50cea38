"""Between one replica and the API server: calls that take their time, and what can happen to them on the way."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Any, TypeVar

from project_operator.errors import KubeUnavailable
from project_operator.kube.resources import Resource
from simulation.kube import SimulatedKube

T = TypeVar("T")


class DriftingClock:
    """A host's own clocks: begun anywhere, a little too fast or too slow, and somebody sets the wall clock."""

    def __init__(self, random: Random, *, rate: float = 1.0, offset: float = 0.0) -> None:
        self._random = random
        self._rate = rate
        self._offset = offset
        self.wall_offset = 0.0

    def now(self) -> float:
        return self._offset + asyncio.get_running_loop().time() * self._rate

    def wall(self) -> float:
        return self.now() + self.wall_offset

    def token(self) -> str:
        return f"{self._random.getrandbits(128):032x}"

    def jitter(self) -> float:
        return self._random.random()


class Wire:
    """One replica's way to the API server; implements `Kube` and `LeaseApi`.

    A stopped process (SIGSTOP) is one none of whose calls goes out or comes back until it goes on; between its calls it
    takes no time anyway.
    """

    def __init__(self, kube: SimulatedKube, random: Random, *, latency: float = 0.002) -> None:
        self._kube = kube
        self._random = random
        self._latency = latency
        self._runs = asyncio.Event()
        self._runs.set()
        self.cut = False
        """Nothing gets through, and nobody says so."""
        self.lose_answers = 0
        """So many writes are applied without an answer."""

    @property
    def stopped(self) -> bool:
        """Whether the process is stopped."""
        return not self._runs.is_set()

    def stop(self) -> None:
        """SIGSTOP."""
        self._runs.clear()

    def go_on(self) -> None:
        """SIGCONT."""
        self._runs.set()

    async def running(self) -> None:
        """Return once the process runs."""
        await self._runs.wait()

    async def get(self, resource: Resource, namespace: str | None, name: str) -> dict[str, Any]:
        return await self._through(lambda: self._kube.get(resource, namespace, name))

    async def list(self, resource: Resource, namespace: str | None = None, **options: Any) -> list[dict[str, Any]]:
        return await self._through(lambda: self._kube.list(resource, namespace, **options))

    async def create(self, resource: Resource, namespace: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        namespaced = {**body, "metadata": {**body["metadata"], "namespace": namespace}}
        return await self._through(lambda: self._kube.create(resource, namespace, namespaced), writes=True)

    async def patch(
        self, resource: Resource, obj: Mapping[str, Any], changes: Mapping[str, Any], *, subresource: str = ""
    ) -> dict[str, Any]:
        call = lambda: self._kube.patch(resource, obj, changes, subresource=subresource)  # noqa: E731 - as its siblings
        return await self._through(call, writes=True)

    async def delete(self, resource: Resource, obj: Mapping[str, Any]) -> None:
        await self._through(lambda: self._kube.remove(resource, obj), writes=True)

    async def _through(self, call: Callable[[], Awaitable[T]], *, writes: bool = False) -> T:
        await self.running()
        await asyncio.sleep(self._latency * (0.5 + self._random.random()))
        await self._get_across()
        # What the API server has got it does, whether somebody waits for it or not.
        answer = await asyncio.shield(asyncio.ensure_future(call()))
        if writes and self.lose_answers:
            self.lose_answers -= 1
            raise KubeUnavailable("the answer was lost")
        await asyncio.sleep(self._latency * (0.5 + self._random.random()))
        await self._get_across()
        await self.running()
        return answer

    async def _get_across(self) -> None:
        if self.cut:
            await asyncio.sleep(30)
            raise KubeUnavailable("no answer from the API server")
