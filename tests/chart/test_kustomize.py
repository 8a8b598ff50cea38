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
    rendered = kustomize_base.render(helm.template(kustomize_base.VALUES, served=()))
    assert {path.name: path.read_text(encoding="utf-8") for path in kustomize_base.BASE.iterdir()} == rendered


def test_a_file_of_a_template_that_is_gone_is_to_be_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone.yaml").touch()
    monkeypatch.setattr(kustomize_base, "BASE", tmp_path)
    monkeypatch.setattr(helm, "template", lambda *_, **__: "")
    rendered = kustomize_base.rendered()
    assert [path.name for path, text in rendered.items() if text is None] == ["gone.yaml"]
    assert len(rendered) > 1


def test_without_helm_the_base_is_left_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(helm, "template", lambda *_, **__: pytest.skip("needs helm"))
    assert kustomize_base.rendered() == {}
    assert capsys.readouterr().err == "deploy/kustomize/base is left as it is: needs helm\n"


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
