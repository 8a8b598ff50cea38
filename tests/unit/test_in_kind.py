"""What `make test-kind` does before the first scenario, as far as it can be judged without a container engine."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import helm
import in_kind
import pytest
from chart_installation import only
from operator_process import QUICK, OperatorProcess
from rogue_server import RogueServer
from waiting import WITHIN

from project_operator.sandbox.controlplane.plane import _KUBECTL_WITHIN, ControlPlane
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
    deployment = only(objects, "Deployment")
    assert f"deployment/{deployment['metadata']['name']}" == in_kind.DEPLOYMENT
    label, _, value = in_kind.SELECTOR.removeprefix("--selector=").partition("=")
    assert deployment["spec"]["selector"]["matchLabels"][label] == value
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["ports"][0]["name"] == "health", "the API server's proxy takes the first port"
    assert (container["image"], container["imagePullPolicy"]) == (in_kind.IMAGE, "Never")
    names = [variable["name"] for variable in container["env"]]
    assert len(names) == len(set(names))
    environment = {one["name"].removeprefix("PROJECT_OPERATOR_"): one.get("value") for one in container["env"]}
    assert environment["ALLOWED_ADDRESSES"] == "172.18.0.1/32"
    assert environment["READ_NODES"] == environment["ALLOW_HTTP"] == "true"
    assert environment["RESYNC_INTERVAL"] == QUICK["RESYNC_INTERVAL"]
    assert environment["LEASE_NAMESPACE"] == helm.NAMESPACE
    assert int(environment["LEASE_DURATION"]) < WITHIN / 3


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


# The scale is what was asked for last; every pod of it is ready at once.
KUBECTL = """#!/bin/sh
cd "$(dirname "$0")" && echo "$@" >> asked
case "$*" in
*jsonpath={.spec.replicas}*|*jsonpath={.status.readyReplicas}*) printf %s "$(tail -n 1 scales)" ;;
*jsonpath={.items*) printf 'operator-a operator-b' ;;
*" scale "*) echo "${4#--replicas=}" >> scales ;;
*" logs "*) echo "of the pods since $(wc -l < scales | tr -d ' ')" ;;
esac
"""
API_SERVER_STATUS = json.dumps({"kind": "Status", "reason": "ServiceUnavailable", "message": "no endpoints available"})


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[ControlPlane]:
    """A cluster where the chart has two pods, as far as kubectl says."""
    (tmp_path / "scales").write_text("2\n", encoding="utf-8")
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(KUBECTL, encoding="utf-8")
    kubectl.chmod(0o755)
    with ControlPlane.attach(kubeconfig(tmp_path, "http://127.0.0.1:9"), kubectl) as plane:
        yield plane


def kubeconfig(folder: Path, server: str) -> Path:
    named: dict[str, Any] = {"name": "c", "context": {"cluster": "c", "user": "c"}, "cluster": {"server": server}}
    document = {"contexts": [named], "clusters": [named], "users": [{"name": "c", "user": {}}], "current-context": "c"}
    file = folder / "kubeconfig"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def test_pods_are_killed_and_started_by_the_scale_and_wait_for_each_other(plane: ControlPlane, tmp_path: Path) -> None:
    with in_kind.OperatorPods(plane, "operators") as pods:
        assert pods.wait_ready().running
        begun = len((tmp_path / "asked").read_text(encoding="utf-8").splitlines())

        pods.kill()
        assert not pods.running
        pods.start()
        assert pods.wait_ready().running

        assert pods.log == "of the pods since 1\nof the pods since 3\n", "what killed pods said is kept"
        assert pods.last_lines(1) == "of the pods since 3"
        assert pods.stop() == 0
    asked = [line.split() for line in (tmp_path / "asked").read_text(encoding="utf-8").splitlines()[begun:]]
    assert {words[0] for words in asked} == {"--namespace=operators"}
    verbs = [words[1] for words in asked if words[1] not in ("get", "logs")]
    # Nothing is deleted before it is known that nothing follows, and the next begin when all of it is gone.
    assert verbs == ["scale", "rollout", "delete", "wait", "scale", "rollout"]
    timeouts = [word.partition("=")[2] for words in asked for word in words if word.startswith("--timeout")]
    assert all(int(seconds.rstrip("s")) < _KUBECTL_WITHIN for seconds in timeouts), "kubectl itself says what it missed"


@pytest.mark.parametrize(
    ("answer", "content_type", "said"),
    [
        ("[-]watch projects: no\nreadyz failed\n", "text/plain", "[-]watch projects: no\nreadyz failed\n"),
        (API_SERVER_STATUS, "application/json", ""),
    ],
)
def test_a_page_of_the_pods_comes_through_the_api_server(
    plane: ControlPlane, tmp_path: Path, answer: str, content_type: str, said: str
) -> None:
    with RogueServer(503, answer.encode(), {"Content-Type": content_type}) as server:
        kubeconfig(tmp_path, server.url)
        with in_kind.OperatorPods(plane, "operators") as pods:
            assert pods.readyz() == 2 * said
    pod = "/api/v1/namespaces/operators/pods/operator"
    assert server.paths == [f"{pod}-a/proxy/readyz", f"{pod}-b/proxy/readyz"]


def test_whatever_a_scenario_does_with_the_operator_works_with_pods() -> None:
    own = {name for name in vars(in_kind.OperatorPods) if not name.startswith("_")}
    of_a_process = {name for name in vars(OperatorProcess) if not name.startswith("_")}
    by_others = {"readyz"}  # asks for a page
    in_no_pod = {"signal"}  # scenarios that skip there, and say why
    texts = [path.read_text(encoding="utf-8") for path in (helm.ROOT / "tests" / "scenarios").rglob("*.py")]
    used = {name for text in texts for name in re.findall(r"\boperator\.(\w+)", text)} & of_a_process
    assert used >= {"kill", "start", "wait_ready", "readyz", "log"}, "this looks at the scenarios"
    assert used - own - by_others == in_no_pod


def test_a_server_that_means_harm_is_where_pods_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOST_VARIABLE, "localhost")
    with RogueServer(200) as server:
        assert server.url.startswith("http://localhost:")
