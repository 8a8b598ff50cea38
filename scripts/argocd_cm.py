"""Our customizations of Argo CD as keys of its ConfigMap `argocd-cm`, for installations that lack them.

`deploy/argocd/argocd-cm.yaml`, from `deploy/argocd/resource_customizations/`, whose layout is Argo CD's own.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parent.parent
CUSTOMIZATIONS: Final = ROOT / "deploy" / "argocd" / "resource_customizations"
PAGE: Final = ROOT / "deploy" / "argocd" / "argocd-cm.yaml"
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


def rendered() -> dict[Path, str]:
    """The file and its text."""
    return {PAGE: render(CUSTOMIZATIONS)}


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
