"""What the chart renders is known to the oldest and the newest Kubernetes; its definitions are the repository's."""

import copy
from typing import Any

import helm
import pytest
import yaml
from chart_installation import only
from kubernetes_schemas import complaints
from rendered_chart import BACKEND, NAMESPACE, of_kind, rendered

from project_operator.api.names import GROUP


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
