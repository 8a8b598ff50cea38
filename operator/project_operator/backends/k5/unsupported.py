"""What K5 cannot hold, told before any call."""

from collections.abc import Iterator
from typing import Final

from project_operator.api.v1alpha1.project import DeletionPolicy, ProjectSpec
from project_operator.backends import marked_description
from project_operator.backends.base import UnsupportedField
from project_operator.backends.k5.names import LONGEST, NAME, SHORTEST

LONGEST_DESCRIPTION: Final = 255
"""Characters (F2-4)."""

ROOM: Final = LONGEST_DESCRIPTION - marked_description.ROOM
"""Characters that the mark leaves of the description (F8-5)."""


def unsupported(spec: ProjectSpec, *, name: str, deletion_policy: DeletionPolicy) -> tuple[UnsupportedField, ...]:
    """The fields that a person has to change."""
    return (
        *_name(spec, name),
        *_description(spec),
        *_not_there(spec),
        *_groups(spec),
        *_deletion_policy(spec, deletion_policy),
    )


def _name(spec: ProjectSpec, name: str) -> Iterator[UnsupportedField]:
    if NAME.fullmatch(name) is None:
        rule = (
            f"must be {SHORTEST} to {LONGEST} letters and digits of ASCII and the characters '+', '=', ',', '.', '@', "
            "'-' and '_', for Fujitsu K5"
        )
        if spec.name is not None:
            yield UnsupportedField("spec.name", rule)
        else:
            yield UnsupportedField("metadata.name", f"{rule}; or set `spec.name`")


def _description(spec: ProjectSpec) -> Iterator[UnsupportedField]:
    if len(spec.description or "") > ROOM:
        yield UnsupportedField(
            "spec.description",
            f"must have at most {ROOM} characters: Fujitsu K5 holds {LONGEST_DESCRIPTION}, the operator's mark"
            " included",
        )


def _not_there(spec: ProjectSpec) -> Iterator[UnsupportedField]:
    if spec.tags:
        yield UnsupportedField("spec.tags", "Fujitsu K5 has no tags; remove it")
    for path, value in (("spec.parentRef", spec.parent_ref), ("spec.parentID", spec.parent_id)):
        if value is not None:
            yield UnsupportedField(path, "projects of Fujitsu K5 form no tree; remove it")
    if spec.keystone is not None:
        yield UnsupportedField("spec.keystone", "Fujitsu K5 has nothing of it; remove it")
    if spec.csp is not None:
        yield UnsupportedField("spec.csp", "only VMware CSP has it; remove it")


def _groups(spec: ProjectSpec) -> Iterator[UnsupportedField]:
    for index, group in enumerate(spec.groups or ()):
        if group.roles is None:
            yield UnsupportedField(f"spec.groups[{index}].roles", "must name the roles that the group is to have")


def _deletion_policy(spec: ProjectSpec, policy: DeletionPolicy) -> Iterator[UnsupportedField]:
    if policy is DeletionPolicy.DELETE:
        origin = "" if spec.deletion_policy is not None else " (the backend object says Delete)"
        yield UnsupportedField(
            "spec.deletionPolicy",
            f"must be Disable or Orphan: projects of Fujitsu K5 cannot be deleted, not even by the vendor's own"
            f" console; Disable switches the project off{origin}",
        )
