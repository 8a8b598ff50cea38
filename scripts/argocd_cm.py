"""Our customizations of Argo CD as keys of its ConfigMap `argocd-cm`, for installations that lack them.

    argocd_cm.py [--check]

Writes `deploy/argocd/argocd-cm.yaml` from `deploy/argocd/resource_customizations/`, whose layout is Argo CD's own; with
`--check` it says whether the file is out of date, and exits 1 if it is.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parent.parent
CUSTOMIZATIONS: Final = ROOT / "deploy" / "argocd" / "resource_customizations"
PAGE: Final = ROOT / "deploy" / "argocd" / "argocd-cm.yaml"
MEND: Final = "make generate"
HEAD: Final = """\
# Generated from resource_customizations/. A patch of Argo CD's ConfigMap:
#   kubectl patch configmap argocd-cm --namespace argocd --type merge --patch-file deploy/argocd/argocd-cm.yaml
"""


class _Block(str):
    """A text of several lines, written as such."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Writes blocks as blocks."""


_Dumper.add_representer(
    _Block, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="|")
)


def keys(customizations: Path) -> Iterator[tuple[str, str]]:
    """The keys of the ConfigMap, and the text of each."""
    for script in sorted(customizations.glob("*/*/health.lua")):
        kind = script.parent
        name = f"{kind.parent.name}_{kind.name}"
        yield f"resource.customizations.health.{name}", script.read_text(encoding="utf-8")
        if (kind / "actions").is_dir():
            yield f"resource.customizations.actions.{name}", _dump(_actions(kind / "actions"))


def render(customizations: Path) -> str:
    """The text of the file."""
    return HEAD + _dump({"data": {key: _Block(text) for key, text in keys(customizations)}})


def _actions(folder: Path) -> dict[str, Any]:
    scripts = sorted(folder.glob("*/action.lua"))
    return {
        "discovery.lua": _Block((folder / "discovery.lua").read_text(encoding="utf-8")),
        "definitions": [
            {"name": script.parent.name, "action.lua": _Block(script.read_text(encoding="utf-8"))} for script in scripts
        ],
    }


def _dump(document: Any) -> str:
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=200)


def main() -> int:
    parser = argparse.ArgumentParser(description="Write Argo CD's customizations as keys of argocd-cm.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the file is not up to date")
    check = parser.parse_args().check
    text = render(CUSTOMIZATIONS)
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    if check:
        print(f"{PAGE.relative_to(ROOT)} is not up to date; run: {MEND}", file=sys.stderr)
        return 1
    PAGE.write_text(text, encoding="utf-8")
    print(PAGE.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
