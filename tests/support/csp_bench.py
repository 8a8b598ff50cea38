"""The embedded platform in this process, under a clock that tests move by hand."""

from typing import Any

import httpx

from project_operator.sandbox.identity.clock import ManualClock
from project_operator.sandbox.identity.csp.embedded import EmbeddedPlatform
from project_operator.sandbox.identity.csp.settings import CSPSettings

IAM = "/csp/gateway/am/api"
RESOURCE = "/csp/gateway/resource/api"


class Bench:
    """One server and a client of it."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.server = EmbeddedPlatform(CSPSettings(list_lag=0.0), clock=self.clock, seed=1)
        self.state = self.server.state
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.server.app), base_url="http://platform")
        self.v1 = f"{RESOURCE}/v1/orgs/{self.state.organization_id}/projects"
        self.v2 = self.v1.replace("/v1/", "/v2/")
        self.groups = f"{IAM}/orgs/{self.state.organization_id}/groups"
        self.token = self.state.issue("robot", self.clock.now())

    def configure(self, **changes: Any) -> None:
        """Change settings."""
        self.state.settings = self.state.settings.model_copy(update=changes)

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """One request with a token, unless ``headers`` says otherwise."""
        headers = more.pop("headers", {"authorization": f"Bearer {self.token}"})
        return await self.client.request(method, path, json=body, headers=headers, **more)

    async def create(self, name: str = "p", **fields: Any) -> str:
        """A new project's id."""
        answer = await self.call("POST", self.v2, {"displayName": name, **fields})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def read(self, project_id: str) -> Any:
        """A project's document."""
        return (await self.call("GET", f"{self.v1}/{project_id}")).json()

    async def page(self, **query: Any) -> Any:
        """A page of projects."""
        return (await self.call("GET", self.v1, params=query)).json()
