import asyncio
import contextlib
import json
import logging
import random
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
import trustme
from scripted_server import Exchange, ScriptedServer, hang_up, in_turn, never, reset, say

from project_operator import __version__
from project_operator.backends import transport as transport_module
from project_operator.backends.calls import Answer, Call, Endpoint, NoAnswer, TransportSettings
from project_operator.backends.transport import Transport
from project_operator.backends.trust import Lost
from project_operator.errors import ConnectionRefused, RightExpired

LOOPBACK = TransportSettings(allow_http=True, allow_private_addresses=True)
SECRET = "eyJ-the-token-of-a-service-account"

Open = Callable[..., Transport]


@pytest.fixture
async def open_transport() -> AsyncIterator[Open]:
    opened: list[Transport] = []

    def open_one(
        url: str, settings: TransportSettings = LOOPBACK, *, admission: Any = None, **endpoint: Any
    ) -> Transport:
        endpoint.setdefault("timeout", 5.0)
        opened.append(Transport(Endpoint(url, **endpoint), settings, admission=admission))
        return opened[-1]

    yield open_one
    for transport in opened:
        await transport.aclose()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_tls(authority: trustme.CA, name: str = "127.0.0.1", **issued: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, **issued).configure_cert(context)
    return context


def pem(authority: trustme.CA) -> str:
    return authority.cert_pem.bytes().decode()


def get(path: str = "/") -> Call:
    return Call("GET", path, {"Authorization": f"Bearer {SECRET}"})


def post(before_send: Callable[[], None] = lambda: None) -> Call:
    return Call("POST", "/", {"Authorization": f"Bearer {SECRET}"}, b'{"a": 1}', before_send=before_send)


def lost(outcome: Answer | NoAnswer) -> tuple[Lost, bool]:
    assert isinstance(outcome, NoAnswer), outcome
    assert SECRET not in repr(outcome)
    return outcome.why, outcome.sent


async def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
            assert len(transport._idle) > 1
            monkeypatch.setattr(transport_module, "LANE_REST", -1.0)
            for _ in range(8):
                await transport.exchange(post())
            assert len(transport._idle) == 1


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

    monkeypatch.setattr(transport_module._Watch, "__call__", watch)


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
        transport = open_transport(f"http://127.0.0.1:{await unused_port()}")
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


