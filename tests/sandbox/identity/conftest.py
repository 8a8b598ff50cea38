"""A running embedded nscale server, and a way to speak to it without a client that smooths things over."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hosting import KEPT
from passing_time import pass_time_of

from project_operator.backends.trust import system_trust
from project_operator.sandbox.identity.nscale.embedded import EmbeddedIdentityServer
from project_operator.sandbox.identity.nscale.settings import NscaleSettings

QUICK = NscaleSettings(read_lag=0.0, pickup_delay=0.0, provision_delay=0.0, deprovision_delay=0.0)


class Caller:
    """A blocking client with the administrator's token."""

    def __init__(self, server: EmbeddedIdentityServer) -> None:
        self.server = server
        self.path = f"/api/v1/organizations/{server.organization_id}/projects"
        self.client = httpx.Client(
            base_url=server.url,
            headers={"authorization": f"Bearer {server.token}"},
            verify=system_trust(),
            trust_env=False,
            timeout=10.0,
        )

    def create(self, name: str = "p", **more: Any) -> httpx.Response:
        return self.client.post(self.path, json={"metadata": {"name": name}, "spec": {"groupIDs": []}}, **more)

    def list(self) -> list[str]:
        response = self.client.get(self.path)
        assert response.status_code == 200, response.text
        return [item["metadata"]["id"] for item in response.json()]

    def connection(self) -> socket.socket:
        """A bare connection to the server."""
        host, port = self.server.url.removeprefix("http://").split(":")
        return socket.create_connection((host, int(port)), timeout=10.0)

    def send_creation(self, name: str) -> socket.socket:
        """Like `create`, but does not wait for the answer, which comes over the connection."""
        connection = self.connection()
        body = json.dumps({"metadata": {"name": name}, "spec": {"groupIDs": []}}).encode()
        head = (
            f"POST {self.path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {self.server.token}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        connection.sendall(head.encode() + body)
        return connection

    def pass_time(self, seconds: float) -> None:
        """Let what the server holds back for so long happen."""
        loop = self.server._server._loop
        assert loop is not None
        pass_time_of(loop, seconds)


@pytest.fixture
def server() -> Iterator[EmbeddedIdentityServer]:
    """A server without lag or delays."""
    with EmbeddedIdentityServer(QUICK, keep_alive=KEPT) as running:
        yield running


@pytest.fixture
def caller(server: EmbeddedIdentityServer) -> Iterator[Caller]:
    caller = Caller(server)
    with caller.client:
        yield caller
