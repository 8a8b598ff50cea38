"""Paste recorded objects into the pages of the kinds, so that every state that is shown was seen.

In docs/kinds/<kind>.md a line `<!-- state: ready -->` stands above a block of YAML, which becomes the snapshot of that
name under deploy/argocd/resource_customizations: recorded by `tests/scenarios/gitops` from a real API server, with the
operator at work. Left out is what the API server fills in and no reader needs.
"""

import re
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parent.parent
PAGES: Final = ROOT / "docs" / "kinds"
SNAPSHOTS: Final = ROOT / "deploy" / "argocd" / "resource_customizations" / "identity.project-operator.dev"
KINDS: Final = {
    "project": "Project",
    "identitybackend": "IdentityBackend",
    "clusteridentitybackend": "ClusterIdentityBackend",
}
"""The kind of each page."""
STATE: Final = re.compile(r"(<!-- state: ([a-z-]+) -->\n<!-- part of: \w+ -->\n```yaml\n)(?:(?!```).*\n)*(```\n)")
KEPT: Final = ("name", "generation", "deletionTimestamp")
"""Of the metadata: what a state can be told by."""
_WIDTH: Final = 110


def snapshot(kind: str, state: str) -> dict[str, Any]:
    """An object as it was recorded, without what is not of interest. Raises OSError where there is no such state."""
    path = SNAPSHOTS / kind / "testdata" / f"{state}.yaml"
    recorded = yaml.safe_load(path.read_text(encoding="utf-8"))
    metadata = {key: recorded["metadata"][key] for key in KEPT if key in recorded["metadata"]}
    # Of backend objects the spec is long, and the same in every state but for a field or two.
    spec = {"spec": recorded["spec"]} if kind == "Project" or state == "ready" else {}
    return {"metadata": metadata, **spec, "status": recorded["status"]}


def states(text: str) -> list[str]:
    """The states that a page shows."""
    return [found[2] for found in STATE.finditer(text)]


def pasted(kind: str, text: str) -> str:
    """A page with what was recorded in it."""

    def paste(found: re.Match[str]) -> str:
        shown = yaml.safe_dump(snapshot(kind, found[2]), sort_keys=False, allow_unicode=True, width=_WIDTH)
        return f"{found[1]}{shown}{found[3]}"

    return STATE.sub(paste, text)


def rendered() -> dict[Path, str]:
    """The pages and their texts."""
    paths = {PAGES / f"{name}.md": kind for name, kind in KINDS.items()}
    return {path: pasted(kind, path.read_text(encoding="utf-8")) for path, kind in paths.items()}
