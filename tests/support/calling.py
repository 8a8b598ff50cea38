"""Calls through the transport, for tests."""

import socket
import ssl
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any, Final

import trustme

from project_operator.backends.addresses import AddressRules
from project_operator.backends.calls import Answer, Call, NoAnswer, TransportSettings
from project_operator.backends.transport import Transport
from project_operator.backends.trust import Lost

LOOPBACK: Final = TransportSettings(
    allow_http=True, addresses=AddressRules(allowed=(ip_network("127.0.0.0/8"), ip_network("::1/128")))
)
SECRET: Final = "eyJ-the-token-of-a-service-account"

Open = Callable[..., Transport]
"""The fixture ``open_transport``: URL and fields of `Endpoint`; closed when the test ends."""


def server_tls(authority: trustme.CA, name: str = "127.0.0.1", **issued: Any) -> ssl.SSLContext:
    """For a server with a certificate for ``name``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, **issued).configure_cert(context)
    return context


def pem(authority: trustme.CA) -> str:
    """A bundle that trusts ``authority``."""
    return authority.cert_pem.bytes().decode()


def get(path: str = "/") -> Call:
    """A read."""
    return Call("GET", path, {"Authorization": f"Bearer {SECRET}"})


def post(before_send: Callable[[], None] = lambda: None) -> Call:
    """A write."""
    return Call("POST", "/", {"Authorization": f"Bearer {SECRET}"}, b'{"a": 1}', before_send=before_send)


def lost(outcome: Answer | NoAnswer) -> tuple[Lost, bool]:
    """Why there is no answer, and whether something was sent."""
    assert isinstance(outcome, NoAnswer), outcome
    assert SECRET not in repr(outcome)
    return outcome.why, outcome.sent


def unused_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
