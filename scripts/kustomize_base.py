"""The base for kustomize, rendered from the chart: who has no Helm installs the same.

    kustomize_base.py [--check]

Writes `deploy/kustomize/base/`, a file for every template of the chart; with `--check` it says which is out of date,
and exits 1 if one is. The definitions are those of `crds/`. Without helm it says so and changes nothing.
"""

import argparse
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests" / "support"))

import helm  # noqa: E402 - the helm of the tests, which is found there
import pytest  # noqa: E402 - what that says where there is none

BASE: Final = ROOT / "deploy" / "kustomize" / "base"
MEND: Final = "make generate"
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


def stale(files: dict[str, str]) -> list[str]:
    """The names of files that are not what the chart renders, or nothing of it any more."""
    there = {path.name: path.read_text(encoding="utf-8") for path in BASE.glob("*")}
    return sorted(name for name in files.keys() | there.keys() if files.get(name) != there.get(name))


def _dump(document: dict[str, Any]) -> str:
    return yaml.safe_dump(document, sort_keys=False, width=1000)


def main() -> int:
    parser = argparse.ArgumentParser(description="Render the base for kustomize from the chart.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is not up to date")
    check = parser.parse_args().check
    try:
        files = render(helm.template(VALUES, served=()))
    except pytest.skip.Exception as missing:
        print(f"{BASE.relative_to(ROOT)} is left as it is: {missing}", file=sys.stderr)
        return 0
    changed = stale(files)
    if check:
        sys.stderr.writelines(f"deploy/kustomize/base/{name} is out of date; run: {MEND}\n" for name in changed)
        return 1 if changed else 0
    BASE.mkdir(parents=True, exist_ok=True)
    for name in changed:
        if name in files:
            (BASE / name).write_text(files[name], encoding="utf-8")
        else:
            (BASE / name).unlink()
        print(f"deploy/kustomize/base/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
