"""What the chart makes of its values, without a cluster, and the parts of it that tests look at."""

import functools
from collections.abc import Iterable, Mapping
from typing import Any, Final

import helm
from chart_installation import only

NAMESPACE: Final = "identity"
"""The namespace that ci/complete-values.yaml is written for serves the others as well."""
BACKEND: Final = {
    "enabled": True,
    "nscale": {"url": "https://identity.example.com"},
    "existingSecret": {"name": "token"},
}
"""A default backend."""
FOREIGN: Final = frozenset({"project-operator-of-mine", "identity-operator-text"})
"""Names of the `extraObjects` of ci/complete-values.yaml."""


def rendered(values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """What belongs to the release: no hooks, nothing that the values hold themselves; definitions if these say so."""
    return _objects(helm.template(helm.WITHOUT_DEFINITIONS | dict(values or {}), namespace=NAMESPACE))


@functools.cache
def _objects(manifests: str) -> list[dict[str, Any]]:
    """Read once: nothing here changes them."""
    return [one for one in helm.released(manifests) if one["metadata"]["name"] not in FOREIGN]


def of_kind(objects: Iterable[dict[str, Any]], *kinds: str) -> list[dict[str, Any]]:
    return [one for one in objects if one["kind"] in kinds]


def deployed(values: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The pod's spec."""
    spec: dict[str, Any] = only(rendered(values), "Deployment")["spec"]["template"]["spec"]
    return spec


def environment(values: Mapping[str, Any] | None = None) -> dict[str, str]:
    return {variable["name"]: variable["value"] for variable in deployed(values)["containers"][0]["env"]}
