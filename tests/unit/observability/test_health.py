"""Health, readiness and metrics over HTTP, on a real socket."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from waiting import WITHIN

from project_operator.errors import ConfigurationError
from project_operator.observability.health import STALLED_AFTER, HealthServer, Readiness


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def readiness() -> Readiness:
    return Readiness()


@pytest.fixture
async def server(readiness: Readiness, clock: Clock) -> AsyncIterator[HealthServer]:
    def metrics(accept: str) -> tuple[bytes, str]:
        return f"for {accept}".encode(), "text/plain; version=1.0.0; charset=utf-8"

    async with HealthServer(address="127.0.0.1", port=0, readiness=readiness, metrics=metrics, clock=clock) as server:
        yield server


async def get(server: HealthServer, path: str, **headers: str) -> tuple[int, str, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{server.port}{path}", headers=headers) as response,
    ):
        return response.status, await response.text(), response.headers["Content-Type"]


async def test_healthz(server: HealthServer) -> None:
    assert (await get(server, "/healthz"))[:2] == (200, "ok\n")


async def test_an_event_loop_that_stood_still_is_not_healthy(server: HealthServer, clock: Clock) -> None:
    clock.now += STALLED_AFTER

    assert (await get(server, "/healthz"))[:2] == (503, "the event loop stood still for 30 s\n")


async def test_the_heart_beats(server: HealthServer, clock: Clock) -> None:
    clock.now += STALLED_AFTER
    async with asyncio.timeout(WITHIN):
        while (await get(server, "/healthz"))[0] != 200:  # noqa: ASYNC110 - seen from outside, as a probe does
            await asyncio.sleep(0.05)


async def test_readyz_lists_every_check_and_why_not(server: HealthServer, readiness: Readiness) -> None:
    assert (await get(server, "/readyz"))[:2] == (503, "readyz failed\n")

    readiness.report("watch projects", "")
    readiness.report("watch secrets", "403")
    assert (await get(server, "/readyz"))[:2] == (
        503,
        "[+]watch projects: ok\n[-]watch secrets: 403\nreadyz failed\n",
    )

    readiness.report("watch secrets", "")
    assert (await get(server, "/readyz"))[:2] == (200, "[+]watch projects: ok\n[+]watch secrets: ok\nreadyz passed\n")


async def test_metrics_in_the_format_asked_for(server: HealthServer) -> None:
    status, text, content_type = await get(server, "/metrics", Accept="application/openmetrics-text")

    assert (status, text) == (200, "for application/openmetrics-text")
    assert content_type == "text/plain; version=1.0.0; charset=utf-8"


async def test_a_port_that_is_taken_is_a_configuration_error(server: HealthServer, readiness: Readiness) -> None:
    other = HealthServer(address="127.0.0.1", port=server.port, readiness=readiness, metrics=lambda _: (b"", ""))

    with pytest.raises(ConfigurationError, match=rf"PROJECT_OPERATOR_HEALTH_PORT.*127\.0\.0\.1:{server.port}.*port 0"):
        async with other:
            pass


async def test_after_the_end_nothing_listens(readiness: Readiness) -> None:
    async with HealthServer(address="127.0.0.1", port=0, readiness=readiness, metrics=lambda _: (b"", "")) as server:
        pass

    with pytest.raises(aiohttp.ClientConnectorError):
        await get(server, "/healthz")


def test_the_others_can_be_asked_for_without_one(readiness: Readiness) -> None:
    assert not readiness.ready_but_for("leases")
    readiness.report("leases", "not renewed")
    assert not readiness.ready_but_for("leases")
    readiness.report("watch projects", "")
    assert readiness.ready_but_for("leases")
    readiness.report("watch secrets", "not yet")
    assert not readiness.ready_but_for("leases")


def test_a_change_of_a_check_is_logged_once(readiness: Readiness, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    for problem in ("starting", "starting", "", "", "403", "403", "404", ""):
        readiness.report("watch projects", problem)

    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", "not ready: watch projects: starting"),
        ("INFO", "ready: watch projects"),
        ("WARNING", "not ready: watch projects: 403"),
        ("WARNING", "not ready: watch projects: 404"),
        ("INFO", "ready: watch projects"),
    ]
