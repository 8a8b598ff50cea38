"""Every value of the Deployment arrives where it belongs: a row for each, over ci/complete-values.yaml."""

import copy
from collections.abc import Iterable, Mapping
from typing import Any, Final

import helm
import pytest
import yaml
from chart_installation import only

NAMESPACE: Final = "of-the-release"
POD: Final = "spec.template.spec"
CONTAINER: Final = f"{POD}.containers.operator"
IMAGE: Final = (
    "registry.example.com:5000/platform/project-operator:1"
    "@sha256:3f5c8c0a1d2e4b6f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f7"
)


def variable(name: str) -> str:
    """The place of an operator's setting."""
    return f"{CONTAINER}.env.PROJECT_OPERATOR_{name}.value"


TABLE: Final[dict[str, tuple[str, Any]]] = {
    "nameOverride": ("spec.selector.matchLabels.[app.kubernetes.io/name]", "operator"),
    "fullnameOverride": ("metadata.name", "identity-operator"),
    "namespaceOverride": ("metadata.namespace", "identity"),
    "commonLabels": ("spec.template.metadata.labels.team", "platform"),
    "commonAnnotations": ("spec.template.metadata.annotations.[example.com/owner]", "platform"),
    "image.registry": (f"{CONTAINER}.image", IMAGE),
    "image.repository": (f"{CONTAINER}.image", IMAGE),
    "image.tag": (f"{CONTAINER}.image", IMAGE),
    "image.digest": (f"{CONTAINER}.image", IMAGE),
    "image.pullPolicy": (f"{CONTAINER}.imagePullPolicy", "Always"),
    "imagePullSecrets": (f"{POD}.imagePullSecrets", [{"name": "registry"}]),
    "replicas": ("spec.replicas", 3),
    "clusterID": (variable("CLUSTER_ID"), "production-eu"),
    "restore": (variable("RESTORE"), "true"),
    "otherClusters": (variable("OTHER_CLUSTERS"), "staging-eu,sha256:0123456789abcdef"),
    "watchNamespaces": (variable("NAMESPACES"), "identity,payments"),
    "clusterBackends.enabled": (variable("CLUSTER_BACKENDS"), "false"),
    "outgoingAddresses.allowed": (variable("ALLOWED_ADDRESSES"), "10.96.12.7/32"),
    "outgoingAddresses.denied": (variable("DENIED_ADDRESSES"), "192.0.2.0/24,2001:db8::/32"),
    "outgoingAddresses.serviceRanges": (variable("SERVICE_RANGES"), "10.96.0.0/12"),
    "outgoingAddresses.podRanges": (variable("POD_RANGES"), "10.244.0.0/16,fd00:10:244::/56"),
    "outgoingAddresses.readNodes": (variable("READ_NODES"), "true"),
    "secrets.namespaces": (variable("SECRET_NAMESPACES"), "identity,payments"),
    "logLevel": (variable("LOG_LEVEL"), "debug"),
    "shutdownGraceSeconds": (f"{POD}.terminationGracePeriodSeconds", 55),
    "extraEnv": (variable("WORKERS"), "64"),
    "extraEnvFrom": (f"{CONTAINER}.envFrom", [{"configMapRef": {"name": "settings", "optional": True}}]),
    "extraVolumes": (f"{POD}.volumes", [{"name": "certificates", "configMap": {"name": "certificates"}}]),
    "extraVolumeMounts": (
        f"{CONTAINER}.volumeMounts",
        [{"name": "certificates", "mountPath": "/etc/ssl/certs", "readOnly": True}],
    ),
    "serviceAccount.name": (f"{POD}.serviceAccountName", "identity"),
    "health.port": (f"{CONTAINER}.ports", [{"name": "health", "containerPort": 9090, "protocol": "TCP"}]),
    "health.address": (variable("HEALTH_ADDRESS"), "::"),
    "resources": (
        f"{CONTAINER}.resources",
        {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}},
    ),
    "podSecurityContext": (
        f"{POD}.securityContext",
        {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    ),
    "deploymentAnnotations": ("metadata.annotations.[example.com/reload]", "true"),
    "podAnnotations": ("spec.template.metadata.annotations.[example.com/scrape]", "true"),
    "podLabels": ("spec.template.metadata.labels.network", "egress"),
    "nodeSelector": (f"{POD}.nodeSelector", {"kubernetes.io/os": "linux"}),
    "tolerations": (f"{POD}.tolerations", [{"key": "dedicated", "operator": "Exists"}]),
    "affinity": (
        f"{POD}.affinity",
        {
            "nodeAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [
                    {
                        "weight": 1,
                        "preference": {
                            "matchExpressions": [{"key": "node-role.kubernetes.io/infra", "operator": "Exists"}]
                        },
                    }
                ]
            }
        },
    ),
    "topologySpreadConstraints": (
        f"{POD}.topologySpreadConstraints",
        [
            {
                "maxSkew": 1,
                "topologyKey": "topology.kubernetes.io/zone",
                "whenUnsatisfiable": "DoNotSchedule",
                "labelSelector": {"matchLabels": {"app.kubernetes.io/name": "operator"}},
            }
        ],
    ),
    "priorityClassName": (f"{POD}.priorityClassName", "system-cluster-critical"),
}
"""Value, its place in the Deployment, and what is there. A list whose items have names is entered by a name."""
ALSO: Final[list[tuple[str, Any]]] = [
    (variable("LEASE_NAMESPACE"), "identity"),
    (variable("SHUTDOWN_GRACE"), "45"),
    (variable("HEALTH_PORT"), "9090"),
    (f"{CONTAINER}.env.SSL_CERT_DIR.value", "/etc/ssl/certs"),
    ("metadata.labels.team", "platform"),
    ("metadata.annotations.[example.com/owner]", "platform"),
]
"""Second places of values of the table."""
ELSEWHERE: Final = {
    *("admissionPolicies", "crds", "defaultBackend", "extraObjects", "metrics", "networkPolicy"),
    *("podDisruptionBudget", "rbac"),
    *("secrets.clusterWide", "secrets.rotation", "serviceAccount.create", "serviceAccount.labels"),
    "serviceAccount.annotations",
}
"""Values that the Deployment has nothing of, but for secrets.clusterWide, by which a variable is left out."""


