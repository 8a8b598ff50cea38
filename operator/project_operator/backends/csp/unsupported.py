"""What the Cloud Services Platform cannot hold, told before any call."""

from collections.abc import Iterator
from typing import Final

from project_operator.api.v1alpha1.csp import CSPCapabilities
from project_operator.api.v1alpha1.project import DeletionPolicy, ProjectSpec
from project_operator.backends import marked_description
from project_operator.backends.base import UnsupportedField
from project_operator.backends.csp.payloads import DEFAULT_ID
from project_operator.backends.csp.requests import LONGEST_DESCRIPTION

LONGEST_NAME: Final = 255
"""Characters (V2-9)."""

ROOM: Final = LONGEST_DESCRIPTION - marked_description.ROOM
"""Characters that the mark leaves of the description (V9-1)."""


def unsupported(
    capabilities: CSPCapabilities, spec: ProjectSpec, *, name: str, deletion_policy: DeletionPolicy
) -> tuple[UnsupportedField, ...]:
    """The fields that a person has to change, given what the backend object switches on."""
    return (
        *_name(spec, name),
        *_description(spec),
        *_other_families(spec),
        *_ids(spec),
        *_groups(spec, capabilities),
        *_vrn(spec, capabilities),
        *_deletion_policy(deletion_policy, capabilities),
    )


def _name(spec: ProjectSpec, name: str) -> Iterator[UnsupportedField]:
    if not 1 <= len(name) <= LONGEST_NAME:
        rule = f"must have 1 to {LONGEST_NAME} characters, for VMware CSP"
        yield UnsupportedField("spec.name" if spec.name is not None else "metadata.name", rule)


def _description(spec: ProjectSpec) -> Iterator[UnsupportedField]:
    if len(spec.description or "") > ROOM:
        yield UnsupportedField(
            "spec.description",
            f"must have at most {ROOM} characters: VMware CSP holds {LONGEST_DESCRIPTION}, the"
            " operator's mark included",
        )


def _other_families(spec: ProjectSpec) -> Iterator[UnsupportedField]:
    if spec.tags:
        yield UnsupportedField("spec.tags", "VMware CSP has no tags; remove it")
    if spec.enabled is not None:
        yield UnsupportedField("spec.enabled", "VMware CSP cannot switch a project off; remove it")
    if spec.keystone is not None:
        yield UnsupportedField("spec.keystone", "only Keystone has it; remove it")


def _ids(spec: ProjectSpec) -> Iterator[UnsupportedField]:
    """`default` is the organization's default project, wherever an id stands (V2-20)."""
    rule = f"must be the project's own id; '{DEFAULT_ID}' is whatever project is the default one"
    if spec.parent_id is not None and spec.parent_id.lower() == DEFAULT_ID:
        yield UnsupportedField("spec.parentID", rule)
    if spec.import_ is not None and (spec.import_.id or "").lower() == DEFAULT_ID:
        yield UnsupportedField("spec.import.id", rule)


def _groups(spec: ProjectSpec, capabilities: CSPCapabilities) -> Iterator[UnsupportedField]:
    for index, group in enumerate(spec.groups or ()):
        path = f"spec.groups[{index}]"
        if not capabilities.group_roles:
            yield UnsupportedField(
                path if group.roles is None else f"{path}.roles",
                "roles are given on projects only where the backend object names them in"
                " `vmwareCSP.capabilities.groupRoles`; remove it",
            )
        elif group.roles is None:
            yield UnsupportedField(f"{path}.roles", "must name the roles that the group is to have")


def _vrn(spec: ProjectSpec, capabilities: CSPCapabilities) -> Iterator[UnsupportedField]:
    """Whoever could choose what limits a role could have it on the project of somebody else."""
    if capabilities.group_roles and spec.csp is not None and spec.csp.vrn is not None:
        yield UnsupportedField(
            "spec.csp.vrn",
            "must not be set where the backend object names roles in `vmwareCSP.capabilities.groupRoles`: the VRN is"
            " what limits them to the project; remove it",
        )


def _deletion_policy(policy: DeletionPolicy, capabilities: CSPCapabilities) -> Iterator[UnsupportedField]:
    if policy is DeletionPolicy.DISABLE:
        yield UnsupportedField("spec.deletionPolicy", "VMware CSP cannot disable a project; set Orphan")
    if policy is DeletionPolicy.DELETE and not capabilities.delete:
        yield UnsupportedField(
            "spec.deletionPolicy",
            "must be Orphan: the vendor documents no deletion of projects; to use it all the"
            " same, set `vmwareCSP.capabilities.delete` of the backend object",
        )
