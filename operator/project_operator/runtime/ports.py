"""What the workers ask of the world outside the runtime: the API server, and somebody who publishes Events."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from project_operator.kube.resources import Resource
from project_operator.reconcile.actions import Notice


class Kube(Protocol):
    """What the workers ask of the API server; `kube.api.KubeApi` gives it."""

    async def get(self, resource: Resource, namespace: str | None, name: str) -> dict[str, Any]:
        """Live read."""

    async def patch(
        self, resource: Resource, obj: Mapping[str, Any], changes: Mapping[str, Any], *, subresource: str = ""
    ) -> dict[str, Any]:
        """Guarded write (R1)."""

    async def create(self, resource: Resource, namespace: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        """One new object; `KubeConflict` where there is one of that name."""

    async def list(
        self, resource: Resource, namespace: str | None = None, *, metadata_only: bool = False
    ) -> list[dict[str, Any]]:
        """Live listing."""


Publish = Callable[[Mapping[str, Any], Notice], None]
"""Make an Event about an object; never waits, never fails."""
