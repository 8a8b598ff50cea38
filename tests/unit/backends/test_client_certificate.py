"""A certificate of ours is shown where a server asks for one, and a server that does not accept it is understood."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from calling import Open

from project_operator.backends.calls import Answer, Call, Endpoint, NoAnswer, TransportSettings
from project_operator.backends.nscale.errors import ANSWERS, Operation
from project_operator.backends.transport import Transport
from project_operator.backends.trust import ClientCertificate, Lost, show_certificate
from project_operator.errors import BackendError, ConnectionRefused, CredentialsRejected

FIELD = "spec.nscale.auth.clientCertificate.secretRef"
CLIENTS = trustme.CA()


def certificate(*, by: trustme.CA = CLIENTS, until: timedelta = timedelta(days=1)) -> ClientCertificate:
    now = datetime.now(UTC)
    issued = by.issue_cert("operator.example.com", not_before=now - timedelta(days=9), not_after=now + until)
    chain = b"".join(part.bytes() for part in issued.cert_chain_pems).decode()
    return ClientCertificate(chain, issued.private_key_pem.bytes().decode(), spec_path=FIELD)


@contextmanager
def demanding_server(authority: trustme.CA, version: ssl.TLSVersion) -> Iterator[str]:
    """OpenSSL with plain sockets, since asyncio closes a failed handshake without its alert."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = version
    authority.issue_cert("127.0.0.1").configure_cert(context)
    CLIENTS.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as tls:
                    try:
                        tls.do_handshake()
                        tls.recv(65536)
                        tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
                    except ssl.SSLError:
                        # What was sent meanwhile is read, or the reset of closing would overtake the alert.
                        with suppress(OSError), socket.socket(fileno=tls.detach()) as plain:
                            plain.shutdown(socket.SHUT_WR)
                            while plain.recv(65536):
                                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def server(request: pytest.FixtureRequest, authority: trustme.CA) -> Iterator[str]:
    with demanding_server(authority, request.param) as url:
        yield url


async def ask(
    open_transport: Open, url: str, authority: trustme.CA, shown: ClientCertificate | None
) -> Answer | NoAnswer:
    bundle = authority.cert_pem.bytes().decode()
    transport = open_transport(url, ca_bundle=bundle, client_certificate=shown)
    return await transport.exchange(Call("GET", "/"))


def meant(operation: Operation, outcome: Answer | NoAnswer) -> BackendError | None:
    return ANSWERS.classify(operation, outcome, now=datetime.now(UTC))


async def test_it_is_shown_where_it_is_asked_for(open_transport: Open, server: str, authority: trustme.CA) -> None:
    outcome = await ask(open_transport, server, authority, certificate())
    assert isinstance(outcome, Answer)
    assert outcome.status == 200


@pytest.mark.parametrize("wrong", ["none", "expired", "unknown"])
async def test_a_server_that_does_not_accept_it_has_not_looked_at_the_request(
    open_transport: Open, server: str, authority: trustme.CA, wrong: str
) -> None:
    shown = {
        "none": None,
        "expired": certificate(until=-timedelta(days=1)),
        "unknown": certificate(by=trustme.CA()),
    }[wrong]
    outcome = await ask(open_transport, server, authority, shown)
    assert isinstance(outcome, NoAnswer)
    if wrong == "none" and outcome.why is Lost.TLS:
        # TLS 1.2 has no alert of its own for that.
        assert "handshake failure" in outcome.words
        return
    assert outcome.why is Lost.CERTIFICATE
    assert "the server does not accept the client certificate" in outcome.words
    refused = meant(Operation.CONNECT, outcome)
    assert isinstance(refused, ConnectionRefused)
    assert refused.field == FIELD
    for operation in (Operation.LIST_PROJECTS, Operation.CREATE_PROJECT, Operation.ROTATE_TOKEN):
        assert isinstance(meant(operation, outcome), CredentialsRejected)


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (ClientCertificate(certificate().certificate, certificate().key, spec_path=FIELD), "is not that of"),
        (ClientCertificate("-----BEGIN CERTIFICATE-----", certificate().key, spec_path=FIELD), "cannot be read"),
        (
            ClientCertificate(certificate().certificate, "-----BEGIN PRIVATE KEY-----", spec_path=FIELD),
            "cannot be read",
        ),
    ],
)
def test_what_cannot_be_shown_is_refused_by_its_field(shown: ClientCertificate, words: str) -> None:
    with pytest.raises(ConnectionRefused, match=words) as raised:
        Transport(Endpoint("https://a", "spec.nscale", client_certificate=shown), TransportSettings())
    assert raised.value.field == FIELD
    assert "BEGIN" not in str(raised.value)


def test_the_key_neither_shows_nor_stays_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("project_operator.backends.trust._memory", lambda: str(tmp_path))
    seen: list[str] = []
    load = ssl.SSLContext.load_cert_chain

    def watch(context: ssl.SSLContext, path: str, **how: Any) -> None:
        seen.append(f"{path} {Path(path).stat().st_mode & 0o777:o}")
        load(context, path, **how)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", watch)
    shown = certificate()
    show_certificate(ssl.create_default_context(), shown)
    assert [one.endswith(" 600") for one in seen] == [True]
    assert list(tmp_path.iterdir()) == []
    assert "KEY" not in repr(Endpoint("https://a", client_certificate=shown))
