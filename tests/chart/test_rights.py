"""The operator as the chart's ServiceAccount: it is refused nothing, and is given nothing that it does not use."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import pytest
import yaml
from chart_installation import Installation, install
from operator_process import QUICK, OperatorProcess
from rights import Right, granted, refused, requests
from scenario import PROMPT, SECRET, Scenario, condition
from waiting import wait_until

from project_operator.api import names
from project_operator.kube.resources import SECRETS
from project_operator.sandbox.controlplane.plane import ControlPlane
from project_operator.sandbox.identity.nscale.embedded import EmbeddedIdentityServer

pytestmark = pytest.mark.needs_real


EXEMPT: Final = {
    Right("identity.project-operator.dev", "projects", "get"): "after a write that met a conflict or got no answer",
    Right("identity.project-operator.dev", "identitybackends", "get"): "likewise",
    Right("identity.project-operator.dev", "clusteridentitybackends", "get"): "likewise",
    Right("coordination.k8s.io", "leases", "delete"): "when a replica ends, and when a backend object is gone",
    Right("events.k8s.io", "events", "patch"): "counts what is said a second time within the hour",
}
"""Rights that the operator has for what does not happen in a good life, and why it has them."""


@dataclass(frozen=True)
class Life:
    """A scenario in the release's namespace, with the chart's default backend."""

    scenario: Scenario
    installation: Installation

    @property
    def refused(self) -> list[str]:
        """What the operator tried and may not do."""
        return refused(self.scenario.control_plane.audit_log, self.installation.user)

    @property
    def used(self) -> set[Right]:
        """The rights that it has used. What is not found was allowed too."""
        log = self.scenario.control_plane.audit_log
        return {right for right, code, _ in requests(log, self.installation.user) if code != HTTPStatus.FORBIDDEN}


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """On a control plane of its own: its audit log tells of nothing else, and its rights may be taken away."""
    log = tmp_path_factory.mktemp("operator") / "operator.log"
    with ControlPlane.start() as control_plane, EmbeddedIdentityServer(PROMPT) as identity:
        installation = install(
            control_plane,
            {
                "defaultBackend": {
                    "enabled": True,
                    "nscale": {"url": identity.url, "organization": {"id": identity.organization_id}},
                    "existingSecret": {"name": SECRET},
                    "spec": {"interval": "1s", "timeout": "1s", "consistency": {"readLag": "300ms"}},
                }
            },
        )
        # The pace and the addresses of a test; everything else is what the Deployment says.
        settings = installation.settings | QUICK | {"LEASE_NAMESPACE": installation.namespace}
        with OperatorProcess(installation.kubeconfig, log, settings) as operator:
            operator.wait_ready()
            scenario = Scenario(control_plane, operator, None, "rights", installation.namespace, identity)
            yield Life(scenario, installation)
            scenario.objects.close()


def finalizers(scenario: Scenario) -> list[str]:
    """Who holds the Secret."""
    secret = scenario.objects.find(SECRETS, SECRET)
    assert secret is not None
    held: list[str] = secret["metadata"].get("finalizers", [])
    return held


def test_a_project_lives_and_dies_within_the_rights_of_the_chart(life: Life) -> None:
    scenario = life.scenario
    backend = scenario.wait_for("False", "SecretNotFound", "default", kind="IdentityBackend")
    assert "credentials" in condition(backend, "Ready")["message"]
    scenario.apply_secret(SECRET)
    scenario.wait_ready("default", kind="IdentityBackend")

    scenario.apply_project()
    scenario.wait_ready()
    scenario.wait_for_event("Succeeded")
    scenario.delete()
    scenario.wait_gone()

    shared = scenario.namespace
    scenario.apply(scenario.cluster_backend(), scenario.tenant("tenant"))
    scenario.wait_ready("tenant")
    scenario.delete("tenant")
    scenario.wait_gone("tenant")
    scenario.delete(shared, "ClusterIdentityBackend")
    scenario.wait_gone(shared, "ClusterIdentityBackend")

    assert finalizers(scenario) == [names.FINALIZER]
    scenario.delete("default", "IdentityBackend")
    scenario.wait_gone("default", "IdentityBackend")
    assert finalizers(scenario) == []

    assert life.refused == []
    rights = granted(life.installation.objects)
    assert rights - life.used - EXEMPT.keys() == set(), "granted, and neither used nor exempt"
    assert EXEMPT.keys() - rights == set(), "exempt, and not granted"


def test_a_secret_in_another_namespace_is_not_read(life: Life) -> None:
    scenario = life.scenario
    control_plane = scenario.control_plane
    documents = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "elsewhere"}},
        scenario.secret() | {"metadata": {**scenario.secret()["metadata"], "namespace": "elsewhere"}},
        scenario.backend() | {"metadata": {"name": "default", "namespace": "elsewhere"}},
    ]
    control_plane.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(documents))
    reason = 'jsonpath={.status.conditions[?(@.type=="Ready")].reason}=SecretNotFound'
    control_plane.kubectl("wait", "--namespace=elsewhere", f"--for={reason}", "ibackend/default", "--timeout=20s")

    found = json.loads(control_plane.kubectl("get", "ibackend/default", "--namespace=elsewhere", "-ojson").stdout)
    ready = condition(found, "Ready")
    assert ready["reason"] == "SecretNotFound"
    assert "may not be read by the operator" in ready["message"]
    assert "`secrets.namespaces` name 'elsewhere'" in ready["message"]
    assert set(life.refused) == {f"get /api/v1/namespaces/elsewhere/secrets/{SECRET}"}


def test_a_right_that_is_missing_is_found(life: Life) -> None:
    """The broken twin: without the right to write a status, the same life is refused something."""
    scenario = life.scenario
    rules = [{"apiGroups": [names.GROUP], "resources": ["projects"], "verbs": ["get", "list", "watch", "patch"]}]
    patch = json.dumps({"rules": rules})
    role = "clusterrole/project-operator-identity"
    scenario.control_plane.kubectl("patch", role, "--type=merge", f"--patch={patch}")

    scenario.apply_project("hapless")

    def look() -> bool:
        return any(one.startswith("patch ") and "/hapless/status" in one for one in life.refused)

    wait_until(look, "the refusal to be in the audit log")
