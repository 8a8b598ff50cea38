"""The real Keystone asked by hand: with one token, and nothing of the code that is tested."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

NOBODY: Final = "0" * 32
"""An id as Keystone makes them, of nothing."""


@dataclass
class Caller:
    """Asks Keystone with one token."""

    client: httpx.Client
    token: str

    def __call__(
        self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """``path`` is below ``/v3``; ``body`` is JSON, or bytes."""
        content = {"content": body} if isinstance(body, bytes) else {} if body is None else {"json": body}
        sent = {"X-Auth-Token": self.token} | dict(headers or {})
        return self.client.request(method, path, headers=sent, **content)

    def create(self, domain_id: str = "", **project: Any) -> httpx.Response:
        """POST of a project, with a name that nothing has unless it says one."""
        known = {"name": unused_name()} | ({"domain_id": domain_id} if domain_id else {})
        return self("POST", "/projects", {"project": known | project})

    def make(self, domain_id: str, **project: Any) -> str:
        """The id of a project that was made."""
        response = self.create(domain_id, **project)
        assert response.status_code == httpx.codes.CREATED, response.text
        return str(response.json()["project"]["id"])

    def change(self, project_id: str, **project: Any) -> httpx.Response:
        """PATCH of one."""
        return self("PATCH", f"/projects/{project_id}", {"project": project})

    def project(self, project_id: str) -> dict[str, Any]:
        """One as it is shown."""
        return dict(self("GET", f"/projects/{project_id}").json()["project"])

    def listed(self, query: str) -> list[dict[str, Any]]:
        """The projects of one answer to a list."""
        return list(self("GET", f"/projects?{query}").json()["projects"])


def make_identity_provider(admin: Caller, domain_id: str) -> str:
    """An identity provider whose users are in that domain; its path."""
    path = f"/OS-FEDERATION/identity_providers/{unused_name()}"
    response = admin("PUT", path, {"identity_provider": {"domain_id": domain_id}})
    assert response.status_code == httpx.codes.CREATED, response.text
    return path


def unused_name() -> str:
    """Of nothing yet."""
    return f"p-{uuid.uuid4().hex[:12]}"


def message(response: httpx.Response) -> str:
    """What Keystone says of a refusal."""
    return str(response.json()["error"]["message"])


def media_type(response: httpx.Response) -> str:
    """Without its parameters."""
    return response.headers["content-type"].partition(";")[0]
