"""Accidents: what the shipped admission policies refuse, in namespaces that a scenario chooses."""

from collections.abc import Iterator
from typing import Final

import policies as admission_policies
import pytest
from chart_installation import Installation
from objects import Object
from scenario import Scenario
from waiting import wait_until

from project_operator.api.names import GROUP
from project_operator.sandbox.controlplane.plane import ControlPlane

LABEL: Final = "policies"
SOMEWHERE: Final = {
    "namespaceSelector": {"matchLabels": {LABEL: "shipped"}},
    # What is in no namespace is skipped by no selector of namespaces.
    "excludeResourceRules": [
        {"apiGroups": [GROUP], "apiVersions": ["*"], "operations": ["*"], "resources": ["clusteridentitybackends"]}
    ],
}
"""Where the policies are in force."""


@pytest.fixture(scope="session")
def policies(control_plane: ControlPlane, installation: Installation) -> list[Object]:
    """The shipped policies, in force only in namespaces with a label: other scenarios take finalizers away."""
    objects = admission_policies.shipped(installation)
    for one in objects:
        if one["kind"] == "ValidatingAdmissionPolicyBinding":
            one["spec"]["matchResources"] = SOMEWHERE
    admission_policies.put(control_plane, objects)
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
