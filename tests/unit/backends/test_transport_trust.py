"""To whom a call is sent at all."""

import asyncio
import contextlib
import logging

import pytest
import trustme
from calling import LOOPBACK, SECRET, Open, get, lost, pem, post, server_tls, unused_port
from scripted_server import ScriptedServer, never, say

from project_operator.backends.calls import Answer, Endpoint, NoAnswer, TransportSettings
from project_operator.backends.transport import Transport
from project_operator.backends.trust import Lost
from project_operator.errors import ConnectionRefused


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
        assert lost(outcome) == (Lost.ADDRESS, False)
        # Not even knocked at: whether a port is open there is nobody's business.
        assert server.connections == 0

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
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{unused_port()}")
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
            settings = TransportSettings(addresses=LOOPBACK.addresses, trust_env=True)
            transport = open_transport(server.url, settings, ca_bundle=pem(authority))
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

    @pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "169.254.169.254"])
    async def test_a_proxy_is_not_asked_for_an_address_that_is_not_allowed(
        self, open_transport: Open, monkeypatch: pytest.MonkeyPatch, host: str
    ) -> None:
        async with ScriptedServer(say(204)) as proxy:
            monkeypatch.setenv("http_proxy", proxy.url)
            transport = open_transport(f"http://{host}", TransportSettings(allow_http=True, trust_env=True))
            assert lost(await transport.exchange(post())) == (Lost.ADDRESS, False)
            assert proxy.connections == 0
