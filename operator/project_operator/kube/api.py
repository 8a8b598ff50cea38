"""Calls to the API server: a read, a paged listing, a creation, and one kind of write, the guarded patch."""

from collections.abc import Callable, Mapping
from typing import Any

import aiohttp

from project_operator.kube.access import ClusterAccess
from project_operator.kube.resources import Resource

CallObserver = Callable[[str, Resource, str, float], None]
"""Told of each finished call: verb (get, list, patch, create), resource, code (HTTP status, or "error" where no answer came), seconds."""


class KubeApi:
    """The API server, over one pool of connections. Construct it inside a running event loop; close it with `aclose`."""

    def __init__(self, access: ClusterAccess, *, on_call: CallObserver | None = None) -> None:
        raise NotImplementedError

    def session(self) -> aiohttp.ClientSession:
        """A session of its own over the shared connections: closing it leaves them open. For Kopf."""
        raise NotImplementedError

    async def get(self, resource: Resource, namespace: str | None, name: str) -> dict[str, Any]:
        raise NotImplementedError

    async def list(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        label_selector: str = "",
        metadata_only: bool = False,
        limit: int = 500,
    ) -> list[dict[str, Any]]:
        raise NotImplementedError

    async def patch(
        self, resource: Resource, obj: Mapping[str, Any], changes: Mapping[str, Any], *, subresource: str = ""
    ) -> dict[str, Any]:
        raise NotImplementedError

    async def create(self, resource: Resource, namespace: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        raise NotImplementedError

    async def aclose(self) -> None:
        raise NotImplementedError
