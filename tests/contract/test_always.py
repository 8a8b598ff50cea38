"""What holds for every call: it ends in time, follows nothing, and closing ends it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from contract_harness import Harness
from middlebox import Middlebox
from scripted_server import Exchange, never, say
from troubles import failing, marked

from project_operator.backends.base import Backend, ProjectContent, RemoteProject
from project_operator.errors import BackendError, BackendUnavailable, OutcomeUnknown

Call = Callable[[Backend, RemoteProject], Awaitable[Any]]

READS: dict[str, Call] = {
    "connect": lambda backend, _: backend.connect(),
    "list_projects": lambda backend, _: backend.list_projects(),
    "get_project": lambda backend, project: backend.get_project(project.id),
    "verify_read_access": lambda backend, _: backend.verify_read_access(),
    "list_groups": lambda backend, _: backend.list_groups(),
}
WRITES: dict[str, Call] = {
    "create_project": lambda backend, _: backend.create_project(marked(), before_send=lambda: None),
    "update_project": lambda backend, project: backend.update_project(project, marked(), before_send=lambda: None),
    "delete_project": lambda backend, project: backend.delete_project(project.id, before_send=lambda: None),
}
CALLS = READS | WRITES


@pytest.fixture
async def project(backend: Backend, harness: Harness) -> RemoteProject:
    return await backend.get_project(harness.make(ProjectContent("there")))


def outcome(name: str) -> type[BackendError]:
    return OutcomeUnknown if name in WRITES else BackendUnavailable


def test_every_method_of_the_contract_is_here() -> None:
    methods = {name for name in vars(Backend) if not name.startswith("_")}
    assert methods == {*CALLS, "aclose"}


@pytest.mark.parametrize("name", CALLS)
async def test_a_call_ends_in_time_and_hangs_up(
    connect: Callable[..., Any], box: Middlebox, harness: Harness, project: RemoteProject, name: str
) -> None:
    backend = await connect(url=box.url, timeout=0.4)
    box.spoil(never)
    begun = asyncio.get_running_loop().time()
    error = await failing(CALLS[name](backend, project), outcome(name), harness.credential)
    assert 0.35 < asyncio.get_running_loop().time() - begun < 3
    assert "no answer within 0.4 s" in str(error)
    await box.server.until(lambda server: server.resets == 1)


@pytest.mark.parametrize("name", CALLS)
async def test_an_answer_that_drips_does_not_buy_time(
    connect: Callable[..., Any], box: Middlebox, harness: Harness, project: RemoteProject, name: str
) -> None:
    async def drip(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
        while True:
            await exchange.send(b" ")
            await asyncio.sleep(0.02)

    backend = await connect(url=box.url, timeout=0.4)
    box.spoil(drip)
    begun = asyncio.get_running_loop().time()
    await failing(CALLS[name](backend, project), outcome(name), harness.credential)
    assert asyncio.get_running_loop().time() - begun < 3


@pytest.mark.parametrize("name", [name for name in CALLS if name != "connect"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(
    spoilt: Backend, box: Middlebox, harness: Harness, project: RemoteProject, name: str, status: int
) -> None:
    box.spoil(say(status, b"", f"Location: {harness.url}/stolen"))
    error = await failing(CALLS[name](spoilt, project), outcome(name), harness.credential)
    assert "redirect" in str(error)
    assert "stolen" not in str(error)
    assert len(box.requests) == 1


@pytest.mark.parametrize("name", CALLS)
async def test_closing_ends_what_is_under_way(
    connect: Callable[..., Any], box: Middlebox, harness: Harness, project: RemoteProject, name: str
) -> None:
    backend = await connect(url=box.url, timeout=60)
    box.requests.clear()
    box.spoil(never)
    call = asyncio.ensure_future(CALLS[name](backend, project))
    await box.server.until(lambda server: len(server.requests) == 1)
    async with asyncio.timeout(5):
        await backend.aclose()
        await failing(call, outcome(name), harness.credential)


@pytest.mark.parametrize("name", CALLS)
async def test_nothing_is_sent_after_closing(
    connect: Callable[..., Any], box: Middlebox, harness: Harness, project: RemoteProject, name: str
) -> None:
    backend = await connect(url=box.url)
    box.requests.clear()
    await backend.aclose()
    await failing(CALLS[name](backend, project), BackendUnavailable, harness.credential)
    assert not box.requests


async def test_a_failure_can_be_found_in_the_servers_log(spoilt: Backend, box: Middlebox, harness: Harness) -> None:
    box.spoil(say(500))
    error = await failing(spoilt.list_projects(), BackendUnavailable, harness.credential)
    assert error.trace_id
    assert error.trace_id in box.requests[0].headers["traceparent"]
