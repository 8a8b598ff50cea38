"""The base for kustomize, rendered from the chart: who has no Helm installs the same.

`deploy/kustomize/base/` has a file for every template of the chart. The definitions are those of `crds/`.
"""

import sys
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

import helm
import pytest
import yaml

ROOT: Final = Path(__file__).resolve().parent.parent
BASE: Final = ROOT / "deploy" / "kustomize" / "base"
HEAD: Final = "# Generated from deploy/charts/project-operator by `make generate`; do not edit.\n"
VALUES: Final[dict[str, Any]] = {"crds": {"enabled": False}}
HELMS_OWN: Final = ("helm.sh/chart", "app.kubernetes.io/managed-by")
"""Labels that say that Helm manages the object."""
NAMESPACE: Final = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {"name": helm.NAMESPACE, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
}


def without_helm(one: dict[str, Any]) -> dict[str, Any]:
    """An object without the labels that are Helm's, also in its template of pods."""
    for holder in (one, one.get("spec", {}).get("template", {})):
        labels = holder.get("metadata", {}).get("labels", {})
        for label in HELMS_OWN:
            labels.pop(label, None)
    return one


def render(manifests: str) -> dict[str, str]:
    """The files of the base, by their names."""
    by_template = defaultdict[str, list[str]](list)
    for part in manifests.split("---\n# Source: ")[1:]:
        source, _, text = part.partition("\n")
        by_template[Path(source).name] += [_dump(without_helm(one)) for one in helm.released(text)]
    files = {name: "---\n".join(documents) for name, documents in sorted(by_template.items()) if documents}
    files = {"namespace.yaml": _dump(NAMESPACE), **files}
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["../../../crds", *files],
    }
    return {name: HEAD + text for name, text in {**files, "kustomization.yaml": _dump(kustomization)}.items()}


def rendered() -> dict[Path, str | None]:
    """The files and their texts; None: one of a template that is gone. Without helm it says so, and changes none."""
    try:
        files = render(helm.template(VALUES, served=()))
    except pytest.skip.Exception as missing:
        print(f"{BASE.relative_to(ROOT)} is left as it is: {missing}", file=sys.stderr)
        return {}
    return dict.fromkeys(sorted(BASE.glob("*"))) | {BASE / name: text for name, text in files.items()}


def _dump(document: dict[str, Any]) -> str:
    return yaml.safe_dump(document, sort_keys=False, width=1000)
