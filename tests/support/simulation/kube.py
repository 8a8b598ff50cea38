"""An API server in memory: uid, resourceVersion, guards, generation, status apart, finalizers; watch events come later,
writes can lose their answer.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from project_operator.api.names import CREDENTIALS_LABEL
from project_operator.errors import KubeConflict, KubeNotFound, KubeUnavailable
from project_operator.kube.resources import (
    CLUSTER_IDENTITY_BACKENDS,
    DEFINITIONS,
    IDENTITY_BACKENDS,
    NAMESPACES,
    PROJECTS,
    SECRETS,
    Resource,
)

Place = tuple[str, str, str]
Listener = Callable[[Resource, str | None, dict[str, Any]], None]
Sweep = Callable[[Resource, set[Place], int], None]
Objects = list[dict[str, Any]]
WATCHED = {
    resource.plural: resource
    for resource in (PROJECTS, IDENTITY_BACKENDS, CLUSTER_IDENTITY_BACKENDS, SECRETS, NAMESPACES)
}


class SimulatedKube:
    """Implements the `Kube` port. `listener` is the engine's `observe`; None while no operator runs."""

    def __init__(self, watch_delay: float = 0.002) -> None:
        self.watch_delay = watch_delay
        self.listener: Listener | None = None
        self.writes: list[tuple[str, str, str]] = []
        self.lose_answers: deque[str] = deque()
        """Names of objects: the next write to each is applied and its answer lost."""
        self.past: dict[Place, list[dict[str, Any]]] = {}
        self._unlisted: set[str] = set()
        """Kinds that the operator has not been told of yet."""
        self._objects: dict[Place, dict[str, Any]] = {}
        self._version = 100
        self.day = 1
        self._serial = 0
        self.uids_apart = 1
        """How far the next uids are apart; what is spread by their last digits is, where they are far apart."""
        self.put_directly(NAMESPACES, {"metadata": {"name": "ns"}})
        self.put_directly(DEFINITIONS, {"metadata": {"name": "projects.identity.project-operator.dev"}})

    # The port.

    async def get(self, resource: Resource, namespace: str | None, name: str) -> dict[str, Any]:
        await asyncio.sleep(0.001)
        return _copied(self._require(resource, namespace or "", name))

    async def list(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        label_selector: str = "",
        metadata_only: bool = False,
    ) -> list[dict[str, Any]]:
        await asyncio.sleep(0.001)
        return [
            _copied({"metadata": raw["metadata"]} if metadata_only else raw)
            for (plural, where, _), raw in self._objects.items()
            if plural == resource.plural
            and (namespace is None or where == namespace)
            and (not label_selector or label_selector in (raw["metadata"].get("labels") or {}))
        ]

    async def remove(self, resource: Resource, obj: Mapping[str, Any]) -> None:
        """The guarded deletion, as `KubeApi.delete` does it."""
        await asyncio.sleep(0.001)
        metadata = obj["metadata"]
        current = self._require(resource, metadata.get("namespace", ""), metadata["name"])
        self._guard(current, metadata)
        self._remove(resource, current)

    async def patch(
        self, resource: Resource, obj: Mapping[str, Any], changes: Mapping[str, Any], *, subresource: str = ""
    ) -> dict[str, Any]:
        await asyncio.sleep(0.001)
        metadata = obj["metadata"]
        name = metadata["name"]
        self.writes.append((resource.plural, name, subresource))
        current = self._require(resource, metadata.get("namespace", ""), name)
        self._guard(current, metadata)
        allowed = {"status"} if subresource == "status" else {"metadata", "spec", "data"}
        after = _merged(current, {part: value for part, value in changes.items() if part in allowed})
        answer = _copied(self._save(resource, current, after))
        if self.lose_answers and self.lose_answers[0] == name:
            self.lose_answers.popleft()
            raise KubeUnavailable("the answer was lost")
        return answer

    async def create(self, resource: Resource, namespace: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        await asyncio.sleep(0.001)
        name = body["metadata"]["name"]
        if (resource.plural, namespace or "", name) in self._objects:
            raise KubeConflict(f"{resource.plural} {name!r} already exists", status=409)
        self.writes.append((resource.plural, name, ""))
        created = _copied(self.make(resource, body))
        if self.lose_answers and self.lose_answers[0] == name:
            self.lose_answers.popleft()
            raise KubeUnavailable("the answer was lost")
        return created

    # What people do.

    def make(self, resource: Resource, body: Mapping[str, Any]) -> dict[str, Any]:
        """`kubectl create`."""
        raw = _copied(dict(body))
        if resource.namespaced:
            raw["metadata"].setdefault("namespace", "ns")
        return self.put_directly(resource, raw)

    def put_directly(self, resource: Resource, raw: dict[str, Any]) -> dict[str, Any]:
        """Store a new object."""
        self._serial += self.uids_apart
        self._version += 1
        raw["metadata"] |= {
            "uid": f"00000000-0000-4000-8000-{self._serial:012d}",
            "resourceVersion": str(self._version),
            "generation": 1,
            "creationTimestamp": f"2026-01-{self.day:02d}T00:00:00Z",
        }
        raw["apiVersion"], raw["kind"] = resource.api_version, resource.kind
        self._keep(resource, raw)
        self._tell(resource, "ADDED", raw)
        return raw

    def edit(self, name: str, resource: Resource = PROJECTS, /, **spec: Any) -> None:
        """`kubectl patch` of the spec; None removes a field."""
        current = self._require(resource, _namespace(resource), name)
        self._save(resource, current, _merged(current, {"spec": spec}))

    def replace_spec(self, name: str, spec: Mapping[str, Any]) -> None:
        """`kubectl replace`, of the spec alone."""
        current = self._require(PROJECTS, "ns", name)
        self._save(PROJECTS, current, {**_copied(current), "spec": _copied(dict(spec))})

    def annotate(self, name: str, resource: Resource = PROJECTS, /, **annotations: str | None) -> None:
        """`kubectl annotate`."""
        current = self._require(resource, _namespace(resource), name)
        self._save(resource, current, _merged(current, {"metadata": {"annotations": annotations}}))

    def label(self, name: str, resource: Resource, namespace: str = "", /, **labels: str | None) -> None:
        """`kubectl label`; `_` in a name stands for the credentials label. What a watch selects by may come and go."""
        current = self._require(resource, namespace, name)
        renamed = {CREDENTIALS_LABEL if key == "_" else key: value for key, value in labels.items()}
        after = _merged(current, {"metadata": {"labels": renamed}})
        if _is_watched(resource.plural, current) and not _is_watched(resource.plural, after):
            self._tell_of_end(resource, current)
        self._save(resource, current, after)

    def delete(self, name: str, resource: Resource = PROJECTS) -> None:
        """`kubectl delete`; a finalizer holds it."""
        current = self._require(resource, _namespace(resource), name)
        if not current["metadata"].get("finalizers"):
            self._remove(resource, current)
            return
        if "deletionTimestamp" not in current["metadata"]:
            after = _merged(current, {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}})
            after["metadata"]["generation"] += 1
            self._save(resource, current, after)

    def strip_finalizers(self, name: str, resource: Resource = PROJECTS) -> None:
        """Somebody tears the finalizers off."""
        current = self._require(resource, _namespace(resource), name)
        self._save(resource, current, _merged(current, {"metadata": {"finalizers": None}}))

    def remake_namespace(self) -> None:
        """`kubectl delete namespace`, and one of the same name later: what is created in it is younger."""
        self.day += 1
        del self._objects[NAMESPACES.plural, "", "ns"]
        self.put_directly(NAMESPACES, {"metadata": {"name": "ns"}})

    def definition(self) -> dict[str, Any]:
        """Our CRD itself, to be changed in place."""
        return self._require(DEFINITIONS, "", "projects.identity.project-operator.dev")

    def replace_secret(self, name: str, token: str) -> None:
        """`kubectl apply` of a Secret with another token (base64)."""
        current = self._require(SECRETS, "ns", name)
        self._save(SECRETS, current, _merged(current, {"data": {"token": token}}))

    def look(self, name: str, resource: Resource = PROJECTS, namespace: str | None = None) -> dict[str, Any] | None:
        """The object as it is, or None; not to be changed. It never will be: a change stores another in its place."""
        return self._objects.get((resource.plural, _namespace(resource) if namespace is None else namespace, name))

    def all(self, resource: Resource = PROJECTS) -> "Objects":
        """Every object of a kind, as it is; not to be changed."""
        return [raw for (plural, _, _), raw in self._objects.items() if plural == resource.plural]

    def replay(
        self,
        listener: Listener,
        *,
        stale: Callable[[Place], int] = lambda _: 0,
        late: Callable[[Resource], float] = lambda _: 0.0,
        sweep: Sweep = lambda *_: None,
    ) -> None:
        """A new operator's first listings, of which each ends with a ``sweep``. ``stale`` says how many versions an
        object's state lags behind, ``late`` after how many seconds a kind is listed: nothing of it is told before.
        """
        self.listener = listener
        self._unlisted = {plural for plural, resource in WATCHED.items() if late(resource)}
        for plural, resource in WATCHED.items():
            if plural in self._unlisted:
                asyncio.get_running_loop().call_later(late(resource), self._list, plural, listener, stale, sweep)
            else:
                self._list(plural, listener, stale, sweep)

    def _list(self, plural: str, listener: Listener, stale: Callable[[Place], int], sweep: Sweep) -> None:
        if self.listener is not listener:
            return
        self._unlisted.discard(plural)
        live = set()
        for place, raw in list(self._objects.items()):
            if place[0] == plural and _is_watched(plural, raw):
                live.add((place[1], place[2], raw["metadata"]["uid"]))
                old = self.past[place][: -stale(place)] if stale(place) else []
                listener(WATCHED[place[0]], None, _copied(old[-1] if old else raw))
                if old:
                    self._tell(WATCHED[place[0]], "MODIFIED", raw)
        sweep(WATCHED[plural], live, self._version)

    def _require(self, resource: Resource, namespace: str, name: str) -> dict[str, Any]:
        try:
            return self._objects[resource.plural, namespace, name]
        except KeyError:
            raise KubeNotFound(f"{resource.plural} {name!r} not found", status=404) from None

    @staticmethod
    def _guard(current: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        present = current["metadata"]
        if (present["uid"], present["resourceVersion"]) != (metadata["uid"], metadata["resourceVersion"]):
            raise KubeConflict("the object has been modified", status=409)

    def _save(self, resource: Resource, current: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
        if after == current:
            return current
        after["metadata"] = dict(after["metadata"])
        if after.get("spec") != current.get("spec"):
            after["metadata"]["generation"] = current["metadata"]["generation"] + 1
        self._version += 1
        after["metadata"]["resourceVersion"] = str(self._version)
        if "deletionTimestamp" in after["metadata"] and not after["metadata"].get("finalizers"):
            self._remove(resource, after)
            # The real one answers with the object as it was changed last, and tells the watch of a later state.
            return _merged(after, {"metadata": {"resourceVersion": current["metadata"]["resourceVersion"]}})
        self._keep(resource, after)
        self._tell(resource, "MODIFIED", after)
        return after

    def _keep(self, resource: Resource, raw: dict[str, Any]) -> None:
        place = (resource.plural, raw["metadata"].get("namespace", ""), raw["metadata"]["name"])
        self._objects[place] = raw
        self.past.setdefault(place, []).append(raw)

    def _remove(self, resource: Resource, raw: dict[str, Any]) -> None:
        del self._objects[resource.plural, raw["metadata"].get("namespace", ""), raw["metadata"]["name"]]
        self._tell(resource, "DELETED", raw)

    def _tell_of_end(self, resource: Resource, last: dict[str, Any]) -> None:
        """The object is still there, but not for the watch: with the resourceVersion of the change."""
        gone = _copied(last)
        gone["metadata"]["resourceVersion"] = str(self._version + 1)
        self._tell(resource, "DELETED", gone)

    def _tell(self, resource: Resource, kind: str, raw: dict[str, Any]) -> None:
        listener = self.listener
        if listener is None or not _is_watched(resource.plural, raw):
            return

        def tell() -> None:
            if self.listener is listener and resource.plural not in self._unlisted:
                listener(resource, kind, _copied(raw))

        asyncio.get_running_loop().call_later(self.watch_delay, tell)


def _namespace(resource: Resource) -> str:
    return "ns" if resource.namespaced else ""


def _is_watched(plural: str, raw: Mapping[str, Any]) -> bool:
    """Of Secrets the watch selects those with our label."""
    labels = raw["metadata"].get("labels") or {}
    return plural in WATCHED and (plural != SECRETS.plural or labels.get(CREDENTIALS_LABEL) == "true")


def _merged(old: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """RFC 7396. What the patch leaves alone is shared with ``old``."""
    result = dict(old)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            inner = result.get(key)
            result[key] = _merged(inner if isinstance(inner, Mapping) else {}, value)
        else:
            result[key] = _copied(value)
    return result


T = TypeVar("T")


def _copied(value: T) -> T:
    """What is JSON, at a fraction of what `copy.deepcopy` costs."""
    if isinstance(value, dict):
        return cast(T, {key: _copied(inner) for key, inner in value.items()})
    return cast(T, [_copied(inner) for inner in value]) if isinstance(value, list) else value
