"""The chart without Helm: the base is what it renders, an overlay what it renders with values, and kubectl takes it."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import helm
import pytest
from chart_installation import only
from helm_release import HelmRelease
from waiting import wait_until

import kustomize_base
from project_operator.api.names import GROUP
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
    assert by_place(built(control_plane, ROOT / "overlays" / overlay)) == by_place(rendered)


@pytest.fixture
def without_release(control_plane: ControlPlane, release: HelmRelease) -> Iterator[ControlPlane]:
    """The release is uninstalled, and comes back in the end."""
    release.uninstall()
    try:
        yield control_plane
    finally:
        release.install()


@pytest.mark.needs_real
def test_it_is_applied_by_kubectl_alone_and_again_changes_nothing(without_release: ControlPlane) -> None:
    plane = without_release
    objects = built(plane, ROOT)
    definitions = {f"{kind}.{GROUP}" for kind in ("projects", "identitybackends", "clusteridentitybackends")}
    assert {one["metadata"]["name"] for one in objects if one["kind"] == "CustomResourceDefinition"} == definitions
    image = only(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image.startswith("registry.example.com/project-operator:")

    plane.kubectl("apply", "-k", str(ROOT))
    everything = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})

    def versions() -> list[str]:
        listed = json.loads(plane.kubectl("get", "--output=json", "-f", "-", stdin=everything).stdout)["items"]
        return [f"{one['kind']} {one['metadata']['name']} {one['metadata']['resourceVersion']}" for one in listed]

    before = versions()
    assert len(before) == len(objects)
    plane.kubectl("apply", "-k", str(ROOT))
    assert versions() == before

    mine = [one for one in objects if one["kind"] not in {"CustomResourceDefinition", "Namespace"}]
    bundle = json.dumps({"apiVersion": "v1", "kind": "List", "items": mine})
    plane.kubectl("delete", "--wait=false", "-f", "-", stdin=bundle)

    def gone() -> bool:
        return not plane.kubectl("get", "--ignore-not-found", "--output=name", "-f", "-", stdin=bundle).stdout

    wait_until(gone, "everything but the definitions to be gone", every=0.5)
