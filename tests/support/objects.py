"""Objects as the API server holds them, read and changed without kubectl: what a test does between its user's steps."""

import json
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx

from project_operator.kube.access import load_access
from project_operator.kube.resources import (
    CLUSTER_IDENTITY_BACKENDS,
    IDENTITY_BACKENDS,
    NAMESPACES,
    PROJECTS,
    SECRETS,
    Resource,
)

Object = dict[str, Any]

KINDS: Final = {
    resource.kind: resource for resource in (PROJECTS, IDENTITY_BACKENDS, CLUSTER_IDENTITY_BACKENDS, NAMESPACES)
}
_APPLIED: Final = {
    resource.kind: resource for resource in (PROJECTS, IDENTITY_BACKENDS, CLUSTER_IDENTITY_BACKENDS, SECRETS)
}
PODS: Final = Resource("", "v1", "pods", "Pod")
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
_STRICT: Final = {"fieldValidation": "Strict"}
_MERGE_PATCH: Final = {"content-type": "application/merge-patch+json"}


class Objects:
    """The administrator's view of one namespace, and of what is in none.

    Raises httpx.HTTPStatusError where the API server refuses.
    """

    def __init__(self, kubeconfig: Path, namespace: str) -> None:
        access = load_access(kubeconfig)
        headers = {"authorization": access.authorization()} if access.authorization is not None else {}
        self._client = httpx.Client(
            base_url=access.server,
            verify=access.ssl_context or ssl.create_default_context(),
            headers={name: value for name, value in headers.items() if value},
            trust_env=False,
            timeout=30.0,
        )
        self._namespace = namespace

    def close(self) -> None:
        self._client.close()

    def make_namespace(self) -> None:
        """Create the namespace."""
        self._client.post(NAMESPACES.path(None), json={"metadata": {"name": self._namespace}}).raise_for_status()

    def find(self, resource: Resource, name: str) -> Object | None:
        """An object, or None."""
        answer = self._client.get(self._path(resource, name))
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        obj: Object = answer.raise_for_status().json()
        return obj

    def list(self, resource: Resource, **query: str) -> list[Object]:
        """All objects of a kind; none where the kind is not served."""
        answer = self._client.get(self._path(resource), params=query)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return []
        items: list[Object] = answer.raise_for_status().json()["items"]
        return items

    def create(self, resource: Resource, obj: Object) -> None:
        """Create an object."""
        self._client.post(self._path(resource), json=obj, params=_STRICT).raise_for_status()

    def create_applied(self, obj: Object) -> bool:
        """Create an object as `kubectl apply` does that finds none, with the note by which the next one knows what it
        applied; whether that was done. What is there already, or is refused, is for kubectl to see to.
        """
        resource, metadata = _APPLIED.get(obj["kind"]), obj["metadata"]
        if resource is None or metadata.get("namespace", self._namespace) != self._namespace:
            return False
        place = {"namespace": self._namespace} if resource.namespaced else {}
        applied = {**obj, "metadata": {"annotations": {}, **place, **metadata}}
        note = json.dumps(applied, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
        annotations = {**applied["metadata"]["annotations"], _LAST_APPLIED: note}
        noted = {**applied, "metadata": {**applied["metadata"], "annotations": annotations}}
        query = {**_STRICT, "fieldManager": "kubectl-client-side-apply"}
        return self._client.post(self._path(resource), json=noted, params=query).is_success

    def patch(self, resource: Resource, name: str, changes: Mapping[str, Any]) -> Object:
        """The object after a merge patch."""
        path = self._path(resource, name)
        answer = self._client.patch(path, json=dict(changes), headers=_MERGE_PATCH, params=_STRICT)
        obj: Object = answer.raise_for_status().json()
        return obj

    def delete(self, resource: Resource, name: str) -> None:
        """Ask for the deletion of an object."""
        self._client.delete(self._path(resource, name)).raise_for_status()

    def remove_all(self, resource: Resource) -> None:
        """Delete every object of a kind, and those that wait for somebody do not wait any more."""
        self._client.delete(self._path(resource))
        for obj in self.list(resource):
            self._let_go(resource, obj)

    def remove(self, resource: Resource, name: str) -> None:
        """The same for one object, if it is there."""
        self._client.delete(self._path(resource, name))
        if (obj := self.find(resource, name)) is not None:
            self._let_go(resource, obj)

    def page_of_pod(self, pod: str, path: str) -> str:
        """What a pod answers at its first port, whatever the status; nothing where the API server answers in its place:
        it does not listen.
        """
        answer = self._client.get(f"{PODS.path(self._namespace, pod)}/proxy{path}")
        by_api_server = answer.headers.get("content-type", "").startswith("application/json")
        return "" if by_api_server else answer.text

    def _let_go(self, resource: Resource, obj: Object) -> None:
        if obj["metadata"].get("finalizers"):
            path = self._path(resource, obj["metadata"]["name"])
            answer = self._client.patch(path, json={"metadata": {"finalizers": None}}, headers=_MERGE_PATCH)
            # It may have gone by itself in between.
            if answer.status_code != httpx.codes.NOT_FOUND:
                answer.raise_for_status()

    def _path(self, resource: Resource, name: str = "") -> str:
        return resource.path(self._namespace if resource.namespaced else None, name)
