"""The embedded IAM in this process, under a clock that tests move by hand."""

from typing import Any

import httpx

from project_operator.sandbox.identity.clock import ManualClock
from project_operator.sandbox.identity.otc.embedded import EmbeddedIAM
from project_operator.sandbox.identity.otc.settings import OTCSettings
from project_operator.sandbox.identity.otc.state import ACCOUNT_NAME, USER

JSON = "application/json;charset=utf8"


class Bench:
    """One server and a client of it."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        settings = OTCSettings(read_lag=0.0, list_lag=0.0, deletion_delay=10.0)
        self.server = EmbeddedIAM(settings, clock=self.clock, seed=1)
        self.state = self.server.state
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.server.app), base_url="http://iam")
        self.token, _ = self.state.issue(USER, self.clock.now())
        self.region_id = next(one.id for one in self.state.truth().values() if one.name == "eu-de")

    def configure(self, **changes: Any) -> None:
        """Change settings."""
        self.state.settings = self.state.settings.model_copy(update=changes)

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """One request with a token and the content type that is asked for, unless ``headers`` say otherwise."""
        known = {"x-auth-token": self.token, "content-type": JSON}
        return await self.client.request(method, path, json=body, headers=known | _names(headers))

    async def post(self, name: str = "eu-de_p", **fields: Any) -> httpx.Response:
        """A creation."""
        project = {"name": name, "parent_id": self.region_id, **fields}
        return await self.call("POST", "/v3/projects", {"project": project})

    async def create(self, name: str = "eu-de_p", **fields: Any) -> str:
        """A new project's id."""
        answer = await self.post(name, **fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["project"]["id"])

    async def sign_in(self, *, password: str = "", domain: Any = None, scope: Any = None) -> httpx.Response:
        """A sign-in, right unless something is said."""
        user = {
            "name": USER,
            "password": password or self.state.password,
            "domain": domain or {"name": ACCOUNT_NAME},
        }
        identity = {"methods": ["password"], "password": {"user": user}}
        auth = {"identity": identity, "scope": scope or {"domain": {"name": ACCOUNT_NAME}}}
        return await self.call("POST", "/v3/auth/tokens", {"auth": auth})


def _names(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
