"""What `make test-kind` does before the first scenario, as far as it can be judged without a container engine."""

import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import helm
import in_kind
import pytest
from chart_installation import only
from operator_process import QUICK

from project_operator.sandbox.identity.hosts import HOST_VARIABLE, LOOPBACK, default_host
from project_operator.sandbox.identity.tls import TLSFiles

NETWORKS = json.dumps(
    [{"IPAM": {"Config": [{"Subnet": "fc00::/64"}, {"Subnet": "172.18.0.0/16", "Gateway": "172.18.0.1"}]}}]
)


@dataclass
class Cluster:
    """pytest-kind's, as far as it is used."""

    loaded: list[str] = field(default_factory=list)

    def load_docker_image(self, image: str) -> None:
        self.loaded.append(image)


def test_this_machine_is_the_gateway_of_kinds_network() -> None:
    assert in_kind.gateway(NETWORKS) == "172.18.0.1"
    with pytest.raises(AssertionError, match="no IPv4 gateway"):
        in_kind.gateway('[{"IPAM": {"Config": [{"Gateway": "fc00::1"}]}}]')


def test_the_image_is_built_from_the_dockerfile_and_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, docker = tmp_path / "asked", tmp_path / "docker"
    docker.write_text(f'#!/bin/sh\necho "$@" >> {asked}\n[ "$1" = build ] || echo \'{NETWORKS}\'\n', encoding="utf-8")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv(HOST_VARIABLE, "")

    cluster = Cluster()
    assert in_kind.prepare(cluster) == "172.18.0.1" == default_host()

    assert cluster.loaded == [in_kind.IMAGE]
    build, inspect = asked.read_text(encoding="utf-8").splitlines()
    found = re.fullmatch(rf"build --file (\S+) --tag {in_kind.IMAGE} (\S+)", build)
    assert found is not None
    assert Path(found[1]).is_file()
    assert Path(found[2]) == helm.ROOT
    assert inspect == "network inspect kind"


def test_an_image_that_cannot_be_built_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    cluster = Cluster()
    with pytest.raises(subprocess.CalledProcessError):
        in_kind.prepare(cluster)
    assert cluster.loaded == []


def test_the_chart_takes_the_values_and_its_pods_run_that_image() -> None:
    besides = {"secrets": {"clusterWide": True, "rotation": True}, "outgoingAddresses": {"readNodes": True}}
    objects = helm.objects(helm.template(in_kind.values(besides, "172.18.0.1")))
    (container,) = only(objects, "Deployment")["spec"]["template"]["spec"]["containers"]
    assert (container["image"], container["imagePullPolicy"]) == (in_kind.IMAGE, "Never")
    names = [variable["name"] for variable in container["env"]]
    assert len(names) == len(set(names))
    environment = {one["name"].removeprefix("PROJECT_OPERATOR_"): one.get("value") for one in container["env"]}
    assert environment["ALLOWED_ADDRESSES"] == "172.18.0.1/32"
    assert environment["READ_NODES"] == environment["ALLOW_HTTP"] == "true"
    assert environment["RESYNC_INTERVAL"] == QUICK["RESYNC_INTERVAL"]
    assert environment["LEASE_NAMESPACE"] == helm.NAMESPACE


def chosen(monkeypatch: pytest.MonkeyPatch, **option: str) -> Any:
    config: Any = SimpleNamespace(option=SimpleNamespace(**({"kind_image": None, "kind_bin": None} | option)))
    monkeypatch.setenv("KIND_DOWNLOAD_URL", "")
    monkeypatch.delenv("KIND_DOWNLOAD_URL")
    monkeypatch.setenv("PATH", "")
    in_kind.configure(config)
    return config.option


def test_kind_and_its_node_are_new_enough_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    option = chosen(monkeypatch)
    assert re.search(r"kindest/node:v1\.3[2-9]\.\d+@sha256:[0-9a-f]{64}$", option.kind_image)
    assert in_kind.VERSION in option.kind_bin
    assert f"/{in_kind.VERSION}/kind-" in os.environ["KIND_DOWNLOAD_URL"]
    told = chosen(monkeypatch, kind_image="kindest/node:v1.37.0", kind_bin="/opt/kind")
    assert (told.kind_image, told.kind_bin) == ("kindest/node:v1.37.0", "/opt/kind")


def test_identity_servers_listen_on_loopback_unless_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(HOST_VARIABLE, raising=False)
    assert default_host() == LOOPBACK
    monkeypatch.setenv(HOST_VARIABLE, "172.18.0.1")
    assert default_host() == "172.18.0.1"
    assert "BEGIN CERTIFICATE" in TLSFiles.make(tmp_path).ca_bundle
