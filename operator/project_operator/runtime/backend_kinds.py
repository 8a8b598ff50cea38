"""The two kinds of backend object: same worker, same connections, another place."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from project_operator.api.v1alpha1.clusteridentitybackend import ClusterIdentityBackend
from project_operator.api.v1alpha1.identitybackend import IdentityBackend
from project_operator.kube.resources import CLUSTER_IDENTITY_BACKENDS, IDENTITY_BACKENDS, Resource
from project_operator.runtime.keys import Place

BACKEND_RESOURCES: Final[Mapping[str, Resource]] = {
    resource.plural: resource for resource in (IDENTITY_BACKENDS, CLUSTER_IDENTITY_BACKENDS)
}
"""By the plural."""

_MODELS: Final[Mapping[str, type[IdentityBackend]]] = {
    IDENTITY_BACKENDS.plural: IdentityBackend,
    CLUSTER_IDENTITY_BACKENDS.plural: ClusterIdentityBackend,
}
PLACES_KEPT: Final = 10_000
"""How many places are handed out again, rather than made anew for each of the Projects that refer to them."""
_BY_KIND: Final = {resource.kind: resource for resource in BACKEND_RESOURCES.values()}


def parse_backend(plural: str, raw: Mapping[str, Any]) -> IdentityBackend:
    """The backend object in ``raw``.

    Raises:
        pydantic.ValidationError: it does not fit the schema.
    """
    return _MODELS[plural].parse(raw)


@lru_cache(maxsize=PLACES_KEPT)
def backend_place(kind: str, name: str, namespace: str) -> Place:
    """Where the backend object is that a Project in ``namespace`` calls so; a kind that is none has no such place."""
    resource = _BY_KIND.get(kind)
    if resource is None:
        return Place(kind, namespace, name)
    return Place(resource.plural, namespace if resource.namespaced else "", name)
