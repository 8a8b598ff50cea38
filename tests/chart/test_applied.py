"""What a release is to a real API server: its pods, the rights of its ServiceAccount, applying it without Helm."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import helm
import pytest
import yaml
from chart_installation import install, only
from default_backends import EXAMPLES, backend_values, default_backend
from helm_release import HelmRelease
from waiting import wait_until

from project_operator.sandbox.controlplane.plane import ControlPlane

pytestmark = pytest.mark.needs_real

IDENTITY = "identity.project-operator.dev"


def pod_of(deployment: dict[str, Any]) -> dict[str, Any]:
    """The pod that the Deployment's controllers would make, had the control plane any."""
    template = deployment["spec"]["template"]
    metadata = {**template["metadata"], "name": "trial", "namespace": deployment["metadata"]["namespace"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


def test_its_pods_are_admitted_where_pods_must_be_restricted(control_plane: ControlPlane, release: HelmRelease) -> None:
    pods = [
        pod_of(only(release.objects, "Deployment")),
        only(helm.objects(helm.template(helm.WITHOUT_DEFINITIONS)), "Pod"),
    ]
    bundle = {"apiVersion": "v1", "kind": "List", "items": pods}
    control_plane.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(bundle))


def test_a_pod_with_one_more_right_is_not_admitted_there(control_plane: ControlPlane, release: HelmRelease) -> None:
    pod = pod_of(only(release.objects, "Deployment"))
    del pod["spec"]["containers"][0]["securityContext"]["capabilities"]
    done = control_plane.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(pod), check=False)
    assert 'violates PodSecurity "restricted' in done.stderr


def may(plane: ControlPlane, kubeconfig: Path, asked: Sequence[Mapping[str, str]]) -> list[bool]:
    """What whose kubeconfig it is may do, all asked at once."""
    reviews = [
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": dict(attributes)},
        }
        for attributes in asked
    ]
    stdin = json.dumps({"apiVersion": "v1", "kind": "List", "items": reviews})
    answered = plane.kubectl("create", "-f", "-", "--output=yaml", stdin=stdin, kubeconfig=kubeconfig).stdout
    return [one["status"]["allowed"] for one in yaml.safe_load_all(answered)]


RIGHTS = [
    ("list", "", "secrets", "project-operator", "", True),
    ("list", "", "secrets", "default", "", False),
    ("list", "", "secrets", "", "", False),
    ("delete", "", "secrets", "project-operator", "", False),
    ("create", "", "secrets", "project-operator", "", False),
    ("update", IDENTITY, "projects", "default", "", False),
    ("patch", IDENTITY, "projects", "default", "", True),
    ("create", IDENTITY, "projects", "default", "", False),
    ("delete", IDENTITY, "projects", "default", "", False),
    ("get", "apiextensions.k8s.io", "customresourcedefinitions", "", f"projects.{IDENTITY}", True),
    ("get", "apiextensions.k8s.io", "customresourcedefinitions", "", "others.example.com", False),
    ("list", "", "namespaces", "", "", True),
    ("patch", "", "namespaces", "", "", False),
    ("list", "", "pods", "project-operator", "", False),
]


def test_the_service_account_may_do_what_it_must_and_no_more(control_plane: ControlPlane, release: HelmRelease) -> None:
    fields = ("verb", "group", "resource", "namespace", "name")
    asked = [dict(zip(fields, row[:5], strict=True)) for row in RIGHTS]
    answers = may(control_plane, release.kubeconfig(), asked)
    assert [(*row[:5], answer) for row, answer in zip(RIGHTS, answers, strict=True)] == RIGHTS


def test_kubernetes_own_roles_open_our_kinds(control_plane: ControlPlane, release: HelmRelease) -> None:
    assert release.objects

    def opened() -> list[set[str]]:
        """What view, edit and admin may read and delete of ours."""
        roles = json.loads(control_plane.kubectl("get", "clusterrole", "view", "edit", "admin", "-ojson").stdout)
        ours = [[rule for rule in role["rules"] if IDENTITY in rule.get("apiGroups", [])] for role in roles["items"]]
        return [
            {
                f"{verb} {resource}"
                for rule in rules
                for verb in {"get", "delete"} & set(rule["verbs"])
                for resource in rule["resources"]
            }
            for rules in ours
        ]

    viewed = {"get projects", "get identitybackends", "get clusteridentitybackends"}
    edited = viewed | {"delete projects"}
    expected = [viewed, edited, edited | {"delete identitybackends"}]
    with suppress(AssertionError):
        wait_until(lambda: opened() == expected, "the roles to be put together", every=0.5)
    assert opened() == expected


def test_applying_it_without_helm_again_changes_nothing_and_secrets_are_read_everywhere_where_the_values_say_so(
    control_plane: ControlPlane, release: HelmRelease
) -> None:
    assert release.objects, "its definitions are served"
    values = {
        "fullnameOverride": "everywhere",
        "secrets": {"clusterWide": True},
        "crds": {"enabled": False},
        # They would hold for the other release as well, which works in the same namespaces.
        "admissionPolicies": {"deletionProtection": False, "definitions": False, "finalizers": False},
    }
    everywhere = install(control_plane, values, namespace="everywhere")
    assert may(control_plane, everywhere.kubeconfig, [{"verb": "list", "resource": "secrets"}]) == [True]
    assert "SECRET_NAMESPACES" not in everywhere.settings

    bundle = json.dumps({"apiVersion": "v1", "kind": "List", "items": everywhere.objects})

    def versions() -> list[str]:
        listed = json.loads(control_plane.kubectl("get", "-f", "-", "--output=json", stdin=bundle).stdout)
        return [f"{one['kind']} {one['metadata']['resourceVersion']}" for one in listed["items"]]

    before = versions()
    assert len(before) == len(everywhere.objects)
    control_plane.kubectl("apply", "--server-side", "-f", "-", stdin=bundle)
    assert versions() == before
    control_plane.kubectl("delete", "-f", "-", stdin=bundle)


def test_default_backends_of_every_vendor_are_taken_by_the_definitions(
    control_plane: ControlPlane, release: HelmRelease
) -> None:
    complete = yaml.safe_load((helm.CHART / "ci" / "complete-values.yaml").read_text(encoding="utf-8"))
    metadata = {"generateName": "taken-", "namespace": release.namespace}
    trials = [*(backend_values(vendor) for vendor in EXAMPLES), complete]
    bundle = [default_backend(values) | {"metadata": metadata} for values in trials]
    control_plane.kubectl("create", "--dry-run=server", "-f", "-", stdin=yaml.safe_dump_all(bundle))
