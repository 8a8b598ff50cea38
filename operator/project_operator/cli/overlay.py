"""The API server with manifests laid over it: what is read comes from there, what is written stays here.

So the whole operator can work on what would be there if the manifests were applied, and nobody notices.
"""

import copy
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from project_operator.api.names import FINALIZER, REPLACING_ANNOTATION
from project_operator.errors import KubeConflict, KubeForbidden, KubeNotFound
from project_operator.kube.api import KubeApi
from project_operator.kube.resources import NAMESPACES, PROJECTS, SECRETS, Resource

Place = tuple[str, str, str]
_GIVEN = frozenset({"name", "namespace", "labels", "annotations"})
"""What a new object has of its manifest's metadata; the rest is the API server's."""


class Overlay:
    """Implements `runtime.ports.Kube`."""

    def __init__(self, api: KubeApi, on_write: Callable[[], None] = lambda: None) -> None:
        """``on_write``: told of everything that is written here."""
        self._api = api
        self._on_write = on_write
        self.refusals: dict[str, None] = {}
        """What may not be read, in the API server's words; each once."""
        self._objects: dict[Place, dict[str, Any]] = {}

    def put(self, resource: Resource, raw: Mapping[str, Any]) -> dict[str, Any]:
        """An object as it is to be seen here; one without a uid is new. The object as it is then."""
        made = copy.deepcopy(dict(raw))
        metadata = made["metadata"]
        metadata.setdefault("uid", str(uuid4()))
        metadata.setdefault("resourceVersion", "1")
        metadata.setdefault("generation", 1)
        metadata.setdefault("creationTimestamp", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        self._objects[_place(resource, made)] = made
        return copy.deepcopy(made)

    def find(self, resource: Resource, namespace: str, name: str) -> dict[str, Any] | None:
        """What was put or written here."""
        return self._objects.get((resource.plural, namespace, name))

    def all(self, resource: Resource) -> Iterable[dict[str, Any]]:
        """Everything of a kind that was put or written here."""
        return [raw for (plural, _, _), raw in self._objects.items() if plural == resource.plural]

    async def get(self, resource: Resource, namespace: str | None, name: str) -> dict[str, Any]:
        """What is here, else what is there. A namespace that is not there yet is taken for one that will be."""
        if (known := self.find(resource, namespace or "", name)) is not None:
            return copy.deepcopy(known)
        if resource == PROJECTS:
            raise KubeNotFound(f"Project {namespace}/{name} is not there", status=404)
        try:
            return await self._api.get(resource, namespace, name)
        except KubeNotFound:
            if resource != NAMESPACES:
                raise
            return self.put(NAMESPACES, {"metadata": {"name": name}})
        except KubeForbidden as error:
            self.refusals[str(error)] = None
            raise

    async def list(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        metadata_only: bool = False,  # noqa: ARG002 - more than was asked for does no harm
    ) -> list[dict[str, Any]]:
        """Everything of the kind that is here."""
        return [copy.deepcopy(raw) for raw in self.all(resource) if namespace in (None, raw["metadata"]["namespace"])]

    async def patch(
        self, resource: Resource, obj: Mapping[str, Any], changes: Mapping[str, Any], *, subresource: str = ""
    ) -> dict[str, Any]:
        """Write here, guarded as there; but for what keeps a credential, which must not be replaced."""
        metadata = obj["metadata"]
        place = _place(resource, obj)
        if resource == SECRETS:
            annotations = (changes.get("metadata") or {}).get("annotations") or {}
            if "data" in changes or REPLACING_ANNOTATION in annotations:
                raise KubeForbidden("a plan replaces no credential")
            self._objects.setdefault(place, copy.deepcopy(dict(obj)))
        current = self._objects.get(place)
        if current is None:
            raise KubeNotFound(f"{resource.kind} {metadata['name']} is not there", status=404)
        known = current["metadata"]
        if (known["uid"], known["resourceVersion"]) != (metadata["uid"], metadata["resourceVersion"]):
            raise KubeConflict(f"{resource.kind} {metadata['name']} has changed", status=409)
        allowed = {"status"} if subresource == "status" else {"metadata"}
        after = _merged(current, {part: value for part, value in changes.items() if part in allowed})
        after["metadata"]["resourceVersion"] = str(int(known["resourceVersion"]) + 1)
        self._objects[place] = after
        if "deletionTimestamp" in after["metadata"] and not after["metadata"].get("finalizers"):
            del self._objects[place]
        self._on_write()
        return copy.deepcopy(after)

    async def create(self, resource: Resource, namespace: str | None, body: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - the port's signature
        """Refused: all that the operator creates are Secrets with successors of credentials."""
        raise KubeForbidden(f"a plan creates no {resource.kind}")


def laid_over(live: Mapping[str, Any] | None, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What the object would be once ``manifest`` was applied over ``live`` (None: there is none)."""
    if live is None:
        given = {key: value for key, value in manifest["metadata"].items() if key in _GIVEN}
        return {**copy.deepcopy(dict(manifest)), "metadata": copy.deepcopy(given), "status": {}}
    after = copy.deepcopy(dict(live))
    after["metadata"]["labels"] = {**(live["metadata"].get("labels") or {}), **_map(manifest, "labels")}
    after["metadata"]["annotations"] = {**(live["metadata"].get("annotations") or {}), **_map(manifest, "annotations")}
    for part, value in manifest.items():
        if part not in {"apiVersion", "kind", "metadata", "status"}:
            after[part] = copy.deepcopy(value)
    if after.get("spec") != live.get("spec"):
        after["metadata"]["generation"] = int(live["metadata"].get("generation") or 0) + 1
    return after


def being_deleted(raw: Mapping[str, Any]) -> dict[str, Any]:
    """``raw`` once its deletion was asked for."""
    after = copy.deepcopy(dict(raw))
    after["metadata"].setdefault("deletionTimestamp", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    after["metadata"]["generation"] = int(after["metadata"].get("generation") or 0) + 1
    return after


def is_held(raw: Mapping[str, Any]) -> bool:
    """Whether it carries our finalizer."""
    return FINALIZER in (raw["metadata"].get("finalizers") or ())


def _map(manifest: Mapping[str, Any], part: str) -> Mapping[str, str]:
    found: Mapping[str, str] = (manifest.get("metadata") or {}).get(part) or {}
    return found


def _place(resource: Resource, raw: Mapping[str, Any]) -> Place:
    return resource.plural, raw["metadata"].get("namespace") or "", raw["metadata"]["name"]


def _merged(current: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, Mapping):
        return copy.deepcopy(patch)
    merged = dict(current) if isinstance(current, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merged(merged.get(key), value)
    return merged
