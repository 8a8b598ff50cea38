"""The life of a release on a real API server: installed, upgraded, uninstalled, installed again."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import helm
import pytest
from chart_installation import restricted_namespace

from project_operator.sandbox.controlplane.plane import ControlPlane

pytestmark = pytest.mark.needs_real

VALUES: dict[str, Any] = {
    "defaultBackend": {
        "enabled": True,
        "nscale": {"url": "https://identity.example.com"},
        "existingSecret": {"name": "token"},
    }
}


EARLY = VALUES | {"crds": {"enabled": False}}


@dataclass(frozen=True)
class DryRun:
    """What Helm would apply, as it says with the cluster in view."""

    hooks: str
    manifest: str


def dry_run(plane: ControlPlane) -> DryRun:
    """Of a release without definitions."""
    command = ("install", "early", str(helm.CHART), "--namespace=default", "--dry-run=server")
    done = helm.run(*command, kubeconfig=plane.kubeconfig, values=EARLY)
    assert done.returncode == 0, done.stderr
    return DryRun(*done.stdout.split("HOOKS:")[1].split("MANIFEST:"))


@pytest.fixture(scope="module")
def own_control_plane() -> Iterator[ControlPlane]:
    """One of which no other test knows."""
    with ControlPlane.start() as control_plane:
        control_plane.kubectl("apply", "-f", "-", stdin=json.dumps(restricted_namespace(helm.NAMESPACE)))
        yield control_plane


@pytest.fixture(scope="module", autouse=True)
def before_the_definitions(own_control_plane: ControlPlane) -> DryRun:
    """On the control plane as it is at first, without definitions."""
    return dry_run(own_control_plane)


def release(
    plane: ControlPlane, values: dict[str, Any], name: str = helm.RELEASE, namespace: str = helm.NAMESPACE
) -> subprocess.CompletedProcess[str]:
    """`helm upgrade --install`, as the documentation has it but for `--wait`: there is nobody here to run the pod."""
    command = ("upgrade", "--install", name, str(helm.CHART), f"--namespace={namespace}")
    return helm.run(*command, kubeconfig=plane.kubeconfig, values=values)


def accepted(plane: ControlPlane) -> str:
    """Release it and return what Helm says. Without `--wait` the definitions may not be served yet when the default
    backend follows them; then the same command again does it."""
    first = release(plane, VALUES)
    if first.returncode == 0:
        return first.stdout
    assert "ensure CRDs are installed first" in first.stderr
    plane.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
    second = release(plane, VALUES)
    assert second.returncode == 0, second.stderr
    return second.stdout


def backend(plane: ControlPlane) -> dict[str, Any]:
    command = ("get", "ibackend/default", f"--namespace={helm.NAMESPACE}", "--output=json")
    found: dict[str, Any] = json.loads(plane.kubectl(*command).stdout)
    return found


def left(plane: ControlPlane) -> set[str]:
    """What carries the release's label."""
    kinds = "crd,ibackend,clusterrole,clusterrolebinding,role,rolebinding,serviceaccount,deployment"
    label = f"--selector=app.kubernetes.io/instance={helm.RELEASE}"
    said = plane.kubectl("get", kinds, "--all-namespaces", label, "--output=name").stdout
    return set(said.split())


def test_a_release_lives_with_its_definitions_and_leaves_what_holds_projects(own_control_plane: ControlPlane) -> None:
    plane = own_control_plane
    accepted(plane)
    uid = backend(plane)["metadata"]["uid"]

    longer = VALUES | {"defaultBackend": {**VALUES["defaultBackend"], "spec": {"interval": "30s"}}}
    upgraded = release(plane, longer)
    assert upgraded.returncode == 0, upgraded.stderr
    assert backend(plane)["spec"]["interval"] == "30s"
    assert backend(plane)["metadata"]["uid"] == uid

    gone = helm.run("uninstall", helm.RELEASE, f"--namespace={helm.NAMESPACE}", kubeconfig=plane.kubeconfig)
    assert gone.returncode == 0, gone.stderr
    kept = {
        "customresourcedefinition.apiextensions.k8s.io/clusteridentitybackends.identity.project-operator.dev",
        "customresourcedefinition.apiextensions.k8s.io/identitybackends.identity.project-operator.dev",
        "customresourcedefinition.apiextensions.k8s.io/projects.identity.project-operator.dev",
        "identitybackend.identity.project-operator.dev/default",
    }
    assert left(plane) == kept
    assert all(name.rsplit("/", 1)[-1] in gone.stdout for name in kept)

    again = release(plane, VALUES)
    assert again.returncode == 0, again.stderr
    assert backend(plane)["metadata"]["uid"] == uid
    assert len(left(plane)) > len(kept)


def test_before_its_definition_is_served_the_default_backend_comes_last_and_is_taken_over_by_the_next_upgrade(
    own_control_plane: ControlPlane, before_the_definitions: DryRun
) -> None:
    """Helm looks every kind up before it creates anything, and would refuse the whole release otherwise."""
    assert [one["kind"] for one in helm.objects(before_the_definitions.hooks)] == ["IdentityBackend"]
    assert "kind: IdentityBackend" not in before_the_definitions.manifest

    accepted(own_control_plane)
    later = dry_run(own_control_plane)
    assert helm.objects(later.hooks) == []
    assert "kind: IdentityBackend" in later.manifest

    own_control_plane.kubectl("create", "-f", "-", stdin=before_the_definitions.hooks)
    upgraded = release(own_control_plane, EARLY, "early", "default")
    assert upgraded.returncode == 0, upgraded.stderr


def test_the_notes_name_the_next_step_and_a_project_that_the_definitions_take(own_control_plane: ControlPlane) -> None:
    notes = accepted(own_control_plane)
    assert "It reads Secrets in: project-operator" in notes
    project = notes.split("<<EOF\n")[1].split("\nEOF")[0]
    own_control_plane.kubectl("create", "--dry-run=server", "-f", "-", stdin=project)
