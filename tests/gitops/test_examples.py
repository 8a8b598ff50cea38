"""The examples for Argo CD and Flux: objects of ours are valid, and what they lean on is there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from argo_cd import ROOT

from project_operator.api.kinds import KINDS
from project_operator.api.names import API_VERSION

ARGO = ROOT / "deploy" / "argocd"
FLUX = ROOT / "deploy" / "flux"
FIELDS = yaml.safe_load((ROOT / "tests" / "gitops" / "fields.yaml").read_text(encoding="utf-8"))
WAVE = "argocd.argoproj.io/sync-wave"
BY_FILE = pytest.mark.parametrize(
    "path", [*ARGO.glob("*.yaml"), *FLUX.glob("*.yaml")], ids=lambda path: f"{path.parent.name}-{path.stem}"
)


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def named(path: Path) -> dict[str, dict[str, Any]]:
    return {document["metadata"]["name"]: document for document in documents(path)}


@BY_FILE
def test_objects_of_ours_are_valid(path: Path) -> None:
    models = {kind.kind: kind.model for kind in KINDS}
    for document in documents(path):
        if document.get("apiVersion") == API_VERSION:
            models[document["kind"]].model_validate(document)


def unknown(value: Any, fields: dict[str, list[str]], path: str = "spec") -> Iterator[str]:
    """The fields of an example that its kind does not have. What lies under `values` is our chart's affair."""
    if isinstance(value, list):
        for one in value:
            yield from unknown(one, fields, f"{path}[]")
    elif isinstance(value, dict) and path.rpartition(".")[2] not in ("values", "valuesObject"):
        for name, child in value.items():
            if name not in fields.get(path, ()):
                yield f"{path}.{name}"
            yield from unknown(child, fields, f"{path}.{name}")


def test_objects_of_others_have_no_field_that_their_kind_lacks() -> None:
    seen = set()
    for path in (*ARGO.glob("*.yaml"), *FLUX.glob("*.yaml")):
        for document in documents(path):
            kind = f"{document.get('apiVersion')} {document.get('kind')}"
            if kind in FIELDS:
                assert list(unknown(document["spec"], FIELDS[kind])) == [], f"{kind} in {path.name}"
                seen.add(kind)
    assert seen == set(FIELDS)
    kustomization = FIELDS["kustomize.toolkit.fluxcd.io/v1 Kustomization"]
    assert list(unknown({"prone": True, "dependsOn": [{"mane": "x"}]}, kustomization)) == [
        "spec.prone",
        "spec.dependsOn[].mane",
    ]


@BY_FILE
def test_each_says_what_it_shows(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("# ")


def test_nothing_is_told_to_be_ignored() -> None:
    """Whoever needs that has found a mistake of ours."""
    for path in (*ARGO.glob("*.yaml"), *FLUX.glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        assert [word for word in ("ignoreDifferences", "healthChecks", "healthCheckExprs") if word in text] == []


def test_argo_cd_makes_the_operator_before_projects_and_asks_before_it_prunes() -> None:
    applications = named(ARGO / "application.yaml")
    waves = {name: int(one["metadata"]["annotations"][WAVE]) for name, one in applications.items()}
    assert waves["project-operator"] < waves["payments-projects"]
    assert (ROOT / applications["project-operator"]["spec"]["source"]["path"] / "Chart.yaml").exists()
    options = applications["payments-projects"]["spec"]["syncPolicy"]["syncOptions"]
    assert {"ServerSideApply=true", "Prune=confirm", "Delete=confirm"} <= set(options)
    backend, project = documents(ARGO / "projects.yaml")
    assert int(backend["metadata"]["annotations"][WAVE]) < int(project["metadata"]["annotations"][WAVE])


def test_flux_waits_for_the_operator_and_then_for_projects() -> None:
    kustomizations = named(FLUX / "kustomizations.yaml")
    assert all(one["spec"]["wait"] for one in kustomizations.values())
    assert [one["name"] for one in kustomizations["payments"]["spec"]["dependsOn"]] == ["platform"]
    source, release = documents(FLUX / "operator.yaml")
    chart = release["spec"]["chart"]["spec"]
    assert chart["sourceRef"] == {"kind": source["kind"], "name": source["metadata"]["name"]}
    assert (ROOT / chart["chart"] / "Chart.yaml").exists()
