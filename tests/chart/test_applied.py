"""The chart on a real API server, applied as `helm template | kubectl apply --server-side` does it."""

import json
from typing import Any

import helm
import pytest
import yaml
from chart_installation import Installation, install, only

from project_operator.sandbox.controlplane.plane import ControlPlane

pytestmark = pytest.mark.needs_real


@pytest.fixture(scope="module")
def installation(control_plane: ControlPlane) -> Installation:
    return install(control_plane)


def pod_of(deployment: dict[str, Any]) -> dict[str, Any]:
    """The pod that the Deployment's controllers would make, had the control plane any."""
    template = deployment["spec"]["template"]
    metadata = {**template["metadata"], "name": "trial", "namespace": deployment["metadata"]["namespace"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


def test_applying_again_changes_nothing(control_plane: ControlPlane, installation: Installation) -> None:
    def versions() -> list[str]:
        kinds = (
            "crd,clusterrole,clusterrolebinding,role,rolebinding,serviceaccount,deployment,"
            "poddisruptionbudget,validatingadmissionpolicy,validatingadmissionpolicybinding"
        )
        label = "app.kubernetes.io/instance=project-operator"
        listed = control_plane.kubectl("get", kinds, "--all-namespaces", f"--selector={label}", "-o", "json").stdout
        return [f"{one['kind']} {one['metadata']['resourceVersion']}" for one in json.loads(listed)["items"]]

    before = versions()
    assert len(before) == len(installation.objects)
    install(control_plane)
    assert versions() == before


def test_the_pod_is_admitted_where_pods_must_be_restricted(
    control_plane: ControlPlane, installation: Installation
) -> None:
    pod = pod_of(only(installation.objects, "Deployment"))
    control_plane.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(pod))


def test_a_pod_with_one_more_right_is_not_admitted_there(
    control_plane: ControlPlane, installation: Installation
) -> None:
    pod = pod_of(only(installation.objects, "Deployment"))
    del pod["spec"]["containers"][0]["securityContext"]["capabilities"]
    done = control_plane.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(pod), check=False)
    assert 'violates PodSecurity "restricted' in done.stderr


@pytest.mark.parametrize(
    ("verb", "resource", "where", "allowed"),
    [
        ("list", "secrets", "--namespace=project-operator", True),
        ("list", "secrets", "--namespace=default", False),
        ("list", "secrets", "--all-namespaces", False),
        ("delete", "secrets", "--namespace=project-operator", False),
        ("create", "secrets", "--namespace=project-operator", False),
        ("update", "projects.identity.project-operator.dev", "--namespace=default", False),
        ("patch", "projects.identity.project-operator.dev", "--namespace=default", True),
        ("delete", "projects.identity.project-operator.dev", "--namespace=default", False),
        ("get", "customresourcedefinitions/projects.identity.project-operator.dev", "", True),
        ("get", "customresourcedefinitions/others.example.com", "", False),
        ("list", "namespaces", "", True),
        ("patch", "namespaces", "", False),
        ("list", "pods", "--namespace=project-operator", False),
    ],
)
def test_the_service_account_may_do_what_it_must_and_no_more(
    control_plane: ControlPlane, installation: Installation, verb: str, resource: str, where: str, *, allowed: bool
) -> None:
    ask = ["auth", "can-i", verb, resource, *([where] if where else [])]
    answer = control_plane.kubectl(*ask, kubeconfig=installation.kubeconfig, check=False).stdout.strip()
    assert answer == ("yes" if allowed else "no")


def test_secrets_everywhere_are_readable_where_the_values_say_so(control_plane: ControlPlane) -> None:
    namespace = "everywhere"
    values = {"fullnameOverride": "everywhere", "secrets": {"clusterWide": True}, "crds": {"enabled": False}}
    everywhere = install(control_plane, values, namespace=namespace)
    ask = ("auth", "can-i", "list", "secrets", "--all-namespaces")
    assert control_plane.kubectl(*ask, kubeconfig=everywhere.kubeconfig).stdout.strip() == "yes"
    assert "SECRET_NAMESPACES" not in everywhere.settings


def test_a_default_backend_is_taken_by_the_definitions(control_plane: ControlPlane, installation: Installation) -> None:
    values = yaml.safe_load((helm.CHART / "ci" / "complete-values.yaml").read_text(encoding="utf-8"))
    rendered = helm.objects(helm.template(values, namespace="identity"))
    backend = only(rendered, "IdentityBackend") | {"metadata": {"name": "default", "namespace": installation.namespace}}
    control_plane.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(backend))
