"""What is said of a call that is not answered, or not in time."""

import asyncio
import contextlib
import socket
import ssl
from dataclasses import replace

import httpx
import pytest
import trustme
from calling import Open, get, lost, pem, post, unused_port
from passing_time import SETTLING, pass_time
from scripted_server import Exchange, ScriptedServer, hang_up, in_turn, never, reset, say, silence
from waiting import WITHIN

from project_operator.backends import lanes
from project_operator.backends.calls import Answer, Call, NoAnswer
from project_operator.backends.deadlines import within
from project_operator.backends.trust import Lost

DEADLINE = 60.0
"""Seconds; the tests let them pass."""
OVER = DEADLINE + 1


class TestNoAnswer:
    async def test_a_write_that_is_not_answered_was_sent_and_is_not_sent_again(self, open_transport: Open) -> None:
        for script in (hang_up, reset):
            async with ScriptedServer(script) as server:
                assert lost(await open_transport(server.url).exchange(post())) == (Lost.DISCONNECTED, True)
                assert len(server.requests) == 1

    async def test_a_read_that_is_not_answered_is_sent_once_more(self, open_transport: Open) -> None:
        for script in (hang_up, reset):
            async with ScriptedServer(in_turn(script, say(200, b"[]"))) as server:
                assert isinstance(await open_transport(server.url).exchange(get()), Answer)
                assert len(server.requests) == 2

    async def test_so_is_what_is_harmless_to_repeat(self, open_transport: Open) -> None:
        async with ScriptedServer(in_turn(hang_up, say(201, b"{}"))) as server:
            assert isinstance(await open_transport(server.url).exchange(replace(post(), repeatable=True)), Answer)
            assert len(server.requests) == 2

    async def test_a_read_is_sent_twice_at_most(self, open_transport: Open) -> None:
        async with ScriptedServer(hang_up) as server:
            assert lost(await open_transport(server.url).exchange(get())) == (Lost.DISCONNECTED, True)
            assert len(server.requests) == 2

    async def test_what_is_no_http_is_no_answer(self, open_transport: Open) -> None:
        async def babble(exchange: Exchange) -> None:
            await exchange.send(b"220 mail.example.com ESMTP\r\n\r\n")

        async with ScriptedServer(babble) as server:
            assert lost(await open_transport(server.url).exchange(post())) == (Lost.DISCONNECTED, True)

    @pytest.mark.parametrize("end", ["close", "reset"])
    async def test_an_answer_that_is_cut_off_is_no_answer(self, open_transport: Open, end: str) -> None:
        async def half(exchange: Exchange) -> None:
            await exchange.send(b'HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\n{"metadata":')
            exchange.close() if end == "close" else exchange.reset()

        for call in (post(), get()):
            async with ScriptedServer(half) as server:
                assert lost(await open_transport(server.url).exchange(call)) == (Lost.CUT_OFF, True)
                assert len(server.requests) == 1

    async def test_an_answer_that_is_too_long_is_not_read_to_its_end(self, open_transport: Open) -> None:
        written = 0

        async def endless(exchange: Exchange) -> None:
            nonlocal written
            await exchange.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
            while True:
                await exchange.send(b"x" * 65536)
                written += 65536

        async with ScriptedServer(endless) as server:
            call = Call("GET", "/", longest_answer=1_000_000)
            assert lost(await open_transport(server.url).exchange(call)) == (Lost.OVERSIZED, True)
            await server.until(lambda server: server.resets == 1)
        assert written < 20_000_000

    async def test_headers_without_end_are_no_answer(self, open_transport: Open) -> None:
        async def endless(exchange: Exchange) -> None:
            await exchange.send(b"HTTP/1.1 200 OK\r\n")
            while True:
                await exchange.send(b"X-Header: " + b"x" * 60_000 + b"\r\n")

        async with ScriptedServer(endless) as server:
            assert lost(await open_transport(server.url).exchange(post())) == (Lost.DISCONNECTED, True)

    async def test_nobody_listens(self, open_transport: Open) -> None:
        transport = open_transport(f"http://127.0.0.1:{unused_port()}")
        outcome = await transport.exchange(post())
        assert lost(outcome) == (Lost.CONNECTION, False)
        assert isinstance(outcome, NoAnswer)
        assert outcome.words == "the connection was refused"

    @pytest.mark.parametrize(
        ("number", "why"),
        [
            (socket.EAI_NONAME, Lost.NAME),
            (socket.EAI_NODATA, Lost.NAME),
            (socket.EAI_AGAIN, Lost.CONNECTION),
            (socket.EAI_FAIL, Lost.CONNECTION),
        ],
    )
    async def test_a_name_that_does_not_exist_differs_from_a_resolver_that_does_not_answer(
        self, open_transport: Open, monkeypatch: pytest.MonkeyPatch, number: int, why: Lost
    ) -> None:
        def fail(*_: object, **__: object) -> None:
            raise socket.gaierror(number, "…")

        monkeypatch.setattr(socket, "getaddrinfo", fail)
        assert lost(await open_transport("http://identity.example.com").exchange(post())) == (why, False)

    @pytest.mark.parametrize("sent", [False, True])
    @pytest.mark.parametrize(
        "error",
        [
            *(
                error("x")
                for parent in (httpx.TimeoutException, httpx.NetworkError, httpx.ProtocolError)
                for error in parent.__subclasses__()
            ),
            httpx.UnsupportedProtocol("x"),
            httpx.ProxyError("x"),
            httpx.DecodingError("x"),
            httpx.InvalidURL("x"),
            ssl.SSLError(1, "x"),
            ConnectionResetError("x"),
            TimeoutError("x"),
            UnicodeEncodeError("ascii", "ü", 0, 1, "x"),
        ],
        ids=lambda error: type(error).__name__ if isinstance(error, Exception) else str(error),
    )
    async def test_what_was_sent_decides_and_not_the_class_of_the_exception(
        self, open_transport: Open, monkeypatch: pytest.MonkeyPatch, error: Exception, *, sent: bool
    ) -> None:
        async def fail(_self: object, request: httpx.Request) -> httpx.Response:
            if sent:
                await request.extensions["trace"]("http11.send_request_headers.started", {"request": request})
            raise error

        monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", fail)
        outcome = await open_transport("http://127.0.0.1:9").exchange(post())
        assert lost(outcome)[1] is sent


