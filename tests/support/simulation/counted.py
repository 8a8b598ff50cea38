"""A world of which everything is counted: the real nscale backend on a server in memory, the bytes that pass, and the
calls of functions of ours.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import FrameType
from typing import Any, Final, cast

import httpx

import project_operator
from bench.identity import TOKEN, Nscale, Store
from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.backends.calls import Answer, Call, NoAnswer
from project_operator.backends.deadlines import Deadline, within
from project_operator.backends.nscale import NscaleConfig, open_backend
from project_operator.backends.transport import Transport
from project_operator.backends.vendor import Surroundings
from project_operator.kube.resources import Resource
from simulation.gated import GatedBackend
from simulation.kube import SimulatedKube
from simulation.world import World

OURS: Final = str(Path(project_operator.__file__).parent)
TIMEOUT: Final = 5.0
LATENCY: Final = 0.002
"""Seconds; what took no time at all would not be later than what was before it."""


class Calls:
    """How many functions of our package were called."""

    count = 0

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        """See `sys.setprofile`."""
        if event == "call" and frame.f_code.co_filename.startswith(OURS):
            self.count += 1


@contextmanager
def calls() -> Generator[Calls]:
    """Those within; whoever profiled before goes on afterwards."""
    counted, before = Calls(), sys.getprofile()
    sys.setprofile(counted)
    try:
        yield counted
    finally:
        sys.setprofile(before)


class MemoryTransport(Transport):
    """To a server in this process; the bytes of bodies are counted, both ways."""

    def __init__(self, server: Nscale, surroundings: Surroundings) -> None:
        # Nothing of the real one is used.
        self._server = server
        self._surroundings = surroundings
        self.bytes = 0

    def one_deadline(self, times: int = 1) -> AbstractContextManager[Deadline]:
        return within(TIMEOUT * times)

    async def exchange(self, call: Call) -> Answer | NoAnswer:
        async with self._surroundings.admission or nullcontext():
            if call.before_send is not None:
                call.before_send()
            self._surroundings.transport.gate()
            await asyncio.sleep(LATENCY)
            status, body = self._server.answer(call.method, call.path, call.body or b"")
            self.bytes += len(call.body or b"") + len(body)
            return Answer(status, httpx.Headers(), body)

    async def aclose(self) -> None:
        """Nothing is open."""


class CountedKube(SimulatedKube):
    """The bytes of what is written are counted, as `KubeApi` writes it without its guard."""

    bytes = 0

    async def patch(
        self, resource: Resource, obj: Mapping[str, Any], changes: Mapping[str, Any], *, subresource: str = ""
    ) -> dict[str, Any]:
        self.bytes += len(json.dumps(changes, separators=(",", ":")))
        return await super().patch(resource, obj, changes, subresource=subresource)


class CountedWorld(World):
    """Use within `run_virtually`."""

    def __init__(self) -> None:
        super().__init__(7)
        self.counted_kube = self.kube = CountedKube()
        self.server = Nscale(Store(latency=0.0, provisioning=0.5, now=lambda: asyncio.get_running_loop().time()))
        self.transport: MemoryTransport | None = None

    def _open(self, spec: IdentityBackendSpec, secret: Mapping[str, bytes], surroundings: Surroundings) -> GatedBackend:
        self.opened.append((dict(secret), surroundings.keeper))
        assert spec.nscale is not None
        backend = open_backend(NscaleConfig(url=spec.nscale.url, token=TOKEN), surroundings)
        self.transport = MemoryTransport(self.server, surroundings)
        backend._client._sender.transport = self.transport
        return cast("GatedBackend", backend)

    def tally(self) -> Counter[str]:
        """What happened up to now, by name; the difference of two is what happened in between."""
        found = Counter(f"writes to {plural}" for plural, _, _ in self.kube.writes)
        found.update(self.server.store.calls)
        found["Events"] = len(self.notices)
        found["bytes written"] = self.counted_kube.bytes
        found["bytes exchanged"] = self.transport.bytes if self.transport is not None else 0
        return found
