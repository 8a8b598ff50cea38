"""What is generated: writes it, and compares it with what is committed.

A generated file is a row in `GENERATED`: its path from the root of the repository, and what gives its text.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from project_operator import settings
from project_operator.api.admission import POLICIES, AdmissionPolicy, policies_kustomization_yaml, policy_yaml
from project_operator.api.crd import crd_name, crd_yaml, kustomization_yaml
from project_operator.api.kinds import KINDS, Kind
from project_operator.api.reference import api_reference, events_reference, reasons_reference
from project_operator.backends.csp import reference as csp_errors
from project_operator.backends.k5 import reference as k5_errors
from project_operator.backends.nscale import reference as nscale_errors
from project_operator.backends.openstack import reference as openstack_errors
from project_operator.backends.otc import reference as otc_errors
from project_operator.observability import families

MEND: Final = "project-operator generate"


@dataclass(frozen=True, slots=True)
class GeneratedFile:
    """A file that is committed although a program writes it."""

    path: str
    render: Callable[[], str]


CHART_CRDS: Final = "deploy/charts/project-operator/files/crds"
"""A copy: a chart holds its files itself, and Flux drops symbolic links from what it fetches."""


POLICIES_FOLDER: Final = "deploy/policies"
CHART_POLICIES: Final = "deploy/charts/project-operator/files/policies"
"""A copy, for the same reason."""


def _policy(folder: str, policy: AdmissionPolicy) -> GeneratedFile:
    return GeneratedFile(f"{folder}/{policy.name}.yaml", lambda: policy_yaml(policy))


def _definition(folder: str, kind: Kind) -> GeneratedFile:
    return GeneratedFile(f"{folder}/{crd_name(kind)}.yaml", lambda: crd_yaml(kind))


GENERATED: Final = (
    *(_definition(folder, kind) for folder in ("crds", CHART_CRDS) for kind in KINDS),
    GeneratedFile("crds/kustomization.yaml", lambda: kustomization_yaml(KINDS)),
    *(_policy(folder, policy) for folder in (POLICIES_FOLDER, CHART_POLICIES) for policy in POLICIES),
    GeneratedFile(f"{POLICIES_FOLDER}/kustomization.yaml", policies_kustomization_yaml),
    GeneratedFile("crds/README.md", lambda: api_reference(KINDS)),
    GeneratedFile("docs/reference/reasons.md", reasons_reference),
    GeneratedFile("docs/reference/events.md", events_reference),
    GeneratedFile("docs/reference/settings.md", settings.reference),
    GeneratedFile("docs/reference/metrics.md", families.reference),
    GeneratedFile(nscale_errors.PAGE, nscale_errors.ERROR_PAGE.text),
    GeneratedFile(openstack_errors.PAGE, openstack_errors.ERROR_PAGE.text),
    GeneratedFile(k5_errors.PAGE, k5_errors.ERROR_PAGE.text),
    GeneratedFile(otc_errors.PAGE, otc_errors.ERROR_PAGE.text),
    GeneratedFile(csp_errors.PAGE, csp_errors.ERROR_PAGE.text),
)

GENERATED_FOLDERS: Final = ("crds", CHART_CRDS, POLICIES_FOLDER, CHART_POLICIES)
"""Folders in which everything is generated: a file that is not in `GENERATED` is a left-over."""


def stale_files(root: Path) -> list[str]:
    """One line for every file under ``root`` that is not what would be generated: missing, different, or left over."""
    complaints = []
    for file in GENERATED:
        path = root / file.path
        if not path.exists():
            complaints.append(f"{file.path} is missing")
        elif path.read_text(encoding="utf-8") != file.render():
            complaints.append(f"{file.path} is not what the code generates")
    return complaints + [f"{path} is not generated any more" for path in _left_over(root)]


def write_files(root: Path) -> list[str]:
    """Bring every generated file under ``root`` up to date; the paths of those that changed."""
    changed = []
    for file in GENERATED:
        path = root / file.path
        text = file.render()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed.append(file.path)
    for left_over in _left_over(root):
        (root / left_over).unlink()
        changed.append(left_over)
    return changed


def _left_over(root: Path) -> list[str]:
    generated = {file.path for file in GENERATED}
    found = (
        path.relative_to(root).as_posix()
        for folder in GENERATED_FOLDERS
        for path in (root / folder).rglob("*")
        if path.is_file()
    )
    return sorted(path for path in found if path not in generated)
