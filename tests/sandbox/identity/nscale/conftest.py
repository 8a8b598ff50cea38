"""The embedded nscale server in this process, under a clock that tests move by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from project_operator.sandbox.identity.clock import ManualClock
from project_operator.sandbox.identity.nscale.embedded import EmbeddedIdentityServer
from project_operator.sandbox.identity.nscale.identity import Credential, add_group, add_service_account
from project_operator.sandbox.identity.nscale.resources import Metadata, Project
from project_operator.sandbox.identity.nscale.settings import NscaleSettings

LAG = 1.0
PROVISIONED_AFTER = 10.0
GONE_AFTER = 20.0


class Bench:
    """One server and a client of it: reads lag 1 s, a project is provisioned after 10 s and gone 20 s after DELETE."""

    def __init__(self, **settings: Any) -> None:
        paces = {
            "read_lag": LAG,
            "provision_delay": PROVISIONED_AFTER,
            "deprovision_delay": GONE_AFTER,
            "pickup_delay": 0.5,
        }
        self.clock = ManualClock()
        self.server = EmbeddedIdentityServer(NscaleSettings(**(paces | settings)), clock=self.clock, seed=1)
        self.identity = self.server.identity
        self.state = self.identity.state
        self.organization = self.server.organization_id
        self.token = self.server.token
        self.base = f"/api/v1/organizations/{self.organization}"
        self.projects = f"{self.base}/projects"
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.server.app), base_url="http://identity")

    async def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, **more: Any
    ) -> httpx.Response:
        """One request, as the administrator unless ``token`` says otherwise."""
        headers = {"authorization": f"Bearer {self.token if token is None else token}"} | more.pop("headers", {})
        return await self.client.request(method, path, json=body, headers=headers, **more)

    async def create(self, name: str = "p", *, token: str | None = None, **fields: Any) -> Any:
        """A new project's document."""
        response = await self.call("POST", self.projects, content(name, **fields), token=token)
        assert response.status_code == 202, response.text
        return response.json()

    async def settled(self, name: str = "p", **fields: Any) -> str:
        """Id of a new project that is provisioned and seen by reads."""
        document = await self.create(name, **fields)
        self.after(PROVISIONED_AFTER + LAG)
        return str(document["metadata"]["id"])

    async def get(self, project_id: str, *, token: str | None = None) -> httpx.Response:
        return await self.call("GET", f"{self.projects}/{project_id}", token=token)

    async def read(self, project_id: str) -> Any:
        """A project's document as reads show it now."""
        response = await self.get(project_id)
        assert response.status_code == 200, response.text
        return response.json()

    async def put(self, project_id: str, body: Any, *, token: str | None = None) -> httpx.Response:
        return await self.call("PUT", f"{self.projects}/{project_id}", body, token=token)

    async def delete(self, project_id: str, *, token: str | None = None) -> httpx.Response:
        return await self.call("DELETE", f"{self.projects}/{project_id}", token=token)

    async def listed(self, *, token: str | None = None) -> list[str]:
        """Ids that a LIST shows."""
        response = await self.call("GET", self.projects, token=token)
        assert response.status_code == 200, response.text
        return [item["metadata"]["id"] for item in response.json()]

    def after(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(seconds)
        self.state.advance(self.clock.now())

    def true(self, project_id: str) -> Project | None:
        """The project as it is, without lag."""
        self.state.advance(self.clock.now())
        return self.state.store.get(Project, project_id)

    def group(self, name: str = "team", *, role_ids: tuple[str, ...] = (), members: tuple[str, ...] = ()) -> str:
        """Id of a new group that reads see already."""
        group = add_group(self.state, self.organization, name, self.clock.now(), role_ids=role_ids, members=members)
        self.state.catch_up()
        return group.id

    def robot(self, role: str) -> Credential:
        """A service account with this role, which works already."""
        credential = add_service_account(self.state, self.organization, "robot", role, self.clock.now())
        self.state.catch_up()
        self.clock.advance(LAG)
        return credential

    def write(self, resource: Metadata) -> None:
        """Change the store behind the API's back."""
        self.state.store.write(resource, self.clock.now())


def content(name: str = "p", **fields: Any) -> dict[str, Any]:
    """Body of a POST or PUT."""
    metadata = {"name": name} | {key: value for key, value in fields.items() if key != "groupIDs"}
    return {"metadata": metadata, "spec": {"groupIDs": fields.get("groupIDs", [])}}


@pytest.fixture
def make_bench() -> Callable[..., Bench]:
    """Makes servers with the settings given."""
    return Bench


@pytest.fixture
def bench() -> Bench:
    """A server of the documented dialect."""
    return Bench()
