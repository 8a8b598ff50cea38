"""Accidents: what the shipped admission policies refuse, in namespaces that a scenario chooses."""

import json
from collections.abc import Iterator
from typing import Final

import helm
import pytest
from chart_installation import Installation
from objects import Object
from scenario import Scenario
from waiting import wait_until

from project_operator.api.names import GROUP
from project_operator.sandbox.controlplane.plane import ControlPlane

LABEL: Final = "policies"
POLICY_KINDS: Final = {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}


def shipped_policies(installation: Installation) -> list[Object]:
    """The chart's policies for the operator of ``installation``."""
    values = {"serviceAccount": {"create": False, "name": installation.service_account}}
    objects = helm.objects(helm.template(values, namespace=installation.namespace))
    return [one for one in objects if one["kind"] in POLICY_KINDS]


def apply(plane: ControlPlane, objects: list[Object], *, verb: str = "apply") -> None:
    bundle = {"apiVersion": "v1", "kind": "List", "items": objects}
    plane.kubectl(verb, "-f", "-", stdin=json.dumps(bundle))


@pytest.fixture(scope="session")
def policies(control_plane: ControlPlane, installation: Installation) -> list[Object]:
    """The shipped policies, in force only in namespaces with a label: other scenarios take finalizers away."""
    objects = shipped_policies(installation)
    for one in objects:
        if one["kind"] == "ValidatingAdmissionPolicyBinding":
            one["spec"]["matchResources"] = {"namespaceSelector": {"matchLabels": {LABEL: "shipped"}}}
    apply(control_plane, objects)
    return objects


@pytest.fixture
def protected(scenario: Scenario, policies: list[Object]) -> Iterator[Scenario]:
    """A scenario in whose namespace the shipped policies are in force."""
    assert policies
    probe = scenario.project("probe", backendRef={"name": "nowhere"}, suspend=True, deletionProtection=True)
    scenario.apply(probe)

    def let_through() -> bool:
        arguments = (f"--namespace={scenario.namespace}", "delete", f"projects.{GROUP}", "probe", "--dry-run=server")
        return scenario.control_plane.kubectl(*arguments, check=False).returncode == 0

    scenario.kubectl("label", "namespace", scenario.namespace, f"{LABEL}=shipped")
    wait_until(lambda: not let_through(), "the policies to be in force")
    try:
        yield scenario
    finally:
        scenario.kubectl("label", "namespace", scenario.namespace, f"{LABEL}-")
        wait_until(let_through, "the policies to be in force no more")
