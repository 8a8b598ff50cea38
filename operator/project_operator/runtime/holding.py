"""Our finalizer on what a connection needs, the backend object and its Secret, while Projects use them; and off again.

In a terminating namespace everything is deleted at once; what we hold stays until the Projects are cleaned up with it.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from project_operator.api import names
from project_operator.api.v1alpha1.identitybackend import IdentityBackend
from project_operator.errors import KubeForbidden, KubeNotFound
from project_operator.kube.resources import SECRETS, Resource
from project_operator.runtime.backend_kinds import BACKEND_RESOURCES, parse_backend
from project_operator.runtime.keys import Key
from project_operator.runtime.ports import Kube
from project_operator.runtime.store import Raw, Store


class Holder:
    """Adds and removes the finalizers; every write is guarded (R1) and raises `KubeError` where it fails."""

    def __init__(self, kube: Kube, objects: Mapping[str, Store], secrets: Store) -> None:
        """``objects``: the backend objects, by the plural of their kind."""
        self._kube = kube
        self._objects = objects
        self._secrets = secrets

    def uses_secret(self, namespace: str, name: str) -> list[Key]:
        """The backend objects that name a Secret."""
        return [
            Key.of(plural, raw)
            for plural, store in self._objects.items()
            for raw in store.values()
            if _secret(plural, raw) == (namespace, name)
        ]

    async def hold(self, key: Key, raw: Raw, backend: IdentityBackend) -> Raw:
        """Our finalizer on the backend object, unless it is there or the object is going; the newest state."""
        if names.FINALIZER in backend.metadata.finalizers or backend.metadata.deleting:
            return raw
        held = await self._add_finalizer(BACKEND_RESOURCES[key.plural], raw)
        self._objects[key.plural].put(held)
        return held

    async def hold_secret(self, key: Key, backend: IdentityBackend) -> str:
        """Our finalizer on the Secret in use, and off a former one; the name of the Secret in use."""
        name = backend.spec.secret_ref.name
        raw = self._secrets.get(backend.secret_namespace, name)
        if (
            raw is not None
            and "deletionTimestamp" not in raw["metadata"]
            and names.FINALIZER not in (raw["metadata"].get("finalizers") or [])
        ):
            self._secrets.put(await self._add_finalizer(SECRETS, raw))
        former = backend.status.secret_ref.name if backend.status.secret_ref is not None else name
        if former != name:
            await self._release_secret(key, backend, former)
        return name

    async def release_secrets(self, key: Key, backend: IdentityBackend) -> None:
        """Nobody uses ``key`` any more: let its Secrets go, as far as no other backend object names them."""
        await self._release_secret(key, backend, backend.spec.secret_ref.name)
        if backend.status.secret_ref is not None and backend.status.secret_ref.name != backend.spec.secret_ref.name:
            await self._release_secret(key, backend, backend.status.secret_ref.name)

    async def release(self, key: Key, raw: Raw, backend: IdentityBackend) -> None:
        """Let the backend object go."""
        if names.FINALIZER in backend.metadata.finalizers:
            await self._remove_finalizer(BACKEND_RESOURCES[key.plural], raw)

    async def _release_secret(self, key: Key, backend: IdentityBackend, name: str) -> None:
        namespace = backend.secret_namespace
        if [user for user in self.uses_secret(namespace, name) if user != key]:
            return
        raw = self._secrets.get(namespace, name)
        if raw is None and backend.status.secret_ref is not None and backend.status.secret_ref.name == name:
            raw = await self._unlabelled(namespace, name)
        if raw is None:
            return
        if names.FINALIZER in (raw["metadata"].get("finalizers") or []):
            try:
                self._secrets.put(await self._remove_finalizer(SECRETS, raw))
            except KubeNotFound:
                self._secrets.drop(Key.of(SECRETS.plural, raw))

    async def _unlabelled(self, namespace: str, name: str) -> Raw | None:
        """A Secret that was in use and has lost its label, so that the watch no longer shows it."""
        try:
            return await self._kube.get(SECRETS, namespace, name)
        except (KubeNotFound, KubeForbidden):
            return None

    async def _add_finalizer(self, resource: Resource, raw: Raw) -> Mapping[str, Any]:
        finalizers = [*(raw["metadata"].get("finalizers") or []), names.FINALIZER]
        return await self._kube.patch(resource, raw, {"metadata": {"finalizers": finalizers}})

    async def _remove_finalizer(self, resource: Resource, raw: Raw) -> Mapping[str, Any]:
        finalizers = [name for name in raw["metadata"].get("finalizers") or [] if name != names.FINALIZER]
        return await self._kube.patch(resource, raw, {"metadata": {"finalizers": finalizers}})


def _secret(plural: str, raw: Raw) -> tuple[str, str] | None:
    try:
        backend = parse_backend(plural, raw)
    except (ValidationError, KeyError):
        return None
    return backend.secret_namespace, backend.spec.secret_ref.name
