"""The gate is asked last, for every request, and what it keeps back is not sent."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from calling import LOOPBACK, Open
from scripted_server import Exchange, ScriptedServer

from project_operator.backends.calls import Answer, Call
from project_operator.backends.exchange import Watch
from project_operator.backends.transport import Transport
from project_operator.errors import NotLeading


class Gate:
    """Open until it is shut."""

    def __init__(self) -> None:
        self.shut = False
        self.asked = 0

    def __call__(self) -> None:
        self.asked += 1
        if self.shut:
            raise NotLeading("not any more")


class Admission:
    """Lets nobody in before `admit`."""

    def __init__(self) -> None:
        self.admit = asyncio.Event()

    async def __aenter__(self) -> None:
        await self.admit.wait()

    async def __aexit__(self, *_: object) -> None:
        pass


async def answer(exchange: Exchange) -> None:
    await exchange.answer(204)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_every_request_is_asked_for_and_after_its_own_check(method: str, open_transport: Open) -> None:
    gate, order = Gate(), list[str]()

    def asked() -> None:
        order.append("gate")
        gate()

    async with ScriptedServer(answer) as server:
        transport = open_transport(server.url, replace(LOOPBACK, gate=asked))
        assert isinstance(await transport.exchange(Call(method, "/", before_send=lambda: order.append("own"))), Answer)
        gate.shut = True
        with pytest.raises(NotLeading):
            await transport.exchange(Call(method, "/"))
        assert len(server.requests) == 1
    assert order == ["own", "gate", "gate"]
    assert gate.asked == 2


async def what_waits_for_the_limiter_is_kept_back(open_transport: Open) -> None:
    gate, admission = Gate(), Admission()
    async with ScriptedServer(answer) as server:
        transport = open_transport(server.url, replace(LOOPBACK, gate=gate), admission=admission)
        waiting = asyncio.create_task(transport.exchange(Call("POST", "/")))
        await asyncio.sleep(0)
        gate.shut = True
        admission.admit.set()
        with pytest.raises(NotLeading):
            await waiting
        assert server.requests == []


async def test_what_waits_for_the_limiter_meanwhile_is_kept_back(open_transport: Open) -> None:
    await what_waits_for_the_limiter_is_kept_back(open_transport)


@pytest.fixture
def asking_before_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """A transport whose gate comes first."""
    exchange: Callable[..., Awaitable[Any]] = Transport.exchange

    async def hasty(self: Transport, call: Call) -> Any:
        self._gate()
        return await exchange(self, call)

    def depart(self: Watch) -> None:
        self.sent = True

    monkeypatch.setattr(Transport, "exchange", hasty)
    monkeypatch.setattr(Watch, "_depart", depart)


@pytest.mark.usefixtures("asking_before_the_wait")
async def test_that_check_notices_a_gate_before_the_wait(open_transport: Open) -> None:
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        await what_waits_for_the_limiter_is_kept_back(open_transport)
