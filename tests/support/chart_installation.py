"""The chart on an API server: applied as `helm template | kubectl apply` does it, and used as its ServiceAccount.

The embedded control plane runs no pods. What the Deployment would run is started as a process instead, with the
Deployment's own settings and the ServiceAccount's token: ``install(control_plane)`` gives both.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import helm

from project_operator.sandbox.controlplane.plane import ControlPlane
from project_operator.settings import ENV_PREFIX


@dataclass(frozen=True)
class Installation:
    """A chart that was applied."""

    namespace: str
    service_account: str
    kubeconfig: Path
    """Of the chart's ServiceAccount: RBAC holds for whoever uses it."""
    settings: dict[str, str]
    """What the Deployment sets for its container, without the prefix of the operator's settings."""
    objects: list[dict[str, Any]]
    """Everything that was applied."""

    @property
    def user(self) -> str:
        """Who the operator is in the audit log."""
        return f"system:serviceaccount:{self.namespace}:{self.service_account}"


def install(
    control_plane: ControlPlane, values: Mapping[str, Any] | None = None, *, namespace: str = helm.NAMESPACE
) -> Installation:
    """Apply the chart with ``values`` into ``namespace``, which enforces restricted pods; may be done again."""
    objects = helm.released(helm.template(values, namespace=namespace))
    definitions = [one for one in objects if one["kind"] == "CustomResourceDefinition"]
    _apply(control_plane, [restricted_namespace(namespace), *definitions])
    if definitions:
        control_plane.wait_established(*(definition["metadata"]["name"] for definition in definitions))
    _apply(control_plane, [one for one in objects if one not in definitions])
    pod = only(objects, "Deployment")["spec"]["template"]["spec"]
    return Installation(
        namespace=namespace,
        service_account=pod["serviceAccountName"],
        kubeconfig=control_plane.service_account_kubeconfig(namespace, pod["serviceAccountName"]),
        settings={
            variable["name"].removeprefix(ENV_PREFIX): variable["value"] for variable in pod["containers"][0]["env"]
        },
        objects=objects,
    )


def restricted_namespace(name: str) -> dict[str, Any]:
    """A namespace in which pods must keep to the restricted Pod Security Standard."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def only(objects: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    """The one object of a kind."""
    (found,) = (one for one in objects if one["kind"] == kind)
    return found


def _apply(control_plane: ControlPlane, objects: list[dict[str, Any]]) -> None:
    bundle = {"apiVersion": "v1", "kind": "List", "items": objects}
    control_plane.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(bundle))
