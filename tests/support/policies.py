"""The admission policies that the chart ships, on an API server, for the operator that works there."""

import json
from typing import Any, Final

import helm
from chart_installation import Installation

from project_operator.sandbox.controlplane.plane import ControlPlane

KINDS: Final = {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}


def shipped(installation: Installation) -> list[dict[str, Any]]:
    """Policies and bindings of the chart, for the operator of ``installation``."""
    values = {"serviceAccount": {"create": False, "name": installation.service_account}}
    objects = helm.objects(helm.template(values, namespace=installation.namespace))
    return [one for one in objects if one["kind"] in KINDS]


def put(plane: ControlPlane, objects: list[dict[str, Any]]) -> None:
    """Have them on the API server; it takes a moment until they are in force."""
    _send(plane, "apply", objects)


def take_away(plane: ControlPlane, objects: list[dict[str, Any]]) -> None:
    """The opposite."""
    _send(plane, "delete", objects)


def _send(plane: ControlPlane, verb: str, objects: list[dict[str, Any]]) -> None:
    plane.kubectl(verb, "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