class TestDeadline:
    async def test_a_server_that_says_nothing_is_hung_up_on_with_a_reset(self, open_transport: Open) -> None:
        async with ScriptedServer(never) as server:
            transport = open_transport(server.url, timeout=0.2)
            assert lost(await transport.exchange(post())) == (Lost.DEADLINE, True)
            await server.until(lambda server: server.resets == 1)
            assert len(server.requests) == 1

    async def test_an_answer_that_trickles_in_is_not_waited_for(self, open_transport: Open) -> None:
        async def trickle(exchange: Exchange) -> None:
            await exchange.send(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100000\r\n\r\n")
            while True:
                await exchange.send(b" ")
                await asyncio.sleep(0.01)

        async with ScriptedServer(trickle) as server:
            transport = open_transport(server.url, timeout=0.3)
            assert lost(await transport.exchange(post())) == (Lost.DEADLINE, True)

    async def test_a_handshake_that_does_not_end_is_broken_off_and_nothing_was_sent(
        self, open_transport: Open, authority: trustme.CA
    ) -> None:
        held = asyncio.Event()

        async def hold(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> bool:
            with contextlib.suppress(ConnectionError):
                while await _reader.read(65536):
                    pass
            held.set()
            return False

        async with ScriptedServer(never, on_connect=hold) as server:
            url = server.url.replace("http:", "https:")
            transport = open_transport(url, timeout=0.3, ca_bundle=pem(authority))
            assert lost(await transport.exchange(post())) == (Lost.DEADLINE, False)
            await asyncio.wait_for(held.wait(), 5)

    async def test_waiting_for_a_connection_counts(self, open_transport: Open) -> None:
        async with ScriptedServer(never) as server:
            transport = open_transport(server.url, connections=1, timeout=0.4)
            first, second = await asyncio.gather(transport.exchange(post()), transport.exchange(post()))
            assert lost(first) == (Lost.DEADLINE, True)
            assert lost(second) == (Lost.DEADLINE, False)

    async def test_waiting_for_admission_does_not_count(self, open_transport: Open) -> None:
        admission = asyncio.Semaphore(0)
        async with ScriptedServer(say(204)) as server:
            transport = open_transport(server.url, timeout=0.2, admission=admission)
            call = asyncio.create_task(transport.exchange(post()))
            done, _ = await asyncio.wait({call}, timeout=0.4)
            assert not done
            admission.release()
            assert isinstance(await call, Answer)

    async def test_calls_may_share_a_deadline(self, open_transport: Open) -> None:
        async with ScriptedServer(in_turn(say(204), never)) as server:
            transport = open_transport(server.url, timeout=0.3)
            deadline = transport.deadline()
            assert isinstance(await transport.exchange(get(), deadline=deadline), Answer)
            assert lost(await transport.exchange(get(), deadline=deadline))[0] is Lost.DEADLINE
            assert asyncio.get_running_loop().time() < deadline + 0.25


class TestTrust:
    async def test_the_bundle_is_trusted(self, open_transport: Open, authority: trustme.CA) -> None:
        async with ScriptedServer(say(204), tls=server_tls(authority)) as server:
            outcome = await open_transport(server.url, ca_bundle=pem(authority)).exchange(post())
        assert isinstance(outcome, Answer)

    @pytest.mark.parametrize("bundle", ["", "another"])
    async def test_an_authority_that_is_not_in_the_bundle_is_not(
        self, open_transport: Open, authority: trustme.CA, bundle: str
    ) -> None:
        async with ScriptedServer(say(204), tls=server_tls(authority)) as server:
            transport = open_transport(server.url, ca_bundle=pem(trustme.CA()) if bundle else "")
            outcome = await transport.exchange(post())
        assert lost(outcome) == (Lost.UNTRUSTED, False)
        assert not server.requests

    async def test_a_certificate_for_another_host_is_not_accepted(
        self, open_transport: Open, authority: trustme.CA
    ) -> None:
        async with ScriptedServer(say(204), tls=server_tls(authority, "identity.example.com")) as server:
            outcome = await open_transport(server.url, ca_bundle=pem(authority)).exchange(post())
        assert lost(outcome) == (Lost.TLS, False)
        assert isinstance(outcome, NoAnswer)
        assert "127.0.0.1" in outcome.words

    async def test_a_server_that_speaks_plain_http_gets_nothing(self, open_transport: Open) -> None:
        async def complain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
            await reader.read(1)
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            return False

        async with ScriptedServer(never, on_connect=complain) as server:
            outcome = await open_transport(server.url.replace("http:", "https:")).exchange(post())
        assert lost(outcome) == (Lost.TLS, False)
        assert isinstance(outcome, NoAnswer)
        assert outcome.words == "no TLS connection: wrong version number"

    def test_a_bundle_that_cannot_be_read_is_refused_by_its_field(self) -> None:
        with pytest.raises(ConnectionRefused, match="must be PEM") as raised:
            Transport(
                Endpoint("https://a", "spec.nscale", ca_bundle="-----BEGIN CERTIFICATE-----"), TransportSettings()
            )
        assert raised.value.field == "spec.nscale.caBundle"

    @pytest.mark.parametrize("url", ["http://a", "ftp://a", "a", ""])
    def test_anything_but_https_needs_the_setting(self, url: str) -> None:
        with pytest.raises(ConnectionRefused, match="must begin with https://") as raised:
            Transport(Endpoint(url, "spec.nscale"), TransportSettings())
        assert raised.value.field == "spec.nscale.url"

    async def test_addresses_that_tenants_may_not_reach_need_the_setting(self, open_transport: Open) -> None:
        async with ScriptedServer(say(204)) as server:
            transport = open_transport(server.url, TransportSettings(allow_http=True))
            outcome = await transport.exchange(post())
            await server.until(lambda server: server.connections == 1 and not server._tasks)
        assert lost(outcome) == (Lost.ADDRESS, False)
        assert not server.requests

    async def test_the_headers_of_answers_stay_out_of_the_log(
        self, open_transport: Open, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        async with ScriptedServer(say(204, b"", f"X-Echo: {SECRET}")) as server:
            await open_transport(server.url).exchange(get())
        assert SECRET not in caplog.text


async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: list[str]) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    seen.append(head.split("\r\n")[0])
    host, _, port = head.split(" ")[1].rpartition(":")
    far_reader, far_writer = await asyncio.open_connection(host, int(port))
    writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()

    try:
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
    finally:
        far_writer.transport.abort()


class TestProxies:
    @pytest.fixture(autouse=True)
    def _environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)

    async def test_the_environment_does_not_count(self, open_transport: Open, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{await unused_port()}")
        async with ScriptedServer(say(204)) as server:
            assert isinstance(await open_transport(server.url).exchange(post()), Answer)

    async def test_it_counts_where_that_is_switched_on(
        self, open_transport: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings = TransportSettings(allow_http=True, trust_env=True)
        async with ScriptedServer(say(204)) as proxy:
            monkeypatch.setenv("http_proxy", proxy.url)
            assert isinstance(await open_transport("http://identity.example.com", settings).exchange(post()), Answer)
            assert proxy.requests[0].target == "http://identity.example.com/"
            monkeypatch.setenv("no_proxy", "127.0.0.1")
            assert isinstance(await open_transport(proxy.url, LOOPBACK).exchange(post()), Answer)
            assert proxy.requests[1].target == "/"

    async def test_before_send_is_not_called_for_the_request_to_the_proxy(
        self, open_transport: Open, monkeypatch: pytest.MonkeyPatch, authority: trustme.CA
    ) -> None:
        seen: list[str] = []
        told: list[int] = []

        async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
            await tunnel(reader, writer, seen)
            return False

        async with (
            ScriptedServer(say(204), tls=server_tls(authority)) as server,
            ScriptedServer(never, on_connect=relay) as proxy,
        ):
            monkeypatch.setenv("https_proxy", proxy.url)
            transport = open_transport(server.url, TransportSettings(trust_env=True), ca_bundle=pem(authority))
            outcome = await transport.exchange(post(lambda: told.append(len(server.requests))))
            await transport.aclose()
        assert isinstance(outcome, Answer)
        assert seen == [f"CONNECT 127.0.0.1:{server.port} HTTP/1.1"]
        assert told == [0]

    async def test_a_proxy_that_refuses_sent_nothing(
        self, open_transport: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with ScriptedServer(say(407)) as proxy:
            monkeypatch.setenv("https_proxy", proxy.url)
            transport = open_transport("https://identity.example.com", TransportSettings(trust_env=True))
            assert lost(await transport.exchange(post())) == (Lost.PROXY, False)


class TestClosing:
    async def test_calls_under_way_end_at_once(self, open_transport: Open) -> None:
        async with ScriptedServer(never) as server:
            transport = open_transport(server.url, connections=1, timeout=60)
            sent = asyncio.create_task(transport.exchange(post()))
            await server.until(lambda server: len(server.requests) == 1)
            waiting = asyncio.create_task(transport.exchange(post()))
            await asyncio.sleep(0)
            async with asyncio.timeout(5):
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
            assert len(transport._idle) <= 4
