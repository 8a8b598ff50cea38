"""Requests to nscale Identity: paths, headers, and every answer either usable or an error of our tree."""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from urllib.parse import quote

from project_operator.backends.calls import MEBIBYTE, Answer, Call
from project_operator.backends.nscale.classification import classify
from project_operator.backends.nscale.errors import Operation
from project_operator.backends.transport import Transport

LONGEST_LIST: Final = 64 * MEBIBYTE
"""Bytes. There are no pages (N1-7): a project takes about 600, so this is some 100,000 of them."""

ORGANIZATIONS: Final = "/api/v1/organizations"
VERSION: Final = "/api/version"


def service_accounts(organization_id: str) -> str:
    """Path of the service accounts."""
    return f"{ORGANIZATIONS}/{quote(organization_id, safe='')}/serviceaccounts"


def groups(organization_id: str) -> str:
    """Path of the groups."""
    return f"{ORGANIZATIONS}/{quote(organization_id, safe='')}/groups"


def projects(organization_id: str, project_id: str = "") -> str:
    """Path of the projects, or of one."""
    path = f"{ORGANIZATIONS}/{quote(organization_id, safe='')}/projects"
    return f"{path}/{quote(project_id, safe='')}" if project_id else path


class NscaleClient:
    """One credential at one endpoint."""

    def __init__(self, transport: Transport, token: str, now: Callable[[], datetime]) -> None:
        self._transport = transport
        self._now = now
        self._secrets = (token,)
        # One space after Bearer, and a Content-Type on every body (N6-13).
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}

    async def get(
        self, operation: Operation, path: str, *, longest: int = MEBIBYTE, deadline: float | None = None
    ) -> Answer:
        """The answer to GET, where it is a success. Raises the `BackendError` that it means where it is not."""
        return await self._send(operation, Call("GET", path, self._headers, longest_answer=longest), deadline)

    async def write(
        self, operation: Operation, method: str, path: str, body: bytes | None, before_send: Callable[[], None]
    ) -> Answer:
        """The answer to a request that changes something, likewise."""
        headers = self._headers | ({"Content-Type": "application/json"} if body is not None else {})
        return await self._send(operation, Call(method, path, headers, body, before_send=before_send), None)

    def deadline(self) -> float:
        """For several requests that are one call."""
        return self._transport.deadline()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def _send(self, operation: Operation, call: Call, deadline: float | None) -> Answer:
        outcome = await self._transport.exchange(call, deadline=deadline)
        error = classify(operation, outcome, now=self._now(), secrets=self._secrets)
        if isinstance(outcome, Answer) and error is None:
            return outcome
        raise error or AssertionError("a call without answer is an error")
