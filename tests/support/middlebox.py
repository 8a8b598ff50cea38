"""What stands between us and an identity server: passes requests on, until a test tells it to do something else.

Every way in which an answer can get lost or spoilt is here once, for every backend, and whether the server had done
what it was asked is for the test to say.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import httpx
from scripted_server import Exchange, Received, Script, ScriptedServer

WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
READS: Final = frozenset({"GET"})

_HOP_BY_HOP: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})


@dataclass
class _Trouble:
    script: Script
    methods: frozenset[str]
    passing_on: bool
    skip: int
    count: int

    def strikes(self, request: Received) -> bool:
        if request.method not in self.methods:
            return False
        self.skip -= 1
        self.count -= self.skip < 0
        return self.skip < 0 <= self.count


@dataclass
class Middlebox:
    """Passes on what comes; see `spoil`."""

    upstream: str
    client: httpx.AsyncClient
    server: ScriptedServer = field(init=False)
    confused: tuple[str, str] = ("", "")
    """Two ids: requests for the first are passed on as requests for the second."""
    _trouble: _Trouble | None = None

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def requests(self) -> list[Received]:
        return self.server.requests

    def spoil(
        self,
        script: Script,
        methods: frozenset[str] = WRITES | READS,
        *,
        passing_on: bool = False,
        skip: int = 0,
        count: int = 1000,
    ) -> None:
        """Answer ``count`` requests, after ``skip`` others, by ``script``: instead of passing them on, or after it."""
        self._trouble = _Trouble(script, methods, passing_on, skip, count)

    async def handle(self, exchange: Exchange) -> None:
        """Script of the server in front."""
        trouble = self._trouble
        if trouble and trouble.strikes(exchange.request):
            if trouble.passing_on:
                await self._ask(exchange.request)
            await trouble.script(exchange)
            return
        response = await self._ask(exchange.request)
        headers = [f"{name}: {value}" for name, value in response.headers.items() if name not in _HOP_BY_HOP]
        await exchange.answer(response.status_code, response.content, *headers, kind="")

    async def _ask(self, request: Received) -> httpx.Response:
        headers = {name: value for name, value in request.headers.items() if name not in _HOP_BY_HOP}
        url = self.upstream + urlsplit(request.target).path.replace(*self.confused)
        return await self.client.request(request.method, url, headers=headers, content=request.body)


@asynccontextmanager
async def middlebox(upstream: str) -> AsyncIterator[Middlebox]:
    """A middlebox in front of the server at ``upstream``."""
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(trust_env=False, timeout=30, limits=limits) as client:
        box = Middlebox(upstream, client)
        box.server = ScriptedServer(box.handle)
        async with box.server:
            yield box
