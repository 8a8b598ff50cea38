"""The embedded control plane, for real."""

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane import plane as plane_module
from project_operator.sandbox.controlplane.embedded import CONTROLLERS
from project_operator.sandbox.controlplane.plane import ControlPlane
from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.controlplane.search import Options

pytestmark = pytest.mark.needs_real

WIDGETS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"kind": "Widget", "plural": "widgets", "singular": "widget"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "size": {
                                "type": "integer",
                                "x-kubernetes-validations": [{"rule": "self % 2 == 0", "message": "must be even"}],
                            }
                        },
                    }
                },
            }
        ],
    },
}


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def namespace(control_plane: ControlPlane, request: pytest.FixtureRequest) -> Iterator[str]:
    name = request.node.name.replace("_", "-")[:60].strip("-")
    control_plane.kubectl("create", "namespace", name)
    yield name
    control_plane.kubectl("delete", "namespace", name, "--wait=false")


def test_it_is_the_version_it_says(control_plane: ControlPlane) -> None:
    version = json.loads(control_plane.kubectl("version", "--output=json").stdout)
    assert version["serverVersion"]["gitVersion"] == control_plane.version
    server, client = (int(version[which]["minor"].rstrip("+")) for which in ("serverVersion", "clientVersion"))
    assert abs(server - client) <= 1


def test_a_service_account_may_do_what_rbac_says_and_nothing_else(control_plane: ControlPlane, namespace: str) -> None:
    control_plane.kubectl("create", "serviceaccount", "reader", f"--namespace={namespace}")
    control_plane.kubectl("create", "role", "r", "--verb=list", "--resource=configmaps", f"--namespace={namespace}")
    subject = f"--serviceaccount={namespace}:reader"
    control_plane.kubectl("create", "rolebinding", "b", "--role=r", subject, f"--namespace={namespace}")
    reader = control_plane.service_account_kubeconfig(namespace, "reader")
    control_plane.kubectl("get", "configmaps", kubeconfig=reader)
    with pytest.raises(SandboxError, match=f"serviceaccount:{namespace}:reader.*cannot list resource .secrets"):
        control_plane.kubectl("get", "secrets", kubeconfig=reader)