async def the_deadline_resets(open_transport: Open) -> None:
    async with ScriptedServer(silence(OVER)) as server:
        transport = open_transport(server.url, timeout=DEADLINE)
        assert lost(await transport.exchange(post())) == (Lost.DEADLINE, True)
        await server.until(lambda server: not server._tasks)
        assert server.resets == 1
        assert len(server.requests) == 1


class TestDeadline:
    async def test_a_server_that_says_nothing_is_hung_up_on_with_a_reset(self, open_transport: Open) -> None:
        await the_deadline_resets(open_transport)

    async def test_that_check_notices_a_transport_that_closes_politely(
        self, open_transport: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lanes, "_socket_options", lambda _: [])
        with pytest.raises(AssertionError):
            await the_deadline_resets(open_transport)

    async def test_an_answer_that_trickles_in_is_not_waited_for(self, open_transport: Open) -> None:
        async def trickle(exchange: Exchange) -> None:
            await exchange.send(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100000\r\n\r\n")
            while True:
                await exchange.send(b" ")
                pass_time(DEADLINE / 10)
                await asyncio.sleep(0)

        async with ScriptedServer(trickle) as server:
            transport = open_transport(server.url, timeout=DEADLINE)
            assert lost(await transport.exchange(post())) == (Lost.DEADLINE, True)

    async def test_a_handshake_that_does_not_end_is_broken_off_and_nothing_was_sent(
        self, open_transport: Open, authority: trustme.CA
    ) -> None:
        held = asyncio.Event()

        async def hold(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> bool:
            await reader.readexactly(1)
            pass_time(OVER)
            with contextlib.suppress(ConnectionError):
                while await reader.read(65536):
                    pass
            held.set()
            return False

        async with ScriptedServer(never, on_connect=hold) as server:
            url = server.url.replace("http:", "https:")
            transport = open_transport(url, timeout=DEADLINE, ca_bundle=pem(authority))
            assert lost(await transport.exchange(post())) == (Lost.DEADLINE, False)
            await asyncio.wait_for(held.wait(), WITHIN)

    async def test_waiting_for_a_connection_counts(self, open_transport: Open) -> None:
        async with ScriptedServer(never) as server:
            transport = open_transport(server.url, connections=1, timeout=10 * DEADLINE)
            first = asyncio.create_task(transport.exchange(post()))
            await server.until(lambda server: len(server.requests) == 1)
            with within(DEADLINE):
                second = asyncio.create_task(transport.exchange(post()))
            await asyncio.sleep(0)
            pass_time(OVER)
            assert lost(await second) == (Lost.DEADLINE, False)
            first.cancel()
            await asyncio.wait({first})

    async def test_waiting_for_admission_does_not_count(self, open_transport: Open) -> None:
        admission = asyncio.Semaphore(0)
        async with ScriptedServer(say(204)) as server:
            transport = open_transport(server.url, timeout=DEADLINE, admission=admission)
            call = asyncio.create_task(transport.exchange(post()))
            await asyncio.sleep(0)
            pass_time(OVER)
            done, _ = await asyncio.wait({call}, timeout=SETTLING)
            assert not done
            admission.release()
            assert isinstance(await call, Answer)

    async def test_calls_may_share_a_deadline(self, open_transport: Open) -> None:
        async with ScriptedServer(in_turn(say(204), silence(DEADLINE / 2 + 1))) as server:
            transport = open_transport(server.url, timeout=DEADLINE)
            with transport.one_deadline():
                assert isinstance(await transport.exchange(get()), Answer)
                pass_time(DEADLINE / 2)
                async with asyncio.timeout(DEADLINE * 0.8):
                    assert lost(await transport.exchange(get()))[0] is Lost.DEADLINE

    async def test_none_of_them_has_longer_than_it_would_by_itself(self, open_transport: Open) -> None:
        async with ScriptedServer(in_turn(silence(OVER), say(204))) as server:
            transport = open_transport(server.url, timeout=DEADLINE)
            with transport.one_deadline(100):
                assert lost(await transport.exchange(post())) == (Lost.DEADLINE, True)
                assert isinstance(await transport.exchange(get()), Answer)

    async def test_waiting_for_admission_does_not_count_there_either(self, open_transport: Open) -> None:
        admission = asyncio.Semaphore(1)
        async with ScriptedServer(say(204)) as server:
            transport = open_transport(server.url, timeout=DEADLINE, admission=admission)
            with transport.one_deadline():
                assert isinstance(await transport.exchange(get()), Answer)
                await admission.acquire()
                second = asyncio.create_task(transport.exchange(get()))
                await asyncio.sleep(0)
                pass_time(OVER)
                done, _ = await asyncio.wait({second}, timeout=SETTLING)
                assert not done
                admission.release()
                assert isinstance(await second, Answer)
