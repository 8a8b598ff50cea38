"""`/healthz`, `/readyz` and `/metrics` over HTTP."""

import asyncio
import logging
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from aiohttp import web

from project_operator.errors import ConfigurationError

HEARTBEAT_SECONDS: Final = 1.0
STALLED_AFTER: Final = 30.0
"""Seconds without a turn of the event loop after which the process calls itself dead."""

log = logging.getLogger(__name__)

Render = Callable[[str], tuple[bytes, str]]


class Readiness:
    """Named checks, each holding or saying why not; a change is logged, once."""

    def __init__(self) -> None:
        self._problems: dict[str, str] = {}

    def report(self, check: str, problem: str) -> None:
        """``problem`` "" = the check holds. A check counts from its first report on."""
        before = self._problems.get(check)
        self._problems[check] = problem
        if problem and problem != before:
            # That nothing holds yet at the start is no news.
            log.log(logging.INFO if before is None else logging.WARNING, "not ready: %s: %s", check, problem)
        elif not problem and before:
            log.info("ready: %s", check)

    @property
    def ready(self) -> bool:
        """Whether there are checks and all of them hold."""
        return bool(self._problems) and not any(self._problems.values())

    def ready_but_for(self, check: str) -> bool:
        """Whether there are other checks and all of them hold."""
        others = [problem for name, problem in self._problems.items() if name != check]
        return bool(others) and not any(others)

    def lines(self) -> list[str]:
        """Each check on a line, in the API server's own manner: ``[+]watch projects: ok``, ``[-]…: why not``."""
        return [
            f"[{'-' if problem else '+'}]{check}: {problem or 'ok'}"
            for check, problem in sorted(self._problems.items())
        ]


class HealthServer:
    """``async with HealthServer(…) as server``: answers from enter to exit, on ``server.port``."""

    def __init__(
        self,
        *,
        address: str,
        port: int,
        readiness: Readiness,
        metrics: Render,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``port`` 0 = any free one. ``metrics`` is `Metrics.render`."""
        self._address = address
        self.port = port
        self._readiness = readiness
        self._metrics = metrics
        self._clock = clock
        self._beat_at = clock()
        self._heart: asyncio.Task[None] | None = None
        app = web.Application()
        app.add_routes(
            [
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                web.get("/metrics", self._scrape),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None)

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            ConfigurationError: address or port cannot be had.
        """
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._address, self.port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise ConfigurationError(
                f"PROJECT_OPERATOR_HEALTH_ADDRESS and PROJECT_OPERATOR_HEALTH_PORT: cannot listen on "
                f"{self._address}:{self.port} ({error.strerror}); choose another, or port 0 for any free one"
            ) from error
        self.port = self._runner.addresses[0][1]
        self._heart = asyncio.create_task(self._beat(), name="heartbeat")
        log.info("health and metrics at http://%s:%d/", self._address, self.port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop listening."""
        if self._heart is not None:
            self._heart.cancel()
        await self._runner.cleanup()

    async def _beat(self) -> None:
        while True:
            self._beat_at = self._clock()
            await asyncio.sleep(HEARTBEAT_SECONDS)

    async def _healthz(self, _: web.Request) -> web.Response:
        silence = self._clock() - self._beat_at
        if silence < STALLED_AFTER:
            return web.Response(text="ok\n")
        return web.Response(status=503, text=f"the event loop stood still for {silence:.0f} s\n")

    async def _readyz(self, _: web.Request) -> web.Response:
        ready = self._readiness.ready
        lines = [*self._readiness.lines(), f"readyz {'passed' if ready else 'failed'}"]
        return web.Response(status=200 if ready else 503, text="\n".join(lines) + "\n")

    async def _scrape(self, request: web.Request) -> web.Response:
        body, content_type = self._metrics(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})
