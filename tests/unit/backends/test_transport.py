import asyncio
import contextlib
import json
import random
import ssl
import sys
from dataclasses import replace
from typing import Any

import httpx
import pytest
import trustme
from calling import Open, get, lost, pem, post, server_tls
from scripted_server import Exchange, ScriptedServer, never, say
from waiting import WITHIN

from project_operator import __version__
from project_operator.backends import lanes
from project_operator.backends.calls import Answer, Call, NoAnswer
from project_operator.backends.exchange import Watch
from project_operator.backends.transport import Transport
from project_operator.backends.trust import Lost
from project_operator.errors import RightExpired


class TestWhatIsSent:
    async def test_the_request_is_what_the_call_says_and_nothing_else(self, open_transport: Open) -> None:
        async with ScriptedServer(say(200, b"[]", "Set-Cookie: a=b", "Retry-After: 7")) as server:
            transport = open_transport(server.url)
            first = await transport.exchange(post())
            await transport.exchange(get("/x/y%2Fz"))
        assert isinstance(first, Answer)
        assert (first.status, first.body, first.headers["retry-after"]) == (200, b"[]", "7")
        sent, following = server.requests
        assert (sent.method, sent.target, sent.body) == ("POST", "/", b'{"a": 1}')
        assert following.target == "/x/y%2Fz"
        assert set(sent.headers) == {
            *("host", "user-agent", "accept-encoding", "traceparent", "authorization", "content-length")
        }
        assert sent.headers["user-agent"] == f"project-operator/{__version__}"
        assert sent.headers["accept-encoding"] == "identity"
        assert "cookie" not in following.headers

    async def test_each_call_has_a_trace_of_its_own(self, open_transport: Open) -> None:
        async with ScriptedServer(say(204)) as server:
            transport = open_transport(server.url)
            ids = [(await transport.exchange(get())).trace_id for _ in range(2)]
        assert len(set(ids)) == 2
        for trace_id, request in zip(ids, server.requests, strict=True):
            version, trace, parent, flags = request.headers["traceparent"].split("-")
            assert (version, trace, flags) == ("00", trace_id, "01")
            assert len(trace) == 32
            assert len(parent) == 16

    async def test_a_redirect_is_an_answer_and_is_not_followed(self, open_transport: Open) -> None:
        async with ScriptedServer(say(307, b"", "Location: /elsewhere")) as server:
            outcome = await open_transport(server.url).exchange(get())
        assert isinstance(outcome, Answer)
        assert outcome.status == 307
        assert len(server.requests) == 1

    async def test_connections_are_kept_between_calls(self, open_transport: Open) -> None:
        async with ScriptedServer(say(204)) as server:
            transport = open_transport(server.url)
            for _ in range(5):
                await transport.exchange(post())
        assert server.connections == 1

    async def test_a_call_searches_for_no_module(self, open_transport: Open, monkeypatch: pytest.MonkeyPatch) -> None:
        """An import of what is not installed searches all of sys.path, each time."""
        searched: list[str] = []

        class Listening:
            def find_spec(self, name: str, *_: object) -> None:
                searched.append(name)

        async with ScriptedServer(say(204)) as server:
            transport = open_transport(server.url)
            await transport.exchange(post())
            monkeypatch.setattr(sys, "meta_path", [Listening(), *sys.meta_path])
            await transport.exchange(post())
            await transport.exchange(get())
        assert searched == []

    @pytest.mark.parametrize("size", [0, 10, 200_000])
    async def test_what_comes_behind_an_answer_is_no_answer_to_the_next_call(
        self, open_transport: Open, size: int
    ) -> None:
        async def answer_twice(exchange: Exchange) -> None:
            body = str(len(exchange.server.requests)).encode() + bytes(size)
            answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
            await exchange.send(answer + answer)

        async with ScriptedServer(answer_twice) as server:
            transport = open_transport(server.url)
            outcomes = [await transport.exchange(post()) for _ in range(3)]
        assert [outcome.body[:1] for outcome in outcomes if isinstance(outcome, Answer)] == [b"1", b"2", b"3"]
        assert server.connections == 3

    async def test_no_more_connections_than_allowed_and_all_calls_answered(self, open_transport: Open) -> None:
        async with ScriptedServer(say(204)) as server:
            transport = open_transport(server.url, connections=3)
            outcomes = await asyncio.gather(*(transport.exchange(post()) for _ in range(50)))
        assert all(isinstance(outcome, Answer) for outcome in outcomes)
        assert server.connections <= 3

    async def test_a_connection_that_the_server_closed_while_it_was_idle_loses_no_write(
        self, open_transport: Open
    ) -> None:
        async def answer_and_close(exchange: Exchange) -> None:
            await exchange.answer(204)
            exchange.close()

        async with ScriptedServer(answer_and_close) as server:
            transport = open_transport(server.url)
            for count in range(1, 11):
                assert isinstance(await transport.exchange(post()), Answer)
                await server.until(lambda server: not server._tasks)
                assert server.connections == count

    async def test_lanes_that_rested_too_long_are_given_up(
        self, open_transport: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with ScriptedServer(say(204)) as server:
            transport = open_transport(server.url)
            await asyncio.gather(*(transport.exchange(post()) for _ in range(8)))
            assert len(transport._lanes) > 1
            monkeypatch.setattr(lanes, "LANE_REST", -1.0)
            for _ in range(8):
                await transport.exchange(post())
            assert len(transport._lanes) == 1


async def nothing_is_sent_when_before_send_refuses(open_transport: Open) -> None:
    async with ScriptedServer(say(204)) as server:
        transport = open_transport(server.url, connections=1)
        refusal = RightExpired("too late")

        def refuse() -> None:
            raise refusal

        with pytest.raises(RightExpired) as raised:
            await transport.exchange(post(refuse))
        assert raised.value is refusal
        assert raised.value.__cause__ is None
        assert isinstance(await transport.exchange(post()), Answer), "the connection must be free again"
        assert len(server.requests) == 1


async def before_send_comes_last(open_transport: Open, authority: trustme.CA) -> None:
    steps: list[str] = []

    class Admission:
        async def __aenter__(self) -> None:
            steps.append("admitted")

        async def __aexit__(self, *_: object) -> None:
            steps.append("released")

    async def script(exchange: Exchange) -> None:
        steps.append("received")
        await exchange.answer(204)

    async def connected(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        assert writer.get_extra_info("ssl_object") is not None
        steps.append("connected with TLS")
        return True

    tls = server_tls(authority)
    tls.maximum_version = ssl.TLSVersion.TLSv1_2  # with 1.3 the client's side of the handshake ends before the server's
    async with ScriptedServer(script, tls=tls, on_connect=connected) as server:
        transport = open_transport(server.url, admission=Admission(), ca_bundle=pem(authority))
        await transport.exchange(post(lambda: steps.append("before send")))
    assert steps == ["admitted", "connected with TLS", "before send", "received", "released"]


async def before_send_waits_for_a_connection(open_transport: Open) -> None:
    release = asyncio.Event()

    async def script(exchange: Exchange) -> None:
        await release.wait()
        await exchange.answer(204)

    async with ScriptedServer(script) as server:
        transport = open_transport(server.url, connections=1)
        told: list[str] = []
        first = asyncio.create_task(transport.exchange(post(lambda: told.append("first"))))
        await server.until(lambda server: len(server.requests) == 1)
        second = asyncio.create_task(transport.exchange(post(lambda: told.append("second"))))
        for _ in range(20):
            await asyncio.sleep(0)
        assert told == ["first"]
        release.set()
        await asyncio.gather(first, second)
        assert told == ["first", "second"]


@pytest.fixture
def calling_it_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """A transport that asks when the bytes are gone."""

    async def watch(self: Any, event: str, _info: Any) -> None:
        if event == "http11.send_request_body.complete":
            self._depart()

    monkeypatch.setattr(Watch, "__call__", watch)


@pytest.fixture
def calling_it_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A transport that asks before it waits for anything."""
    exchange = Transport.exchange

    async def hasty(self: Transport, call: Call, **arguments: Any) -> Answer | NoAnswer:
        if call.before_send is not None:
            call.before_send()
        return await exchange(self, replace(call, before_send=None), **arguments)

    monkeypatch.setattr(Transport, "exchange", hasty)


class TestBeforeSend:
    async def test_what_it_raises_is_raised_and_nothing_is_sent(self, open_transport: Open) -> None:
        await nothing_is_sent_when_before_send_refuses(open_transport)

    @pytest.mark.usefixtures("calling_it_too_late")
    async def test_that_check_notices_a_transport_that_asks_too_late(self, open_transport: Open) -> None:
        with pytest.raises(AssertionError):
            await nothing_is_sent_when_before_send_refuses(open_transport)

    async def test_it_comes_after_admission_and_tls_and_before_the_first_byte(
        self, open_transport: Open, authority: trustme.CA
    ) -> None:
        await before_send_comes_last(open_transport, authority)

    async def test_it_comes_when_a_connection_is_free(self, open_transport: Open) -> None:
        await before_send_waits_for_a_connection(open_transport)

    @pytest.mark.usefixtures("calling_it_at_once")
    async def test_those_checks_notice_a_transport_that_asks_at_once(
        self, open_transport: Open, authority: trustme.CA
    ) -> None:
        with pytest.raises(AssertionError):
            await before_send_comes_last(open_transport, authority)
        with pytest.raises(AssertionError):
            await before_send_waits_for_a_connection(open_transport)

    async def test_it_is_called_once_on_a_kept_connection_too(self, open_transport: Open) -> None:
        told: list[int] = []
        async with ScriptedServer(say(204)) as server:
            transport = open_transport(server.url)
            for _ in range(3):
                await transport.exchange(post(lambda: told.append(len(server.requests))))
        assert told == [0, 1, 2]

    async def test_a_refusal_of_any_class_is_passed_on(self, open_transport: Open) -> None:
        async with ScriptedServer(say(204)) as server:
            for refusal in (
                TimeoutError("a"),
                ValueError("b"),
                OSError("c"),
                httpx.ConnectError("d"),
                RightExpired("e"),
            ):

                def refuse(refusal: Exception = refusal) -> None:
                    raise refusal

                with pytest.raises(type(refusal)) as raised:
                    await open_transport(server.url).exchange(post(refuse))
                assert raised.value is refusal
            assert not server.requests


class TestClosing:
    async def test_calls_under_way_end_at_once(self, open_transport: Open) -> None:
        async with ScriptedServer(never) as server:
            transport = open_transport(server.url, connections=1, timeout=10 * WITHIN)
            sent = asyncio.create_task(transport.exchange(post()))
            await server.until(lambda server: len(server.requests) == 1)
            waiting = asyncio.create_task(transport.exchange(post()))
            await asyncio.sleep(0)
            async with asyncio.timeout(WITHIN):
                await transport.aclose()
                assert lost(await sent) == (Lost.CLOSED, True)
                assert lost(await waiting) == (Lost.CLOSED, False)
            await server.until(lambda server: server.resets == 1)
            assert len(server.requests) == 1

    async def test_later_calls_are_not_sent(self, open_transport: Open) -> None:
        async with ScriptedServer(say(204)) as server:
            transport = open_transport(server.url)
            await transport.exchange(post())
            await transport.aclose()
            assert lost(await transport.exchange(post())) == (Lost.CLOSED, False)
            assert len(server.requests) == 1

    async def test_closing_twice_is_closing_once(self, open_transport: Open) -> None:
        transport = open_transport("http://127.0.0.1:9")
        await transport.aclose()
        await transport.aclose()


class TestCancellation:
    async def test_connections_are_free_again_whenever_a_call_is_cancelled(
        self, open_transport: Open, authority: trustme.CA
    ) -> None:
        chance = random.Random(20)  # noqa: S311 - not for secrets

        async def slowly(exchange: Exchange) -> None:
            await asyncio.sleep(chance.random() / 100)
            await exchange.answer(200, json.dumps({"x": "y" * 100_000}).encode())

        async with ScriptedServer(slowly, tls=server_tls(authority)) as server:
            transport = open_transport(server.url, connections=4, ca_bundle=pem(authority), timeout=20)

            async def impatient() -> None:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(chance.random() / 30):
                        await transport.exchange(post())

            await asyncio.gather(*(impatient() for _ in range(200)))
            outcomes = await asyncio.gather(*(transport.exchange(post()) for _ in range(8)))
            assert all(isinstance(outcome, Answer) for outcome in outcomes)
            assert not transport._under_way
            assert len(transport._lanes) <= 4
