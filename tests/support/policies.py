"""The admission policies that the chart ships, on an API server, for the operator that works there."""

import json
from typing import Any, Final

import helm
from chart_installation import Installation
from waiting import wait_until

from project_operator.api.crd import crd_name
from project_operator.api.kinds import KINDS
from project_operator.sandbox.controlplane.plane import ControlPlane

POLICY_KINDS: Final = {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}


def shipped(installation: Installation) -> list[dict[str, Any]]:
    """Policies and bindings of the chart, for the operator of ``installation``."""
    values = {"serviceAccount": {"create": False, "name": installation.service_account}}
    objects = helm.objects(helm.template(values, namespace=installation.namespace))
    return [one for one in objects if one["kind"] in POLICY_KINDS]


def put(plane: ControlPlane, objects: list[dict[str, Any]]) -> None:
    """Have them on the API server, in force: our definitions, which have to be there, may not be removed."""
    _send(plane, "apply", objects)
    trial = ("delete", "crd", crd_name(KINDS[0]), "--dry-run=server")
    wait_until(lambda: plane.kubectl(*trial, check=False).returncode, "the policies to be in force")


def take_away(plane: ControlPlane, objects: list[dict[str, Any]]) -> None:
    """The opposite."""
    _send(plane, "delete", objects)


def _send(plane: ControlPlane, verb: str, objects: list[dict[str, Any]]) -> None:
    plane.kubectl(verb, "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
