"""What the chart makes of its values, without a cluster."""

import copy
import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any

import helm
import pytest
import yaml
from chart_installation import only
from kubernetes_schemas import complaints
from rights import Right, granted

import project_operator
from project_operator.api.names import FINALIZER, GROUP
from project_operator.settings import ENV_PREFIX, load_settings

# The namespace that ci/complete-values.yaml is written for serves the others as well.
NAMESPACE = "identity"
DIGEST = "sha256:" + "0f" * 32
BACKEND = {"enabled": True, "nscale": {"url": "https://identity.example.com"}, "existingSecret": {"name": "token"}}


FOREIGN = {"project-operator-of-mine", "identity-operator-text"}
"""Names of the `extraObjects` of ci/complete-values.yaml."""


def rendered(values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """What belongs to the release: no hooks, nothing that the values hold themselves; definitions if these say so."""
    return _objects(helm.template(helm.WITHOUT_DEFINITIONS | dict(values or {}), namespace=NAMESPACE))


@functools.cache
def _objects(manifests: str) -> list[dict[str, Any]]:
    """Read once: nothing here changes them."""
    return [one for one in helm.released(manifests) if one["metadata"]["name"] not in FOREIGN]


def of_kind(objects: Iterable[dict[str, Any]], *kinds: str) -> list[dict[str, Any]]:
    return [one for one in objects if one["kind"] in kinds]


def deployed(values: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The pod's spec."""
    spec: dict[str, Any] = only(rendered(values), "Deployment")["spec"]["template"]["spec"]
    return spec


def environment(values: Mapping[str, Any] | None = None) -> dict[str, str]:
    return {variable["name"]: variable["value"] for variable in deployed(values)["containers"][0]["env"]}


def wildcards(objects: Iterable[Mapping[str, Any]]) -> list[str]:
    """Roles that grant what nobody named."""
    return [
        one["metadata"]["name"]
        for one in of_kind(map(dict, objects), "Role", "ClusterRole")
        for rule in one["rules"]
        if "*" in {*rule["verbs"], *rule["resources"], *rule["apiGroups"]} or "nonResourceURLs" in rule
    ]


def readers_of_all_secrets(objects: Iterable[Mapping[str, Any]]) -> list[str]:
    """ClusterRoles that name Secrets: bound once too often, they open every namespace."""
    return [
        one["metadata"]["name"]
        for one in of_kind(map(dict, objects), "ClusterRole")
        for rule in one["rules"]
        if "secrets" in rule["resources"]
    ]


@pytest.mark.parametrize("layer", [helm.HELM_3, helm.HELM_4], ids=["helm-3", "helm-4"])
def test_it_is_linted_without_a_complaint(values: dict[str, Any], layer: Any) -> None:
    done = helm.run("lint", "--strict", str(helm.CHART), f"--namespace={NAMESPACE}", values=values, layer=layer)
    assert done.returncode == 0, done.stdout + done.stderr


def test_helm_3_and_helm_4_make_the_same_of_it(values: dict[str, Any]) -> None:
    def objects(layer: Any) -> dict[tuple[str, str], Any]:
        found = helm.objects(helm.template(values, namespace=NAMESPACE, layer=layer))
        return {(one["kind"], f"{one['metadata'].get('namespace')}/{one['metadata']['name']}"): one for one in found}

    assert objects(helm.HELM_3) == objects(helm.HELM_4)


@pytest.mark.parametrize("version", ["1.32", "1.37"])
def test_the_oldest_and_the_newest_kubernetes_know_every_field(values: dict[str, Any], version: str) -> None:
    objects = helm.objects(helm.template(values, namespace=NAMESPACE))
    assert list(complaints(objects, version)) == []


def test_names_that_look_like_numbers_stay_names() -> None:
    digits = {"nameOverride": "12", "fullnameOverride": "1234", "priorityClassName": "5", "clusterID": "6"}
    values = {
        **digits,
        "image": {"repository": "1", "tag": "30"},
        "serviceAccount": {"name": "77"},
        "secrets": {"namespaces": ["0", "1234"]},
        "watchNamespaces": ["1234", "0"],
        "networkPolicy": {"enabled": True},
        "metrics": {"podMonitor": {"enabled": True}, "dashboard": {"enabled": True}, "renderMode": "alwaysRender"},
        "defaultBackend": BACKEND,
    }
    done = helm.run("template", "99", str(helm.CHART), "--namespace=1234", values=helm.WITHOUT_DEFINITIONS | values)
    assert done.returncode == 0, done.stderr
    objects = helm.objects(done.stdout)
    assert list(complaints(objects, "1.37")) == []
    named = [text for one in objects for text in (one["metadata"]["name"], one["metadata"].get("namespace", ""))]
    labels = [text for one in objects for text in one["metadata"]["labels"].values()]
    assert [text for text in named + labels if not isinstance(text, str)] == []


def test_a_field_that_kubernetes_does_not_know_is_seen() -> None:
    deployment = copy.deepcopy(only(rendered(), "Deployment"))
    deployment["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    (complaint,) = complaints([deployment], "1.32")
    assert "readynessProbe" in complaint


def test_the_oldest_kubernetes_is_the_one_that_the_chart_asks_for() -> None:
    chart = yaml.safe_load((helm.CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert chart["kubeVersion"] == ">=1.32.0-0"


def test_no_key_is_written_twice(values: dict[str, Any]) -> None:
    """Parsers take the last one, and say nothing."""

    class Once(yaml.CSafeLoader):
        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's own signature
            keys = [key.value for key, _ in node.value]
            assert len(keys) == len(set(keys)), f"{keys} in line {node.start_mark.line}"
            return super().construct_mapping(node, deep)

    # Without the definitions, which are long, and generated from a mapping.
    manifests = helm.template({**values, "crds": {"enabled": False}}, namespace=NAMESPACE)
    assert list(yaml.load_all(manifests, Once))


def test_no_object_is_there_twice_and_each_has_its_namespace(values: dict[str, Any]) -> None:
    objects = helm.objects(helm.template(values, namespace=NAMESPACE))
    places = [(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in objects]
    assert len(places) == len(set(places))
    cluster_wide = {"ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition"}
    cluster_wide |= {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}
    assert [place for place in places if (place[1] is None) != (place[0] in cluster_wide)] == []


def test_every_object_says_whose_it_is(values: dict[str, Any]) -> None:
    for one in rendered(values):
        labels = one["metadata"]["labels"]
        assert labels["app.kubernetes.io/name"] == values.get("nameOverride", "project-operator")
        assert labels["app.kubernetes.io/instance"] == helm.RELEASE
        assert labels["app.kubernetes.io/version"] == project_operator.__version__
        assert (
            labels.items()
            >= {
                name: value for name, value in values.get("commonLabels", {}).items() if "kubernetes.io" not in name
            }.items()
        )
        annotations = one["metadata"].get("annotations", {})
        assert annotations.items() >= values.get("commonAnnotations", {}).items()


def test_the_pods_are_found_by_labels_that_no_value_changes(values: dict[str, Any]) -> None:
    spec = only(rendered(values), "Deployment")["spec"]
    found = {
        "app.kubernetes.io/name": values.get("nameOverride", "project-operator"),
        "app.kubernetes.io/instance": helm.RELEASE,
    }
    assert spec["selector"]["matchLabels"] == found
    assert spec["template"]["metadata"]["labels"].items() >= found.items()


def test_chart_and_operator_are_of_one_version() -> None:
    chart = yaml.safe_load((helm.CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert (chart["version"], chart["appVersion"]) == (project_operator.__version__, project_operator.__version__)


def test_the_definitions_are_those_of_the_repository_and_stay_on_uninstall() -> None:
    committed = {
        definition["metadata"]["name"]: definition["spec"]
        for path in (helm.ROOT / "crds").glob(f"*.{GROUP}.yaml")
        for definition in helm.objects(path.read_text(encoding="utf-8"))
    }
    definitions = of_kind(rendered({"crds": {"enabled": True}}), "CustomResourceDefinition")
    assert {one["metadata"]["name"]: one["spec"] for one in definitions} == committed
    for one in definitions:
        assert one["metadata"]["annotations"] == {
            "helm.sh/resource-policy": "keep",
            "argocd.argoproj.io/sync-options": "ServerSideApply=true",
            "kustomize.toolkit.fluxcd.io/substitute": "disabled",
        }


def test_the_definitions_can_go_with_the_release_or_be_left_out() -> None:
    unkept = of_kind(
        rendered({"crds": {"keep": False}, "admissionPolicies": {"definitions": False}}), "CustomResourceDefinition"
    )
    assert unkept
    assert [one for one in unkept if "helm.sh/resource-policy" in one["metadata"]["annotations"]] == []
    assert of_kind(rendered({"crds": {"enabled": False}}), "CustomResourceDefinition") == []


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
    assert [(one["spec"]["selector"]["matchLabels"], one["spec"]["maxUnavailable"]) for one in budgets] == (
        [(matched, 1)] if replicas > 1 else []
    )


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
    expected = [] if wide else values.get("secrets", {}).get("namespaces") or [NAMESPACE]
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


def test_no_right_is_a_wildcard(values: dict[str, Any]) -> None:
    assert wildcards(rendered(values)) == []


LEASES = ("project-operator-leases", NAMESPACE)
"""The one role that is always of the release's namespace."""


def places(objects: list[dict[str, Any]], *kinds: str) -> list[tuple[str, str]]:
    """Name and namespace of all objects of these kinds."""
    return [(one["metadata"]["name"], one["metadata"]["namespace"]) for one in of_kind(objects, *kinds)]


def test_secrets_are_read_in_the_release_s_namespace_alone_by_default() -> None:
    objects = rendered()
    assert readers_of_all_secrets(objects) == []
    assert places(objects, "Role") == [LEASES, ("project-operator-secrets", NAMESPACE)]


def test_secrets_are_read_where_the_values_say() -> None:
    objects = rendered({"secrets": {"namespaces": ["payments", "search"]}})
    for kind in ("Role", "RoleBinding"):
        found = places(objects, kind)
        assert found == [LEASES, *(("project-operator-secrets", where) for where in ("payments", "search"))]
    everywhere = rendered({"secrets": {"clusterWide": True}})
    assert readers_of_all_secrets(everywhere) == ["project-operator-secrets"]
    assert places(everywhere, "Role", "RoleBinding") == [LEASES, LEASES]


def test_secrets_are_made_only_where_credentials_replace_themselves() -> None:
    creating = Right("", "secrets", "create")
    assert creating not in granted(rendered())
    assert creating in granted(rendered({"secrets": {"rotation": True}}))


def test_secrets_are_patched_whatever_the_values_say_and_never_updated_or_deleted() -> None:
    for rotation in (False, True):
        rights = granted(rendered({"secrets": {"rotation": rotation}}))
        verbs = {right.verb for right in rights if right.resource == "secrets"}
        assert verbs - {"create"} == {"get", "list", "watch", "patch"}


def test_rights_too_many_are_seen() -> None:
    rule = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "*"]}
    role = {"kind": "ClusterRole", "metadata": {"name": "careless"}, "rules": [rule]}
    assert wildcards([role]) == ["careless"]
    assert readers_of_all_secrets([role]) == ["careless"]


def test_with_namespaces_to_watch_no_object_of_theirs_is_open_cluster_wide() -> None:
    objects = rendered({"watchNamespaces": ["payments", "search"], "clusterBackends": {"enabled": False}})
    assert [one["metadata"]["name"] for one in of_kind(objects, "ClusterRoleBinding")] == ["project-operator-cluster"]
    (cluster,) = [one for one in of_kind(objects, "ClusterRole") if one["metadata"]["name"].endswith("-cluster")]
    assert {rule["resources"][0]: rule.get("resourceNames") for rule in cluster["rules"]} == {
        "namespaces": ["payments", "search", "kube-system"],
        "services": ["kubernetes"],
        "endpointslices": ["kubernetes"],
        "servicecidrs": None,
        "customresourcedefinitions": [f"projects.{GROUP}"],
    }
    bound = {(one["roleRef"]["name"], one["metadata"]["namespace"]) for one in of_kind(objects, "RoleBinding")}
    assert bound == {
        *((f"project-operator-{part}", where) for part in ("identity", "events") for where in ("payments", "search")),
        ("project-operator-secrets", NAMESPACE),
        LEASES,
    }


def test_cluster_backends_take_rights_in_the_whole_cluster_and_can_be_done_without() -> None:
    def resources(values: dict[str, Any]) -> set[tuple[str, str]]:
        return {(right.resource, right.verb) for right in granted(rendered(values))}

    more = resources({}) - resources({"clusterBackends": {"enabled": False}})
    assert more == {
        *(("clusteridentitybackends", verb) for verb in ("get", "list", "watch", "patch")),
        ("clusteridentitybackends/status", "patch"),
        *(("namespaces", verb) for verb in ("list", "watch")),
    }
    assert environment({"clusterBackends": {"enabled": False}})["PROJECT_OPERATOR_CLUSTER_BACKENDS"] == "false"


def test_people_get_rights_by_kubernetes_own_roles_and_the_operator_none_of_them() -> None:
    label = "rbac.authorization.k8s.io/aggregate-to-"

    def aggregated(values: dict[str, Any]) -> dict[str, set[str]]:
        """The role of Kubernetes, and what is written by those who have it."""
        return {
            name.removeprefix(label): {
                resource for rule in role["rules"] if "delete" in rule["verbs"] for resource in rule["resources"]
            }
            for role in of_kind(rendered(values), "ClusterRole")
            for name in role["metadata"]["labels"]
            if name.startswith(label)
        }

    assert aggregated({}) == {"view": set(), "edit": {"projects"}, "admin": {"projects", "identitybackends"}}
    for value, role in {"aggregateToView": "view", "aggregateToEdit": "edit", "aggregateToAdmin": "admin"}.items():
        assert aggregated({}).keys() - aggregated({"rbac": {value: False}}).keys() == {role}
    bound = {one["roleRef"]["name"] for one in of_kind(rendered(), "RoleBinding", "ClusterRoleBinding")}
    assert bound.isdisjoint(f"project-operator-{who}" for who in ("viewer", "editor", "admin"))


def test_prometheus_finds_the_port_by_its_name_either_way_and_nothing_where_it_has_no_such_kind() -> None:
    def monitors(values: dict[str, Any], served: tuple[str, ...] = helm.MONITORING) -> list[dict[str, Any]]:
        objects = helm.objects(
            helm.template(helm.WITHOUT_DEFINITIONS | {"metrics": values}, namespace=NAMESPACE, served=served)
        )
        return of_kind(objects, "PodMonitor", "ServiceMonitor")

    objects = rendered()
    (pod_monitor,) = monitors({"podMonitor": {"enabled": True}})
    (service_monitor,) = monitors({"serviceMonitor": {"enabled": True}})
    (port,) = only(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]["ports"]
    (service_port,) = only(objects, "Service")["spec"]["ports"]
    assert pod_monitor["spec"]["podMetricsEndpoints"] == [{"port": port["name"], "path": "/metrics"}]
    assert service_monitor["spec"]["endpoints"] == [{"port": service_port["name"], "path": "/metrics"}]
    assert service_port["targetPort"] == port["name"]
    selected = only(objects, "Deployment")["spec"]["selector"]["matchLabels"]
    assert pod_monitor["spec"]["selector"]["matchLabels"] == selected
    assert only(objects, "Service")["spec"]["selector"] == selected
    assert (
        service_monitor["spec"]["selector"]["matchLabels"].items()
        <= only(objects, "Service")["metadata"]["labels"].items()
    )
    assert monitors({"podMonitor": {"enabled": True}}, ()) == []
    assert len(monitors({"podMonitor": {"enabled": True}, "renderMode": "alwaysRender"}, ())) == 1


def test_the_network_policy_lets_in_scrapers_and_the_test_and_out_what_the_operator_calls() -> None:
    assert of_kind(rendered(), "NetworkPolicy") == []
    scrapers = [{"podSelector": {"matchLabels": {"app": "prometheus"}}}]
    policy = {"enabled": True, "scrapers": scrapers, "ports": [5000]}
    objects = helm.objects(helm.template(helm.WITHOUT_DEFINITIONS | {"networkPolicy": policy}))
    spec = only(objects, "NetworkPolicy")["spec"]
    (way_in,) = spec["ingress"]
    test = only(objects, "Pod")["metadata"]["labels"]
    assert way_in["ports"] == [{"port": "health", "protocol": "TCP"}]
    assert [one for one in way_in["from"] if one in scrapers] == scrapers
    assert any(one["podSelector"]["matchLabels"].items() <= test.items() for one in way_in["from"])
    ports = {(one["port"], one["protocol"]) for rule in spec["egress"] for one in rule["ports"]}
    assert ports == {(53, "UDP"), (53, "TCP"), (5353, "UDP"), (5353, "TCP"), (5000, "TCP")}
    assert not spec["podSelector"]["matchLabels"].items() <= test.items()


def test_the_release_can_be_tested_by_a_pod_that_nothing_takes_for_the_operator() -> None:
    objects = helm.objects(helm.template(helm.WITHOUT_DEFINITIONS, namespace=NAMESPACE))
    pod, service = only(objects, "Pod"), only(objects, "Service")
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    (container,) = pod["spec"]["containers"]
    host, port, _ = container["args"]
    assert (host, port) == (f"{service['metadata']['name']}.{NAMESPACE}.svc", str(service["spec"]["ports"][0]["port"]))
    assert not service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    assert container["securityContext"] == deployed()["containers"][0]["securityContext"]


def test_everything_can_be_in_another_namespace_than_the_release() -> None:
    objects = rendered({"namespaceOverride": "elsewhere", "defaultBackend": BACKEND})
    assert {one["metadata"].get("namespace") for one in objects} == {None, "elsewhere"}
    subjects = {one["subjects"][0]["namespace"] for one in of_kind(objects, "RoleBinding", "ClusterRoleBinding")}
    assert subjects == {"elsewhere"}


def test_ranges_that_the_values_name_are_not_read_and_nodes_only_when_asked() -> None:
    def resources(**addresses: Any) -> set[str]:
        return {right.resource for right in granted(rendered({"outgoingAddresses": addresses}))}

    assert "servicecidrs" in resources()
    assert "servicecidrs" not in resources(serviceRanges=["10.96.0.0/12"])
    assert "nodes" not in resources()
    assert "nodes" in resources(readNodes=True)
    variables = environment({"outgoingAddresses": {"allowed": ["10.96.0.7/32", "fd00::7/128"]}})
    assert variables["PROJECT_OPERATOR_ALLOWED_ADDRESSES"] == "10.96.0.7/32,fd00::7/128"


def test_the_documented_rights_are_those_that_are_granted() -> None:
    page = (helm.ROOT / "docs" / "how-to" / "install.md").read_text(encoding="utf-8")
    table = page.split("## What the operator may do")[1].split("\n## ")[0]
    rows = [line.split("|")[1:4] for line in table.splitlines() if re.search(r"^\|.*`(get|list|patch)`", line)]
    documented = {
        Right(group.strip(" `").replace("core", ""), resource, verb)
        for group, resources, verbs in rows
        for resource in re.findall(r"`([^`]+)`", resources)
        for verb in re.findall(r"`([^`]+)`", verbs)
    }
    assert documented == granted(rendered())


def test_every_binding_is_of_a_role_that_is_there_to_the_account_of_the_pod(values: dict[str, Any]) -> None:
    objects = rendered(values)
    account = {
        "kind": "ServiceAccount",
        "name": only(objects, "Deployment")["spec"]["template"]["spec"]["serviceAccountName"],
        "namespace": NAMESPACE,
    }
    roles = {(one["kind"], one["metadata"]["name"]) for one in of_kind(objects, "Role", "ClusterRole")}
    for binding in of_kind(objects, "RoleBinding", "ClusterRoleBinding"):
        assert (binding["roleRef"]["kind"], binding["roleRef"]["name"]) in roles
        assert binding["subjects"] == [account]


def test_the_account_gives_its_token_to_the_operator_s_pod_alone() -> None:
    assert only(rendered(), "ServiceAccount")["automountServiceAccountToken"] is False
    assert deployed()["automountServiceAccountToken"] is True


def test_the_default_backend_stays_on_uninstall_and_holds_no_credential() -> None:
    backend = only(rendered({"defaultBackend": BACKEND}), "IdentityBackend")
    assert (backend["metadata"]["name"], backend["metadata"]["namespace"]) == ("default", NAMESPACE)
    assert backend["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert FINALIZER not in backend["metadata"].get("finalizers", [])
    assert backend["spec"] == {
        "nscale": {
            "url": "https://identity.example.com",
            "auth": {"serviceAccountToken": {"secretRef": {"name": "token"}}},
        }
    }
    assert load_settings().default_backend == backend["metadata"]["name"]


def test_there_is_neither_a_backend_nor_a_secret_unless_asked_for(values: dict[str, Any]) -> None:
    wanted = values.get("defaultBackend", {}).get("enabled", False)
    assert len(of_kind(rendered(values), "IdentityBackend")) == int(wanted)
    assert of_kind(rendered(values), "Secret") == []