def found(deployment: Mapping[str, Any], path: Iterable[str]) -> Any:
    """What the steps lead to, or None."""
    here: Any = deployment
    for step in path:
        here = named(here, step) if isinstance(here, list) else (here or {}).get(step)
    return here


def steps(place: str) -> list[str]:
    """`a.[b.c/d].e` as its three steps."""
    head, bracket, tail = place.partition(".[")
    return [*head.split("."), tail.removesuffix("]")] if bracket else head.split(".")


def named(items: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
    return next((one for one in items if one["name"] == name), None)


def lost(deployment: Mapping[str, Any]) -> list[str]:
    """The places where there is something else than the values say."""
    return [place for place, content in [*TABLE.values(), *ALSO] if found(deployment, steps(place)) != content]


def rendered(values: Mapping[str, Any]) -> dict[str, Any]:
    return only(helm.objects(helm.template(helm.WITHOUT_DEFINITIONS | dict(values), namespace=NAMESPACE)), "Deployment")


@pytest.fixture(scope="module")
def deployment() -> dict[str, Any]:
    return rendered(yaml.safe_load((helm.CHART / "ci" / "complete-values.yaml").read_text(encoding="utf-8")))


def test_every_value_of_the_deployment_is_at_its_place(deployment: dict[str, Any]) -> None:
    assert lost(deployment) == []


def test_no_row_holds_by_default() -> None:
    assert lost(rendered({})) == [place for place, _ in [*TABLE.values(), *ALSO]]


def test_a_value_that_is_lost_is_seen_wherever_it_belongs(deployment: dict[str, Any]) -> None:
    for place, _ in [*TABLE.values(), *ALSO]:
        without = copy.deepcopy(deployment)
        *above, last = steps(place)
        del found(without, above)[last]
        assert place in lost(without)


def test_every_value_has_a_row_or_belongs_elsewhere() -> None:
    def covered(values: Mapping[str, Any], path: str = "") -> list[str]:
        """The values that have neither, looked for as deep as must be."""
        missing = []
        for name, value in values.items():
            below = f"{path}{name}"
            if below not in TABLE.keys() | ELSEWHERE:
                missing += covered(value, f"{below}.") if isinstance(value, dict) and value else [below]
        return missing

    assert covered(yaml.safe_load((helm.CHART / "values.yaml").read_text(encoding="utf-8"))) == []
