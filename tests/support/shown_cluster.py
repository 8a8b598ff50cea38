"""An API server for what only looks: objects in memory, and what may not be asked."""

from collections.abc import Iterable
from typing import Any, cast

from project_operator.cli.session import Session
from project_operator.errors import KubeForbidden, KubeNotFound
from project_operator.kube.api import KubeApi
from project_operator.kube.resources import Resource
from project_operator.settings import Settings

Raw = dict[str, Any]


def named(name: str, namespace: str = "", **parts: Any) -> Raw:
    """An object; its uid is its name."""
    metadata = {"name": name, "uid": f"uid-{name}", **({"namespace": namespace} if namespace else {})}
    return {"metadata": metadata | parts.pop("metadata", {}), **parts}


class ShownCluster:
    """Implements as much of `KubeApi` as a look needs."""

    def __init__(
        self, *objects: tuple[Resource, Raw], forbidden: Iterable[str] = (), unserved: Iterable[str] = ()
    ) -> None:
        """``forbidden``: such as ``list projects`` (of all namespaces) or ``list projects in demo``."""
        self.objects = list(objects)
        self.forbidden = set(forbidden)
        self.unserved = set(unserved)
        self.asked: list[str] = []

    def session(self, **settings: Any) -> Session:
        """A visit to it."""
        return Session(cast("KubeApi", self), Settings(**settings), "here")

    async def list(self, resource: Resource, namespace: str | None = None, **_: Any) -> list[Raw]:
        """As `KubeApi.list`."""
        self._ask(f"list {resource.plural}" + (f" in {namespace}" if namespace else ""), resource)
        found = [raw for kind, raw in self.objects if kind == resource]
        return [raw for raw in found if namespace in (None, raw["metadata"].get("namespace"))]

    async def get(self, resource: Resource, namespace: str | None, name: str) -> Raw:
        """As `KubeApi.get`."""
        self._ask(f"get {resource.plural} {name}" + (f" in {namespace}" if namespace else ""), resource)
        for kind, raw in self.objects:
            metadata = raw["metadata"]
            if kind == resource and (metadata.get("namespace"), metadata["name"]) == (namespace, name):
                return raw
        raise KubeNotFound(f"get {name}: 404", status=404)

    def _ask(self, what: str, resource: Resource) -> None:
        self.asked.append(what)
        if resource.plural in self.unserved:
            raise KubeNotFound(f"{what}: 404", status=404)
        if what in self.forbidden:
            raise KubeForbidden(f"{what}: 403 Forbidden", status=403)
