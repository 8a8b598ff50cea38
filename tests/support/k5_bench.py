"""The embedded K5 without a socket, asked as any client would, on a clock that stands still."""

import json
from typing import Any, Final

import httpx

from project_operator.sandbox.identity.clock import ManualClock
from project_operator.sandbox.identity.k5.embedded import EmbeddedK5
from project_operator.sandbox.identity.k5.settings import K5Settings

PROJECTS: Final = "/v3/projects"
TOKENS: Final = "/v3/auth/tokens"


class Bench:
    """One region with an administrator who is signed in."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.server = EmbeddedK5(clock=self.clock, seed=1)
        self.state = self.server.state
        transport = httpx.ASGITransport(self.server.app)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://identity")
        self.token = ""

    def configure(self, **changes: Any) -> None:
        """Change settings."""
        self.state.settings = K5Settings.model_validate({**self.state.settings.model_dump(), **changes})

    def sign_in_body(self, *, password: str = "", scope: dict[str, Any] | None = None, **user: Any) -> dict[str, Any]:
        """The body of a sign-in; the user by name and domain unless ``user`` says otherwise."""
        known = user or {"name": self.state.user.name, "domain": {"id": self.state.domain.id}}
        user = {**known, "password": password or self.state.password}
        identity = {"methods": ["password"], "password": {"user": user}}
        return {"auth": {"identity": identity} | ({} if scope is None else {"scope": scope})}

    async def sign_in(self, **how: Any) -> httpx.Response:
        """Try to; the token of the first success is used from then on."""
        answer = await self.client.post(TOKENS, json=self.sign_in_body(**how))
        self.token = self.token or answer.headers.get("x-subject-token", "")
        return answer

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """A request with the token."""
        known = {"x-auth-token": self.token, "content-type": "application/json"}
        content = None if body is None else json.dumps(body)
        return await self.client.request(method, path, content=content, headers=known | headers)

    async def create(self, name: str = "shop", **more: Any) -> httpx.Response:
        """Ask for a project in the contract's domain."""
        return await self.call("POST", PROJECTS, {"project": {"name": name, "domain_id": self.state.domain.id} | more})