def test_cel_rules_are_enforced(control_plane: ControlPlane, namespace: str) -> None:
    control_plane.kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump(WIDGETS))
    control_plane.wait_established("widgets.example.com")
    metadata = {"name": "one", "namespace": namespace}
    odd = yaml.safe_dump({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": metadata, "size": 3})
    until(lambda: "widgets" in control_plane.kubectl("api-resources", "--api-group=example.com", check=False).stdout)
    with pytest.raises(SandboxError, match="must be even"):
        control_plane.kubectl("apply", "-f", "-", stdin=odd)


def test_requests_are_in_the_audit_log_with_their_user_and_without_bodies(
    control_plane: ControlPlane, namespace: str
) -> None:
    control_plane.kubectl("create", "secret", "generic", "s", "--from-literal=k=hunter2", f"--namespace={namespace}")
    text = control_plane.audit_log.read_text()
    events = [json.loads(line) for line in text.splitlines()]
    (created,) = [
        event
        for event in events
        if event["verb"] == "create"
        and event.get("objectRef", {}).get("resource") == "secrets"
        and event["objectRef"].get("namespace") == namespace
    ]
    assert created["user"]["username"] == "sandbox-administrator"
    assert created["responseStatus"]["code"] == 201
    assert "hunter2" not in text
    assert "aHVudGVyMg" not in text


def test_a_deleted_namespace_goes_with_what_is_in_it(control_plane: ControlPlane) -> None:
    control_plane.kubectl("create", "namespace", "short-lived")
    control_plane.kubectl("create", "configmap", "c", "--namespace=short-lived")
    control_plane.kubectl("delete", "namespace", "short-lived", "--timeout=60s")
    assert control_plane.kubectl("get", "namespace", "short-lived", check=False).returncode == 1


def test_owner_references_have_consequences(control_plane: ControlPlane, namespace: str) -> None:
    where = f"--namespace={namespace}"
    control_plane.kubectl("create", "configmap", "owner", where)
    uid = control_plane.kubectl("get", "configmap", "owner", where, "--output=jsonpath={.metadata.uid}").stdout
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid}
    metadata = {"name": "owned", "namespace": namespace, "ownerReferences": [owner]}
    owned = yaml.safe_dump({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    control_plane.kubectl("apply", "-f", "-", stdin=owned)
    control_plane.kubectl("delete", "configmap", "owner", where)
    until(lambda: control_plane.kubectl("get", "configmap", "owned", where, check=False).returncode != 0)


def test_the_aggregated_roles_hold_rules(control_plane: ControlPlane) -> None:
    def rules() -> str:
        return control_plane.kubectl("get", "clusterrole", "view", "--output=jsonpath={.rules}").stdout

    assert "clusterrole-aggregation-controller" in CONTROLLERS
    until(lambda: "configmaps" in rules())


def test_what_kubectl_refuses_is_an_error_with_its_words(control_plane: ControlPlane) -> None:
    with pytest.raises(SandboxError, match=r"`kubectl get nonsense` failed \(1\): error: the server doesn't have"):
        control_plane.kubectl("get", "nonsense")


def test_processes_belong_to_one_user_and_listen_on_loopback_alone(control_plane: ControlPlane) -> None:
    listening = subprocess.run(["ss", "-H", "-t", "-l", "-n", "-p"], check=False, capture_output=True, text=True)
    if listening.returncode != 0:
        pytest.skip("ss is not installed")
    ours = [line for line in listening.stdout.splitlines() if "kube-apiserver" in line or '"etcd"' in line]
    assert control_plane.version
    assert ours
    assert all(line.split()[3].startswith("127.0.0.1:") for line in ours)


@pytest.mark.whole
def test_the_api_server_alone_can_be_killed_and_started_again() -> None:
    with ControlPlane.start(report=Report(io.StringIO())) as own:
        own.kubectl("create", "configmap", "kept")
        own.kill_apiserver()
        assert own.kubectl("get", "configmaps", check=False).returncode != 0
        own.start_apiserver()
        own.kubectl("get", "configmap", "kept")
        own.check()
        folder = own.folder
    assert not folder.exists()
    own.stop()


def test_when_the_owner_is_killed_everything_ends_and_the_next_start_sweeps(tmp_path: Path) -> None:
    code = (
        "import io, sys, time\n"
        "from project_operator.sandbox.controlplane.plane import ControlPlane\n"
        "from project_operator.sandbox.controlplane.report import Report\n"
        "plane = ControlPlane.start(report=Report(io.StringIO()))\n"
        "print(plane.folder, flush=True); time.sleep(600)"
    )
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)}
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environ)
    assert owner.stdout is not None
    folder = owner.stdout.readline().strip()
    owner.stdout.close()
    assert folder
    assert _commands_with(folder)
    owner.kill()
    owner.wait()
    until(lambda: not _commands_with(folder))
    assert Path(folder).exists()
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    plane_module._sweep()
    monkeypatch.undo()
    assert not Path(folder).exists()


def _commands_with(folder: str) -> list[str]:
    listing = subprocess.run(["ps", "-A", "-ww", "-o", "args="], check=True, capture_output=True, text=True).stdout
    return [line for line in listing.splitlines() if folder in line]


def test_a_cluster_we_did_not_start_is_used_when_it_is_named_expendable(control_plane: ControlPlane) -> None:
    options = Options(kubeconfig=control_plane.kubeconfig, expendable="project-operator-sandbox")
    with ControlPlane.start(options, report=Report(io.StringIO())) as attached:
        assert attached.version == control_plane.version
        with pytest.raises(SandboxError, match="a cluster we did not start writes no audit log"):
            attached.audit_log.read_text()
    control_plane.kubectl("get", "--raw", "/readyz")


def test_a_cluster_that_is_not_named_expendable_is_refused(control_plane: ControlPlane) -> None:
    options = Options(kubeconfig=control_plane.kubeconfig)
    with pytest.raises(SandboxError, match="add --expendable project-operator-sandbox"):
        ControlPlane.start(options, report=Report(io.StringIO()))
