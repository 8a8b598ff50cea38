"""What the chart renders is sound: for Helm 3 and 4, without doubles, and each object says whose it is."""

from typing import Any

import helm
import pytest
import yaml
from rendered_chart import BACKEND, NAMESPACE, of_kind, rendered

import project_operator


@pytest.mark.parametrize("layer", [helm.HELM_3, helm.HELM_4], ids=["helm-3", "helm-4"])
def test_it_is_linted_without_a_complaint(values: dict[str, Any], layer: Any) -> None:
    done = helm.run("lint", "--strict", str(helm.CHART), f"--namespace={NAMESPACE}", values=values, layer=layer)
    assert done.returncode == 0, done.stdout + done.stderr


def test_helm_3_and_helm_4_make_the_same_of_it(values: dict[str, Any]) -> None:
    def objects(layer: Any) -> dict[tuple[str, str], Any]:
        found = helm.objects(helm.template(values, namespace=NAMESPACE, layer=layer))
        return {(one["kind"], f"{one['metadata'].get('namespace')}/{one['metadata']['name']}"): one for one in found}

    assert objects(helm.HELM_3) == objects(helm.HELM_4)


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


def test_everything_can_be_in_another_namespace_than_the_release() -> None:
    objects = rendered({"namespaceOverride": "elsewhere", "defaultBackend": BACKEND})
    assert {one["metadata"].get("namespace") for one in objects} == {None, "elsewhere"}
    subjects = {one["subjects"][0]["namespace"] for one in of_kind(objects, "RoleBinding", "ClusterRoleBinding")}
    assert subjects == {"elsewhere"}


def test_chart_and_operator_are_of_one_version() -> None:
    chart = yaml.safe_load((helm.CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert (chart["version"], chart["appVersion"]) == (project_operator.__version__, project_operator.__version__)


def test_objects_of_ones_own_belong_to_the_release_and_their_templates_are_rendered() -> None:
    complete = yaml.safe_load((helm.CHART / "ci" / "complete-values.yaml").read_text(encoding="utf-8"))
    values = {name: complete[name] for name in ("extraObjects", "fullnameOverride", "namespaceOverride")}
    objects = helm.released(helm.template(helm.WITHOUT_DEFINITIONS | values))
    found = [one["metadata"] for one in objects if one["kind"] == "ConfigMap"]
    assert [(one["name"], one["namespace"]) for one in found] == [
        ("project-operator-of-mine", "identity"),
        ("identity-operator-text", "identity"),
    ]
