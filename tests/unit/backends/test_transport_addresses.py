"""Where connections go: to the address that was judged, whatever the name says, and never anywhere else."""

import asyncio
import socket
import threading
from ipaddress import ip_network
from typing import Any

import pytest
import trustme
from calling import LOOPBACK, Open, get, lost, pem, post, server_tls
from scripted_server import ScriptedServer, say

from project_operator.backends import lanes
from project_operator.backends.addresses import AddressRules
from project_operator.backends.calls import Answer, Endpoint, NoAnswer, TransportSettings
from project_operator.backends.transport import Transport
from project_operator.backends.trust import Lost
from project_operator.errors import ConnectionRefused

STRICT = TransportSettings(allow_http=True)
SOME = TransportSettings(allow_http=True, addresses=AddressRules(allowed=(ip_network("127.0.0.1/32"),)))
REAL = socket.getaddrinfo


class Names:
    """What names resolve to; changed by tests."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.asked = 0

    def look_up(self, _host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        self.asked += 1
        return [info for address in self.addresses for info in REAL(address, port, type=socket.SOCK_STREAM)]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    made = Names()
    monkeypatch.setattr(socket, "getaddrinfo", made.look_up)
    return made


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("127.0.0.1", "a loopback"),
        ("127.1", "a loopback"),
        ("2130706433", "a loopback"),
        ("0x7f000001", "a loopback"),
        ("017700000001", "a loopback"),
        ("[::1]", "a loopback"),
        ("[::ffff:127.0.0.1]", "a loopback"),
        ("[::ffff:7f00:1]", "a loopback"),
        ("[64:ff9b::7f00:1]", "a loopback"),
        ("[2002:7f00:1::]", "a loopback"),
        ("0.0.0.0", "an unspecified"),  # noqa: S104 - nothing is bound
        ("0", "an unspecified"),
        ("169.254.169.254", "a link-local"),
        ("2852039166", "a link-local"),
        ("[fd00:ec2::254]", "a metadata service"),
        ("localhost", "a loopback"),
    ],
)
async def test_no_spelling_of_an_address_gets_past(open_transport: Open, host: str, kind: str) -> None:
    refused = await open_transport(f"http://{host}:9", STRICT).exchange(post())
    assert lost(refused) == (Lost.ADDRESS, False)
    assert isinstance(refused, NoAnswer)
    assert refused.words == f"the host is at {kind} address, where backends may not be"


def test_an_address_that_only_some_can_read_is_no_url() -> None:
    with pytest.raises(ConnectionRefused, match="an address in its usual form") as raised:
        Transport(Endpoint("http://0177.0.0.1", "spec.nscale"), STRICT)
    assert raised.value.field == "spec.nscale.url"


async def test_a_name_that_comes_to_mean_another_address_is_judged_by_that(open_transport: Open, names: Names) -> None:
    async with ScriptedServer(say(204)) as server:
        transport = open_transport(f"http://identity.example.com:{server.port}", SOME)
        names.addresses = ["127.0.0.1"]
        assert isinstance(await transport.exchange(post()), Answer)
        names.addresses = ["127.0.0.2"]
        transport._destination.forget()
        await transport._lanes.aclose()
        assert lost(await transport.exchange(post())) == (Lost.ADDRESS, False)
        assert server.connections == 1


async def test_the_answer_that_was_judged_is_the_one_that_is_used(
    open_transport: Open, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that tells one thing to whoever checks and another to whoever connects is not asked twice."""
    answers = [["127.0.0.1"], ["127.0.0.2"], ["127.0.0.2"]]

    def look_up(_host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        names.asked += 1
        return REAL(answers.pop(0)[0], port, type=socket.SOCK_STREAM)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    async with ScriptedServer(say(204)) as server:
        transport = open_transport(f"http://identity.example.com:{server.port}", SOME)
        assert isinstance(await transport.exchange(post()), Answer)
        assert names.asked == 1
        assert server.requests[0].headers["host"] == f"identity.example.com:{server.port}"


async def test_of_several_addresses_only_those_that_are_allowed_are_tried(open_transport: Open, names: Names) -> None:
    names.addresses = ["169.254.169.254", "127.0.0.2", "127.0.0.1"]
    async with ScriptedServer(say(204)) as server:
        transport = open_transport(f"http://identity.example.com:{server.port}", SOME)
        assert isinstance(await transport.exchange(post()), Answer)


async def test_an_address_where_nobody_listens_is_passed_over_and_not_tried_first_again(
    open_transport: Open, names: Names
) -> None:
    names.addresses = ["127.0.0.3", "127.0.0.1"]
    told: list[int] = []
    async with ScriptedServer(say(204)) as server:
        transport = open_transport(f"http://identity.example.com:{server.port}")
        assert isinstance(await transport.exchange(post(lambda: told.append(1))), Answer)
        assert told == [1]
        await transport._lanes.aclose()
        assert await transport._destination.addresses() == ("127.0.0.1", "127.0.0.3")
    names.addresses = ["127.0.0.3", "127.0.0.4"]
    transport._destination.forget()
    assert lost(await transport.exchange(post())) == (Lost.CONNECTION, False)


async def test_the_certificate_is_the_host_s_and_not_the_address_s(
    open_transport: Open, names: Names, authority: trustme.CA
) -> None:
    names.addresses = ["127.0.0.1"]
    async with ScriptedServer(say(204), tls=server_tls(authority, "identity.example.com")) as server:
        good = open_transport(f"https://identity.example.com:{server.port}", LOOPBACK, ca_bundle=pem(authority))
        assert isinstance(await good.exchange(get()), Answer)
        bad = open_transport(f"https://other.example.com:{server.port}", LOOPBACK, ca_bundle=pem(authority))
        assert lost(await bad.exchange(get())) == (Lost.TLS, False)


async def test_a_busy_lane_asks_now_and_then_where_the_host_is(
    open_transport: Open, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    names.addresses = ["127.0.0.1"]
    async with ScriptedServer(say(204)) as server:
        transport = open_transport(f"http://identity.example.com:{server.port}")
        for _ in range(3):
            await transport.exchange(post())
        assert (names.asked, server.connections) == (1, 1)
        monkeypatch.setattr(lanes, "ADDRESS_LASTS", -1.0)
        transport._destination.forget()
        await transport.exchange(post())
        assert names.asked == 2


async def test_a_tenant_s_dead_name_does_not_hold_up_another_s_calls(
    open_transport: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I11: more dead names at once than the event loop has threads for look-ups."""
    release = threading.Event()

    def look_up(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        if host.startswith("dead"):
            release.wait(30)
        return REAL("127.0.0.1", port, type=socket.SOCK_STREAM)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    async with ScriptedServer(say(204)) as server:
        dead = [
            asyncio.ensure_future(open_transport(f"http://dead{number}.example.com", timeout=20.0).exchange(get()))
            for number in range(40)
        ]
        await asyncio.sleep(0)
        alive = open_transport(f"http://alive.example.com:{server.port}")
        assert isinstance(await alive.exchange(get()), Answer)
        assert not any(one.done() for one in dead)
        for one in dead:
            one.cancel()
        await asyncio.gather(*dead, return_exceptions=True)
    release.set()
