"""What Open Telekom Cloud cannot hold, told before any call."""

import re
from collections.abc import Iterator
from typing import Final

from project_operator.api.v1alpha1.project import DeletionPolicy, ProjectSpec
from project_operator.backends import marked_description
from project_operator.backends.base import UnsupportedField
from project_operator.backends.otc.names import RegionNames

LONGEST_NAME: Final = 64
LONGEST_DESCRIPTION: Final = 255
"""Characters (T1-8, T1-13)."""

ROOM: Final = LONGEST_DESCRIPTION - marked_description.ROOM
"""Characters that the mark leaves of the description (T8-1)."""

_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")


def unsupported(
    names: RegionNames,
    spec: ProjectSpec,
    *,
    name: str,
    deletion_policy: DeletionPolicy,  # noqa: ARG001 - all of them can be done
) -> tuple[UnsupportedField, ...]:
    """The fields that a person has to change, given the region of the backend object and what becomes of names."""
    return (*_name(names, spec, name), *_description(spec), *_groups(spec), *_other_families(spec))


def _name(names: RegionNames, spec: ProjectSpec, name: str) -> Iterator[UnsupportedField]:
    if (rule := name_rule(names, name)) is None:
        return
    if spec.name is not None:
        yield UnsupportedField("spec.name", rule)
    else:
        yield UnsupportedField("metadata.name", f"{rule}; or set `spec.name`")


def name_rule(names: RegionNames, name: str) -> str | None:
    """What ``name`` must be and is not; None where it can be held (T1-8 to T1-10, T8-3)."""
    prefix = names.prefix
    if names.prepends and name.startswith(prefix):
        return f"must not begin with '{prefix}', which the backend object has put before it (`regionPrefix: Prepend`)"
    if not names.prepends and not name.startswith(prefix):
        return (
            f"must begin with '{prefix}', for Open Telekom Cloud; or set `regionPrefix: Prepend` of the backend object"
        )
    own = name if names.prepends else name.removeprefix(prefix)
    if not _NAME.fullmatch(own):
        return "must hold letters, digits, '-' and '_' alone, for Open Telekom Cloud"
    if len(names.written(name)) > LONGEST_NAME:
        return f"must have at most {LONGEST_NAME} characters with '{prefix}' before it, for Open Telekom Cloud"
    return None


def _description(spec: ProjectSpec) -> Iterator[UnsupportedField]:
    if len(spec.description or "") > ROOM:
        yield UnsupportedField(
            "spec.description",
            f"must have at most {ROOM} characters: Open Telekom Cloud holds {LONGEST_DESCRIPTION}, the operator's mark"
            " included",
        )


def _groups(spec: ProjectSpec) -> Iterator[UnsupportedField]:
    for index, group in enumerate(spec.groups or ()):
        if group.roles is None:
            yield UnsupportedField(f"spec.groups[{index}].roles", "must name the roles that the group is to have")


def _other_families(spec: ProjectSpec) -> Iterator[UnsupportedField]:
    if spec.tags:
        yield UnsupportedField("spec.tags", "Open Telekom Cloud has no tags; remove it")
    if spec.keystone is not None:
        yield UnsupportedField("spec.keystone", "only OpenStack Keystone has it; remove it")
    if spec.csp is not None:
        yield UnsupportedField("spec.csp", "only VMware CSP has it; remove it")
