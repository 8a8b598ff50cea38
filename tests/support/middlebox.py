"""A reverse proxy in front of an identity server: passes requests on, until a test tells it to do something else.

Every way in which an answer can get lost or spoilt is here once, for every backend. Whether the server had done what it
was asked is for the test to say: "commit, then lose the answer" is real, on a real server too.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import httpx
from candidates import CALLS, WRITES, Purpose
from scripted_server import Exchange, Received, Script, ScriptedServer

from project_operator.backends.trust import system_trust

_HOP_BY_HOP: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


@dataclass
class _Trouble:
    script: Script
    purposes: frozenset[Purpose]
    passing_on: bool
    skip: int
    count: int

    def strikes(self, purpose: Purpose) -> bool:
        if purpose not in self.purposes:
            return False
        self.skip -= 1
        self.count -= self.skip < 0
        return self.skip < 0 <= self.count


@dataclass
class Middlebox:
    """Passes on what comes; see `spoil`."""

    upstream: str
    client: httpx.AsyncClient
    purpose: Callable[[Received], Purpose]
    on_request: Callable[[Received], None]
    server: ScriptedServer = field(init=False)
    confused: tuple[str, str] = ("", "")
    """Two ids: requests for the first are passed on as requests for the second."""
    passed: list[Received] = field(default_factory=list)
    """What the server was asked."""
    _trouble: _Trouble | None = None
    _asking: set[asyncio.Future[httpx.Response]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def requests(self) -> list[Received]:
        """What came from the backend, without signing in."""
        return [request for request in self.server.requests if self.purpose(request) in CALLS]

    @property
    def sign_ins(self) -> list[Received]:
        """What came to sign in."""
        return [request for request in self.server.requests if self.purpose(request) is Purpose.SIGN_IN]

    @property
    def writes(self) -> list[Received]:
        """Those of them that change something."""
        return [request for request in self.requests if self.purpose(request) in WRITES]

    def forget(self) -> None:
        """Begin to count anew."""
        self.server.requests.clear()
        self.passed.clear()

    def asked(self, purpose: Purpose) -> int:
        """How many such requests the server was given."""
        return sum(self.purpose(request) is purpose for request in self.passed)

    def spoil(
        self,
        script: Script,
        purposes: frozenset[Purpose] = CALLS,
        *,
        passing_on: bool = False,
        skip: int = 0,
        count: int = 1000,
    ) -> None:
        """Answer ``count`` requests, after ``skip`` others, by ``script``: instead of passing them on, or after it."""
        self._trouble = _Trouble(script, purposes, passing_on, skip, count)

    def mend(self) -> None:
        """Pass everything on again."""
        self._trouble = None

    async def settle(self) -> None:
        """Wait for the server to answer all that it was asked."""
        await asyncio.gather(*self._asking, return_exceptions=True)

    async def handle(self, exchange: Exchange) -> None:
        """Script of the server in front."""
        self.on_request(exchange.request)
        trouble = self._trouble
        if trouble and trouble.strikes(self.purpose(exchange.request)):
            if trouble.passing_on:
                await self._ask(exchange.request)
            await trouble.script(exchange)
            return
        response = await self._ask(exchange.request)
        headers = [f"{name}: {value}" for name, value in response.headers.items() if name not in _HOP_BY_HOP]
        await exchange.answer(response.status_code, response.content, *headers, kind="")

    async def _ask(self, request: Received) -> httpx.Response:
        """Once it is passed on it takes its course, whether or not the other side still waits."""
        self.passed.append(request)
        asking = asyncio.ensure_future(self._pass_on(request))
        self._asking.add(asking)
        asking.add_done_callback(self._asking.discard)
        return await asyncio.shield(asking)

    async def _pass_on(self, request: Received) -> httpx.Response:
        headers = {name: value for name, value in request.headers.items() if name not in _HOP_BY_HOP}
        url = self.upstream + request.target.replace(*self.confused)
        return await self.client.request(request.method, url, headers=headers, content=request.body)


@asynccontextmanager
async def middlebox(
    upstream: str,
    purpose: Callable[[Received], Purpose],
    on_request: Callable[[Received], None] = lambda _: None,
    *,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Middlebox]:
    """A middlebox in front of the server at ``upstream``; https where ``tls`` is given.

    ``on_request`` is shown every request before anything is done with it.
    """
    # Long before the server closes what is idle.
    limits = httpx.Limits(keepalive_expiry=0.1)
    async with httpx.AsyncClient(verify=system_trust(), trust_env=False, timeout=30, limits=limits) as client:
        box = Middlebox(upstream, client, purpose, on_request)
        box.server = ScriptedServer(box.handle, tls=tls)
        async with box.server:
            yield box
        await box.settle()
