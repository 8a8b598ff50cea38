"""The server as a process would meet it: ports, keep-alive, TLS, being down for a while."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.types import Receive, Scope, Send
from waiting import wait_until

from project_operator.errors import SandboxError
from project_operator.sandbox.identity.faults import Fault, FaultAction
from project_operator.sandbox.identity.nscale.embedded import EmbeddedIdentityServer
from project_operator.sandbox.identity.tls import TLSFiles

if TYPE_CHECKING:
    from tests.sandbox.identity.conftest import Caller


def test_idle_connections_are_closed_after_a_while() -> None:  # N6-15
    with EmbeddedIdentityServer(keep_alive=0.3) as server, httpx.Client(base_url=server.url, trust_env=False) as client:
        client.get("/nothing")
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10.0) as connection:
            connection.sendall(b"GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n")
            received = b""
            while chunk := connection.recv(4096):  # ends when the server closes; the time-out is the deadline
                received += chunk
            assert received.startswith(b"HTTP/1.1 404")
            assert received.endswith(b"}")


def test_a_connection_serves_several_requests(caller: Caller) -> None:
    assert [caller.create().status_code for _ in range(3)] == [202, 202, 202]


def test_an_undeclared_answer_closes_the_connection_without_a_word(caller: Caller) -> None:  # N0-10
    headers = {"authorization": f"Bearer {caller.server.platform_token}"}
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        caller.client.get("/api/v1/organizations/nowhere/projects", headers=headers)
    (record,) = caller.server.admin.requests()
    assert (record.operation, record.status) == ("listProjects", "dropped")


def test_a_server_that_is_down_comes_back_with_port_and_state(server: EmbeddedIdentityServer, caller: Caller) -> None:
    project_id = caller.create().json()["metadata"]["id"]
    url = server.url
    server.stop()
    with pytest.raises(httpx.TransportError):
        caller.list()
    server.start()
    assert server.url == url
    assert caller.list() == [project_id]
    assert server.admin.projects()[0].id == project_id


def test_stopping_does_not_wait_for_requests_that_are_held_back(server: EmbeddedIdentityServer, caller: Caller) -> None:
    server.admin.add_fault(Fault(action=FaultAction.HANG, operation="createProject"))
    with caller.send_creation("p") as connection:
        wait_until(lambda: server.admin.projects("p"), "the project")
        server.stop()
        assert connection.recv(4096) == b""


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SandboxError, match=f"port {port}.*choose another port"):
            EmbeddedIdentityServer(port=port).start()


def test_starting_twice_is_refused(server: EmbeddedIdentityServer) -> None:
    with pytest.raises(SandboxError, match="runs already"):
        server.start()


def test_answers_are_sent_at_once() -> None:
    """With Nagle's algorithm on, a client that waits for each answer gets it 40 ms late."""
    server = EmbeddedIdentityServer()
    undelayed: list[int] = []

    async def look(scope: Scope, receive: Receive, send: Send) -> None:
        connection = receive.__self__.transport.get_extra_info("socket")  # type: ignore[attr-defined]  # uvicorn's
        undelayed.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        await server.app(scope, receive, send)

    server._server._app = look
    with server, httpx.Client(base_url=server.url, trust_env=False) as client:
        client.get("/nothing")
    assert undelayed
    assert all(undelayed)


def test_https_with_a_certificate_of_its_own_authority(tmp_path: Path) -> None:
    with EmbeddedIdentityServer(tls=TLSFiles.make(tmp_path)) as server:
        assert server.url.startswith("https://127.0.0.1:")
        trusting = ssl.create_default_context(cadata=server.ca_bundle)
        with httpx.Client(base_url=server.url, verify=trusting, trust_env=False) as client:
            assert client.get("/nothing").status_code == 404
        with httpx.Client(base_url=server.url, trust_env=False) as client, pytest.raises(httpx.ConnectError):
            client.get("/nothing")
        assert server.admin.about().organization_id == server.organization_id
    assert (tmp_path / "server-key.pem").stat().st_mode & 0o077 == 0


async def test_it_runs_beside_an_event_loop() -> None:
    async with EmbeddedIdentityServer() as server, httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        assert (await client.get("/nothing")).status_code == 404
