"""What nscale Identity cannot hold, told before any call."""

import re
from typing import Final

from project_operator.api.v1alpha1.project import DeletionPolicy, ProjectSpec
from project_operator.backends.base import UnsupportedField

DELETION_POLICIES: Final = (DeletionPolicy.DELETE, DeletionPolicy.ORPHAN)

_NAME: Final = re.compile(r"[0-9A-Za-z]([0-9A-Za-z_.-]{0,61}[0-9A-Za-z])?")
"""A label value of Kubernetes that is not empty (N1.1-1)."""

_NAME_RULE: Final = "must be 1 to 63 letters, digits, '-', '_' and '.', beginning and ending with a letter or digit"


def unsupported(spec: ProjectSpec, *, name: str, deletion_policy: DeletionPolicy) -> tuple[UnsupportedField, ...]:
    """The fields that a person has to change. Descriptions, tags and groups are held as they are written (N1.1)."""
    found: list[UnsupportedField] = [
        UnsupportedField(f"spec.groups[{index}].roles", "nscale's groups bring their roles with them; remove it")
        for index, group in enumerate(spec.groups or ())
        if group.roles is not None
    ]
    found += [
        UnsupportedField(f"spec.{path}", f"{why}; remove it")
        for path, value, why in (
            ("enabled", spec.enabled, "nscale cannot switch a project off"),
            ("parentRef", spec.parent_ref, "nscale's projects form no tree"),
            ("parentID", spec.parent_id, "nscale's projects form no tree"),
            ("keystone", spec.keystone, "only Keystone has it"),
            ("csp", spec.csp, "only VMware CSP has it"),
        )
        if value is not None
    ]
    if not _NAME.fullmatch(name):
        if spec.name is not None:
            found.append(UnsupportedField("spec.name", f"{_NAME_RULE}, for nscale"))
        else:
            found.append(UnsupportedField("metadata.name", f"{_NAME_RULE}, for nscale; or set `spec.name`"))
    if deletion_policy not in DELETION_POLICIES:
        allowed = " or ".join(DELETION_POLICIES)
        found.append(UnsupportedField("spec.deletionPolicy", f"must be {allowed}, for nscale cannot disable a project"))
    return tuple(found)
