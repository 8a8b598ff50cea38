"""The pods that the Deployment makes, and how many: what they run, as whom, and how they come and go."""

from typing import Any

import helm
import pytest
from chart_installation import only
from rendered_chart import NAMESPACE, deployed, environment, of_kind, rendered

import project_operator
from project_operator.settings import ENV_PREFIX, load_settings

DIGEST = "sha256:" + "0f" * 32


def test_the_pods_are_found_by_labels_that_no_value_changes(values: dict[str, Any]) -> None:
    spec = only(rendered(values), "Deployment")["spec"]
    found = {
        "app.kubernetes.io/name": values.get("nameOverride", "project-operator"),
        "app.kubernetes.io/instance": helm.RELEASE,
    }
    assert spec["selector"]["matchLabels"] == found
    assert spec["template"]["metadata"]["labels"].items() >= found.items()


@pytest.mark.parametrize("replicas", [1, 2, 3])
def test_replicas_share_the_work_and_a_new_one_is_ready_before_an_old_one_ends(replicas: int) -> None:
    objects = rendered({"replicas": replicas})
    spec = only(objects, "Deployment")["spec"]
    assert spec["replicas"] == replicas
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    assert environment({"replicas": replicas})["PROJECT_OPERATOR_LEASE_NAMESPACE"] == NAMESPACE
    matched = spec["selector"]["matchLabels"]
    spread = spec["template"]["spec"].get("topologySpreadConstraints", [])
    assert [one["labelSelector"]["matchLabels"] for one in spread] == ([matched] if replicas > 1 else [])
    budgets = of_kind(objects, "PodDisruptionBudget")
    allowed = {"maxUnavailable": 1, "unhealthyPodEvictionPolicy": "AlwaysAllow", "selector": {"matchLabels": matched}}
    assert [one["spec"] for one in budgets] == ([allowed] if replicas > 1 else [])


def test_two_replicas_unless_said_otherwise_restricted_and_with_a_read_only_root(values: dict[str, Any]) -> None:
    spec = only(rendered(values), "Deployment")["spec"]
    assert spec["replicas"] == values.get("replicas", 2)
    pod = spec["template"]["spec"]
    assert pod["enableServiceLinks"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod.get("volumes", []) == values.get("extraVolumes", [])


def test_the_user_is_the_one_of_the_image_unless_the_platform_chooses() -> None:
    assert deployed()["securityContext"]["runAsUser"] == 65532
    chosen = deployed({"podSecurityContext": {"runAsUser": None, "runAsGroup": None}})["securityContext"]
    assert chosen == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


def test_probes_name_the_port_that_the_operator_is_told_to_listen_on(values: dict[str, Any]) -> None:
    (container,) = deployed(values)["containers"]
    (port,) = container["ports"]
    assert port["name"] == "health"
    assert environment(values)["PROJECT_OPERATOR_HEALTH_PORT"] == str(port["containerPort"])
    probes = {name: container[f"{name}Probe"]["httpGet"] for name in ("liveness", "readiness", "startup")}
    assert probes == {
        "liveness": {"path": "/healthz", "port": "health"},
        "readiness": {"path": "/readyz", "port": "health"},
        "startup": {"path": "/healthz", "port": "health"},
    }


@pytest.mark.parametrize("seconds", [1, 10, 600])
def test_the_pod_outlives_the_grace_of_the_operator(seconds: int) -> None:
    values = {"shutdownGraceSeconds": seconds}
    assert environment(values)["PROJECT_OPERATOR_SHUTDOWN_GRACE"] == str(seconds)
    assert deployed(values)["terminationGracePeriodSeconds"] >= seconds + 10


def test_every_variable_is_a_setting_with_a_value_that_it_takes(
    values: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = set(load_settings().model_dump())
    for name, value in environment(values).items():
        if name.startswith(ENV_PREFIX):
            assert name.removeprefix(ENV_PREFIX).lower() in known
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.cluster_id == values.get("clusterID", "")
    assert list(settings.namespaces) == values.get("watchNamespaces", [])
    wide = values.get("secrets", {}).get("clusterWide", False)
    expected = (
        [] if wide else values.get("secrets", {}).get("namespaces") or values.get("watchNamespaces") or [NAMESPACE]
    )
    assert list(settings.secret_namespaces) == expected


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ({}, f"project-operator:{project_operator.__version__}"),
        ({"registry": "registry.example.com:5000"}, "registry.example.com:5000/project-operator:0.1.0"),
        ({"repository": "team/operator", "tag": "main"}, "team/operator:main"),
        ({"digest": DIGEST}, f"project-operator:{project_operator.__version__}@{DIGEST}"),
    ],
)
def test_the_image_is_named_by_registry_repository_tag_and_digest(image: dict[str, str], expected: str) -> None:
    assert deployed({"image": image})["containers"][0]["image"] == expected


def test_memory_is_bounded_and_the_processor_is_not_throttled() -> None:
    resources = deployed()["containers"][0]["resources"]
    assert resources["requests"].keys() == {"cpu", "memory"}
    assert resources["limits"].keys() == {"memory"}


def test_the_account_gives_its_token_to_the_operator_s_pod_alone() -> None:
    assert only(rendered(), "ServiceAccount")["automountServiceAccountToken"] is False
    assert deployed()["automountServiceAccountToken"] is True


def test_the_account_is_the_one_that_the_values_describe() -> None:
    described = {"name": "identity", "labels": {"team": "identity"}, "annotations": {"example.com/role": "identity"}}
    account = only(rendered({"serviceAccount": described}), "ServiceAccount")["metadata"]
    assert (account["name"], account["annotations"]) == ("identity", described["annotations"])
    assert account["labels"].items() >= {"team": "identity"}.items()
    elsewhere = {"create": False, "name": "theirs"}
    assert of_kind(rendered({"serviceAccount": elsewhere}), "ServiceAccount") == []
    assert deployed({"serviceAccount": elsewhere})["serviceAccountName"] == "theirs"
