"""The operator in a cluster made by kind: its image built and loaded, the chart installed, and the work done by pods.

`pytest --kind` asks for it. kind itself comes from PATH or is fetched, by pytest-kind-ng. The embedded identity servers
listen where pods reach this machine: at the gateway of kind's network.
"""

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

import pytest
from objects import Objects
from operator_process import QUICK, OperatorProcess

from project_operator.sandbox.controlplane.plane import ControlPlane
from project_operator.sandbox.identity.hosts import HOST_VARIABLE
from project_operator.settings import ENV_PREFIX

ROOT: Final = Path(__file__).resolve().parents[2]
VERSION: Final = "v0.32.0"
NODE: Final = "kindest/node:v1.36.1@sha256:3489c7674813ba5d8b1a9977baea8a6e553784dab7b84759d1014dbd78f7ebd5"
"""Kubernetes in one image, as that version of kind names it."""
IMAGE: Final = "project-operator:under-test"
NETWORK: Final = "kind"
DEPLOYMENT: Final = "deployment/project-operator"
SELECTOR: Final = "--selector=app.kubernetes.io/name=project-operator"
WITHIN: Final = "--timeout=100s"
BUILT_WITHIN: Final = 1800.0
PODS_OWN: Final = frozenset({"ALLOWED_ADDRESSES", "LEASE_NAMESPACE", "HEALTH_ADDRESS", "HEALTH_PORT", "SHUTDOWN_GRACE"})
"""Settings of a process beside the cluster that the chart has values for."""
TAKEN_OVER_QUICKLY: Final = {"LEASE_DURATION": "6"}
"""Pods share the work by Leases, and those of killed ones run out before the next begin."""


def configure(config: pytest.Config) -> None:
    """Choose kind and node image for pytest-kind, whose own are of a Kubernetes that is too old, unless told."""
    if not config.option.kind_image:
        config.option.kind_image = NODE
    if config.option.kind_bin:
        return
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    name = f"{platform.system().lower()}-{machine}"
    releases = "https://github.com/kubernetes-sigs/kind/releases/download"
    os.environ.setdefault("KIND_DOWNLOAD_URL", f"{releases}/{VERSION}/kind-{name}")
    config.option.kind_bin = shutil.which("kind") or str(ROOT / ".pytest-kind" / f"kind-{VERSION}-{name}")


def prepare(cluster: Any) -> str:
    """Build the image and load it into ``cluster`` (pytest-kind's); the address at which its pods reach this machine,
    where identity servers listen from now on.
    """
    dockerfile = ROOT / "deploy" / "image" / "Dockerfile"
    command = ["docker", "build", "--file", str(dockerfile), "--tag", IMAGE, str(ROOT)]
    subprocess.run(command, check=True, timeout=BUILT_WITHIN)
    cluster.load_docker_image(IMAGE)
    networks = subprocess.run(["docker", "network", "inspect", NETWORK], check=True, capture_output=True, text=True)
    os.environ[HOST_VARIABLE] = gateway(networks.stdout)
    return os.environ[HOST_VARIABLE]


def gateway(networks: str) -> str:
    """The IPv4 gateway in what `docker network inspect` says: this machine, as containers see it."""
    (network,) = json.loads(networks)
    found = [one["Gateway"] for one in network["IPAM"]["Config"] if "." in one.get("Gateway", "")]
    assert found, f"the Docker network '{NETWORK}' has no IPv4 gateway: {networks}"
    return str(found[0])


def values(values_besides: Mapping[str, Any], address: str) -> dict[str, Any]:
    """The chart's values for pods that run our image and reach identity servers at ``address``."""
    addresses = {**values_besides.get("outgoingAddresses", {}), "allowed": [f"{address}/32"]}
    settings = {name: value for name, value in QUICK.items() if name not in PODS_OWN} | TAKEN_OVER_QUICKLY
    environment = [{"name": f"{ENV_PREFIX}{name}", "value": value} for name, value in settings.items()]
    repository, tag = IMAGE.split(":")
    return {
        **values_besides,
        "image": {"repository": repository, "tag": tag, "pullPolicy": "Never"},
        "outgoingAddresses": addresses,
        "shutdownGraceSeconds": int(QUICK["SHUTDOWN_GRACE"]),
        "extraEnv": environment,
    }


class OperatorPods(OperatorProcess):
    """The chart's Deployment, as far as scenarios act on the operator and look at it."""

    def __init__(self, control_plane: ControlPlane, namespace: str) -> None:
        self._control_plane = control_plane
        self._namespace = namespace
        self._objects = Objects(control_plane.kubeconfig, namespace)
        self._replicas = self._kubectl("get", DEPLOYMENT, "--output=jsonpath={.spec.replicas}")
        self._said_before_kills = ""

    def kill(self) -> None:
        """End every pod, and let none follow. A cluster sends SIGTERM before SIGKILL: at least a second lies between,
        which is less than an orderly end takes.
        """
        self._said_before_kills = self.log
        self._kubectl("scale", DEPLOYMENT, "--replicas=0")
        # Then nothing follows what is deleted.
        self._kubectl("rollout", "status", DEPLOYMENT, WITHIN)
        self._kubectl("delete", "pods", SELECTOR, "--grace-period=1", WITHIN)
        self._kubectl("wait", "pods", SELECTOR, "--for=delete", WITHIN)

    def start(self) -> None:
        """Let as many pods begin as there were."""
        self._kubectl("scale", DEPLOYMENT, f"--replicas={self._replicas}")

    def stop(self) -> int:
        """Nothing: the pods go with the cluster."""
        self._objects.close()
        return 0

    def wait_ready(self) -> Self:
        """Return once every replica is ready."""
        self._kubectl("rollout", "status", DEPLOYMENT, WITHIN)
        return self

    @property
    def running(self) -> bool:
        """Whether a replica is ready."""
        ready = self._kubectl("get", DEPLOYMENT, "--output=jsonpath={.status.readyReplicas}")
        return int(ready or 0) > 0

    def page(self, path: str) -> str:
        """What each pod answers, one after another, through the API server's proxy; nothing of those that do not listen
        yet.
        """
        pods = self._kubectl("get", "pods", SELECTOR, "--output=jsonpath={.items[*].metadata.name}").split()
        return "".join(self._objects.page_of_pod(pod, path) for pod in pods)

    @property
    def log(self) -> str:
        """All that the pods have said, those that were killed included."""
        return self._said_before_kills + self._kubectl("logs", SELECTOR, "--prefix", "--tail=-1")

    def last_lines(self, count: int = 60) -> str:
        """The end of it."""
        return "\n".join(self.log.splitlines()[-count:])

    def _kubectl(self, *arguments: str) -> str:
        return self._control_plane.kubectl(f"--namespace={self._namespace}", *arguments).stdout
