"""The chart without Helm: the base is what it renders, an overlay what it renders with values, and kubectl takes it."""

import copy
from pathlib import Path
from typing import Any, Final

import helm
import pytest
from kubernetes_schemas import complaints

import kustomize_base
from project_operator.sandbox.controlplane.plane import ControlPlane

ROOT: Final = helm.ROOT / "deploy" / "kustomize"
OVERLAYS: Final[dict[str, dict[str, Any]]] = {
    "openshift": {"podSecurityContext": {"runAsUser": None, "runAsGroup": None}},
    "one-replica": {"replicas": 1},
    "secrets-everywhere": {"secrets": {"clusterWide": True}},
}
"""The values of the chart that an overlay stands for."""


def test_the_base_is_what_the_chart_renders() -> None:
    assert kustomize_base.stale(kustomize_base.render(helm.template(kustomize_base.VALUES, served=()))) == []


def by_place(objects: list[dict[str, Any]]) -> dict[tuple[str, str, str], dict[str, Any]]:
    """The objects without what is Helm's, by kind, namespace and name, but for definitions and the namespace."""
    return {
        (one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]): kustomize_base.without_helm(one)
        for one in copy.deepcopy(objects)
        if one["kind"] not in {"CustomResourceDefinition", "Namespace"}
    }


def built(control_plane: ControlPlane, folder: Path) -> list[dict[str, Any]]:
    return helm.objects(control_plane.kubectl("kustomize", str(folder)).stdout)


def test_there_is_an_overlay_for_every_values_that_are_compared() -> None:
    assert {path.name for path in (ROOT / "overlays").iterdir()} == OVERLAYS.keys()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_is_the_chart_with_its_values(control_plane: ControlPlane, overlay: str) -> None:
    rendered = helm.released(helm.template({**kustomize_base.VALUES, **OVERLAYS[overlay]}, served=()))
    objects = built(control_plane, ROOT / "overlays" / overlay)
    assert by_place(objects) == by_place(rendered)
    plain = [one for one in objects if one["kind"] != "CustomResourceDefinition"]
    assert {one["kind"] for one in plain} >= {"Namespace", "Deployment", "ClusterRole", "ServiceAccount"}
    assert [complaint for version in ("1.32", "1.37") for complaint in complaints(plain, version)] == []
