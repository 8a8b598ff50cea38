"""Our finalizer on what a connection needs, the backend object and its Secrets, while Projects use them; and off again.

In a terminating namespace everything is deleted at once; what we hold stays until the Projects are cleaned up with it.
"""

from collections import defaultdict
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
from project_operator.runtime.rotated_place import rotated_name
from project_operator.runtime.store import Raw, Store


class Holder:
    """Adds and removes the finalizers; every write is guarded (R1) and raises `KubeError` where it fails."""

    def __init__(self, kube: Kube, objects: Mapping[str, Store], secrets: Store) -> None:
        """``objects``: the backend objects, by the plural of their kind."""
        self._kube = kube
        self._objects = objects
        self._secrets = secrets
        self._named_by: dict[Key, frozenset[tuple[str, str]]] = {}
        self._users: dict[tuple[str, str], set[Key]] = defaultdict(set)
        for store in objects.values():
            store.follow(self._note)

    def uses_secret(self, namespace: str, name: str) -> frozenset[Key]:
        """The backend objects that name a Secret."""
        return frozenset(self._users.get((namespace, name), ()))

    def _note(self, key: Key, raw: Raw | None) -> None:
        """See `store.Follower`."""
        for place in self._named_by.pop(key, ()):
            self._users[place].discard(key)
            if not self._users[place]:
                del self._users[place]
        if raw is not None:
            self._named_by[key] = _secrets(key.plural, raw)
            for place in self._named_by[key]:
                self._users[place].add(key)

    async def hold(self, key: Key, raw: Raw, backend: IdentityBackend) -> Raw:
        """Our finalizer on the backend object, unless it is there or the object is going; the newest state."""
        if names.FINALIZER in backend.metadata.finalizers or backend.metadata.deleting:
            return raw
        held = await self._add_finalizer(BACKEND_RESOURCES[key.plural], raw)
        self._objects[key.plural].put(held)
        return held

    async def hold_secrets(self, key: Key, backend: IdentityBackend) -> tuple[str, ...]:
        """Our finalizer on the Secrets in use, and off former ones; the names of the Secrets in use."""
        used = _named(backend)
        for name in used:
            raw = self._secrets.get(backend.secret_namespace, name)
            if (
                raw is not None
                and "deletionTimestamp" not in raw["metadata"]
                and names.FINALIZER not in (raw["metadata"].get("finalizers") or [])
            ):
                self._secrets.put(await self._add_finalizer(SECRETS, raw))
        for former in _held(backend):
            if former not in used:
                await self._release_secret(key, backend, former)
        return used

    async def release_secrets(self, key: Key, backend: IdentityBackend) -> None:
        """Nobody uses ``key`` any more: let its Secrets go, as far as no other backend object names them."""
        for name in dict.fromkeys((*_named(backend), *_held(backend))):
            await self._release_secret(key, backend, name)
        raw = await self._live(backend.secret_namespace, rotated_name(key.name))
        owners = raw["metadata"].get("ownerReferences") or [] if raw is not None else []
        if raw is not None and any(owner.get("uid") == key.uid for owner in owners):
            # It goes with its owner.
            await self._let_go(raw)

    async def release(self, key: Key, raw: Raw, backend: IdentityBackend) -> None:
        """Let the backend object go."""
        if names.FINALIZER in backend.metadata.finalizers:
            await self._remove_finalizer(BACKEND_RESOURCES[key.plural], raw)

    async def _release_secret(self, key: Key, backend: IdentityBackend, name: str) -> None:
        namespace = backend.secret_namespace
        if self.uses_secret(namespace, name) - {key}:
            return
        raw = self._secrets.get(namespace, name)
        if raw is None and name in _held(backend):
            # It may have lost its label, so that the watch no longer shows it.
            raw = await self._live(namespace, name)
        if raw is not None:
            await self._let_go(raw)

    async def _let_go(self, raw: Raw) -> None:
        if names.FINALIZER in (raw["metadata"].get("finalizers") or []):
            try:
                self._secrets.put(await self._remove_finalizer(SECRETS, raw))
            except KubeNotFound:
                self._secrets.drop(Key.of(SECRETS.plural, raw))

    async def _live(self, namespace: str, name: str) -> Raw | None:
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


def _secrets(plural: str, raw: Raw) -> frozenset[tuple[str, str]]:
    try:
        backend = parse_backend(plural, raw)
    except (ValidationError, KeyError):
        return frozenset()
    return frozenset((backend.secret_namespace, name) for name in _named(backend))


def _named(backend: IdentityBackend) -> tuple[str, ...]:
    """The Secrets that its spec names."""
    return tuple(dict.fromkeys(ref.name for ref in backend.spec.secret_refs))


def _held(backend: IdentityBackend) -> tuple[str, ...]:
    """The Secrets that carry its finalizer, as its status has it."""
    status = backend.status
    return tuple(ref.name for ref in (status.secret_ref, status.certificate_secret_ref) if ref is not None)
