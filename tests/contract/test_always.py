"""What holds for every call: it ends in time, follows nothing, tells no secret, and closing ends it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import nullcontext
from contextvars import ContextVar
from itertools import product
from typing import Any

import pytest
from candidates import Candidate, Connecting
from candidates.answers import CALLS as NAMES
from candidates.answers import WRITES
from middlebox import Middlebox
from passing_time import SETTLING, pass_time
from scripted_server import Exchange, ScriptedServer, never, say
from troubles import PAGE, PATIENCE, echo, failing, marked, noticed, told
from twins import Leaking
from waiting import WITHIN

from project_operator.backends import transport
from project_operator.backends.base import Backend, ProjectContent, RemoteProject
from project_operator.backends.calls import Answer, Call, NoAnswer
from project_operator.backends.deadlines import Deadline
from project_operator.backends.tokens import SignIn, TokenKeeper
from project_operator.backends.transport import Transport
from project_operator.errors import BackendError, BackendUnavailable, OutcomeUnknown

Asking = Callable[[Backend, RemoteProject], Awaitable[Any]]

CALLS: dict[str, Asking] = {
    "connect": lambda backend, _: backend.connect(),
    "list_projects": lambda backend, _: backend.list_projects(),
    "get_project": lambda backend, project: backend.get_project(project.id),
    "verify_read_access": lambda backend, _: backend.verify_read_access(),
    "list_groups": lambda backend, _: backend.list_groups(),
    "list_roles": lambda backend, _: backend.list_roles(),
    "create_project": lambda backend, _: backend.create_project(marked(), before_send=lambda: None),
    "update_project": lambda backend, project: backend.update_project(project, marked(1), before_send=lambda: None),
    "delete_project": lambda backend, project: backend.delete_project(project.id, before_send=lambda: None),
}
WAITING = {"7": (7, 7), "0": (0, 0), "Fri, 31 Dec 9999 23:59:59 GMT": (1e9, 1e12), "soon": (-1, -1)}
"""Least and most seconds, by the text of the header; -1: none are told."""
PURE = {"plan_create", "plan_update", "plan_delete"}


def calls(candidate: Candidate, *but: str) -> Iterator[tuple[str, Asking, int]]:
    """Every call of the contract by its name, and the reads that it begins with: `list_roles` only where roles are
    granted, and `delete_project` of those that delete, as the others ask nobody.
    """
    capabilities = candidate.vendor.capabilities
    asks = {"list_roles": capabilities.roles, "delete_project": capabilities.delete}
    for name, asking in CALLS.items():
        if name not in but and asks.get(name, True):
            yield name, asking, candidate.looks_before.get(name, 0)


@pytest.fixture
async def project(backend: Backend, candidate: Candidate) -> RemoteProject:
    return await backend.get_project(candidate.make(ProjectContent("there")))


async def knowing(backend: Backend, box: Middlebox, project: RemoteProject) -> Backend:
    """A connection that has read the project, as the operator always has before it writes; nothing is counted yet."""
    await backend.get_project(project.id)
    box.forget()
    return backend


def has_come(box: Middlebox, count: int) -> Callable[[ScriptedServer], bool]:
    """For `ScriptedServer.until`: whether so many requests came."""
    return lambda _: len(box.requests) == count


def was_reset(count: int) -> Callable[[ScriptedServer], bool]:
    """Likewise: whether so many connections were reset."""
    return lambda server: server.resets == count


def outcome(name: str) -> type[BackendError]:
    return OutcomeUnknown if name in WRITES else BackendUnavailable


async def secrets_stay_secret(backend: Backend, box: Middlebox, candidate: Candidate) -> None:
    box.spoil(echo)
    await failing(backend.list_projects(), BackendUnavailable, candidate.secrets)


def test_every_method_of_the_contract_is_here() -> None:
    methods = {name for name in vars(Backend) if not name.startswith("_")}
    assert methods == {*CALLS, *PURE, "aclose"}
    assert set(CALLS) == set(NAMES)


async def test_a_call_ends_in_time_and_hangs_up(
    backend: Backend, box: Middlebox, candidate: Candidate, project: RemoteProject
) -> None:
    for name, ask, looks in calls(candidate):
        with told(name):
            await knowing(backend, box, project)
            box.spoil(never, skip=looks)
            resets = box.server.resets
            call = asyncio.ensure_future(ask(backend, project))
            await box.server.until(has_come(box, looks + 1))
            pass_time(PATIENCE / 2)
            done, _ = await asyncio.wait({call}, timeout=SETTLING)
            assert not done
            pass_time(PATIENCE / 2 + 1)
            error = await failing(call, outcome(name), candidate.secrets)
            assert f"no answer within {PATIENCE:g} s" in str(error)
            await box.server.until(was_reset(resets + 1))
            box.mend()


async def test_an_answer_that_drips_does_not_buy_time(
    backend: Backend, box: Middlebox, candidate: Candidate, project: RemoteProject
) -> None:
    drops = 0

    async def drip(exchange: Exchange) -> None:
        nonlocal drops
        await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
        while True:
            await exchange.send(b" ")
            drops += 1
            pass_time(PATIENCE / 10)
            await asyncio.sleep(0)

    for name, ask, looks in calls(candidate):
        with told(name):
            await knowing(backend, box, project)
            box.spoil(drip, skip=looks)
            drops = 0
            error = await failing(ask(backend, project), outcome(name), candidate.secrets)
            assert f"no answer within {PATIENCE:g} s" in str(error)
            assert drops > 1
            box.mend()


@pytest.fixture
def deadlines(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bool, Deadline]]:
    """Of each request that is sent: whether it signs in, which others wait for too; and its deadline."""
    found: list[tuple[bool, Deadline]] = []
    exchange, begin = Transport._exchange, TokenKeeper._begin
    signing_in: ContextVar[bool] = ContextVar("signing in", default=False)

    async def watched(self: Transport, call: Call, deadline: Deadline) -> Answer | NoAnswer:
        found.append((signing_in.get(), deadline))
        return await exchange(self, call, deadline)

    def marked(self: TokenKeeper[Any], sign_in: SignIn[Any]) -> asyncio.Task[Any]:
        token = signing_in.set(True)
        try:
            return begin(self, sign_in)
        finally:
            signing_in.reset(token)

    monkeypatch.setattr(TokenKeeper, "_begin", marked)

    monkeypatch.setattr(Transport, "_exchange", watched)
    return found


async def test_all_requests_of_a_call_share_one_deadline(
    backend: Backend,
    box: Middlebox,
    candidate: Candidate,
    project: RemoteProject,
    deadlines: list[tuple[bool, Deadline]],
) -> None:
    for name, ask, _ in calls(candidate):
        with told(name):
            await knowing(backend, box, project)
            deadlines.clear()
            await ask(backend, project)
            assert len(deadlines) >= len(box.requests) > 0
            assert len({deadline for signs_in, deadline in deadlines if not signs_in}) == 1


async def test_a_transport_that_begins_each_request_anew_is_caught(
    connect: Callable[..., Any], deadlines: list[tuple[bool, Deadline]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "within", lambda seconds: nullcontext(Deadline(seconds)))
    await connect()
    assert len({deadline for _, deadline in deadlines}) > 1


async def test_a_redirect_is_not_followed(
    backend: Backend, box: Middlebox, candidate: Candidate, project: RemoteProject
) -> None:
    for name, ask, looks in calls(candidate, "connect"):
        for status in (301, 302, 303, 307, 308):
            with told(f"{name}, {status}"):
                box.forget()
                box.spoil(say(status, b"", f"Location: {candidate.url}/stolen"), skip=looks)
                error = await failing(ask(backend, project), outcome(name), candidate.secrets)
                assert "redirect" in str(error)
                assert "stolen" not in str(error)
                assert len(box.requests) == looks + 1
                assert len(box.passed) == looks


async def test_closing_ends_what_is_under_way(
    connect: Callable[..., Any], box: Middlebox, candidate: Candidate, project: RemoteProject
) -> None:
    for name, ask, looks in calls(candidate):
        with told(name):
            box.mend()
            backend = await knowing(await connect(timeout=10 * WITHIN), box, project)
            box.spoil(never, skip=looks)
            call = asyncio.ensure_future(ask(backend, project))
            await box.server.until(has_come(box, looks + 1))
            async with asyncio.timeout(WITHIN):
                await backend.aclose()
                await failing(call, outcome(name), candidate.secrets)


async def test_nothing_is_sent_after_closing(
    connect: Callable[..., Any], box: Middlebox, candidate: Candidate, project: RemoteProject
) -> None:
    backend = await connect()
    await backend.aclose()
    for name, ask, _ in calls(candidate):
        with told(name):
            await failing(ask(backend, project), BackendUnavailable, candidate.secrets)
            assert not box.server.requests


async def test_a_limit_is_told_with_the_time_to_wait_in_either_form(
    backend: Backend, box: Middlebox, candidate: Candidate, project: RemoteProject
) -> None:
    for name, ask, _ in calls(candidate, "connect"):
        for status, header in product((429, 503), WAITING):
            with told(f"{name}, {status}, {header}"):
                box.forget()
                box.spoil(say(status, PAGE, f"Retry-After: {header}", kind="text/html"))
                with pytest.raises(BackendError) as raised:
                    await ask(backend, project)
                waiting = raised.value.retry_after
                assert WAITING[header][0] <= (-1 if waiting is None else waiting) <= WAITING[header][1]
                assert len(box.requests) == 1, "nothing is tried again before its time"


async def test_a_failure_can_be_found_in_the_servers_log(
    backend: Backend, box: Middlebox, candidate: Candidate
) -> None:
    box.spoil(say(500))
    error = await failing(backend.list_projects(), BackendUnavailable, candidate.secrets)
    assert error.trace_id
    assert error.trace_id in box.requests[0].headers["traceparent"]


class TestSecrets:
    async def test_a_connection_does_not_show_its_credential(self, backend: Backend, candidate: Candidate) -> None:
        await backend.list_projects()
        assert candidate.credential in candidate.secrets
        assert not [secret for secret in candidate.secrets if secret in repr(backend)]
        assert candidate.credential not in repr(candidate.open(Connecting()))

    async def test_an_answer_that_gives_them_back_is_not_passed_on(
        self, backend: Backend, box: Middlebox, candidate: Candidate
    ) -> None:
        await secrets_stay_secret(backend, box, candidate)

    async def test_that_check_notices_a_backend_that_leaks(
        self, backend: Backend, box: Middlebox, candidate: Candidate
    ) -> None:
        await backend.list_projects()
        for secret in set(candidate.secrets):
            leaking: Any = Leaking(backend, secret)
            with noticed():
                await secrets_stay_secret(leaking, box, candidate)
