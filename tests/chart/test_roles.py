"""What the release grants: to the operator, where, and to people."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import helm
from chart_installation import only
from rendered_chart import NAMESPACE, environment, of_kind, rendered
from rights import Right, granted

from project_operator.api.names import GROUP


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
    watched = places(rendered({"watchNamespaces": ["payments", "search"]}), "Role")
    assert watched == [LEASES, *(("project-operator-secrets", where) for where in ("payments", "search"))]
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
        "customresourcedefinitions": [
            f"{plural}.{GROUP}" for plural in ("projects", "identitybackends", "clusteridentitybackends")
        ],
    }
    bound = {(one["roleRef"]["name"], one["metadata"]["namespace"]) for one in of_kind(objects, "RoleBinding")}
    assert bound == {
        *(
            (f"project-operator-{part}", where)
            for part in ("identity", "events", "secrets")
            for where in ("payments", "search")
        ),
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
