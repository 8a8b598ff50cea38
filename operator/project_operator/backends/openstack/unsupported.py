"""What Keystone cannot hold, told before any call."""

from collections.abc import Iterator
from typing import Final

from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.api.v1alpha1.project import DeletionPolicy, ProjectSpec
from project_operator.backends.base import Tag, UnsupportedField
from project_operator.backends.keystone_v3.tags import wire_tag

LONGEST_NAME: Final = 64
LONGEST_TAG: Final = 255
"""Characters (K1-6, K1-9)."""

_NUL: Final = "\0"


def unsupported(
    spec: ProjectSpec,
    *,
    name: str,
    deletion_policy: DeletionPolicy,  # noqa: ARG001 - Keystone can do them all
) -> tuple[UnsupportedField, ...]:
    """The fields that a person has to change."""
    return (*_name(spec, name), *_description(spec), *_tags(spec), *_groups(spec), *_other_families(spec))


def unsupported_here(
    spec: ProjectSpec, backend: IdentityBackendSpec, organization_id: str
) -> tuple[UnsupportedField, ...]:
    """What the backend object is not set up for: domains that it does not name, and projects that are domains."""
    keystone, wish = backend.keystone, spec.keystone
    if keystone is None or wish is None:
        return ()
    found: list[UnsupportedField] = []
    if wish.is_domain and not keystone.manage_domains:
        rule = "takes a backend object with `keystone.manageDomains: true`"
        found.append(UnsupportedField("spec.keystone.isDomain", rule))
    if wish.domain_id is not None and wish.domain_id not in {organization_id, *keystone.additional_domains}:
        rule = (
            "must be the backend object's domain or one of its `keystone.additionalDomains`; to be in a domain that a"
            " Project makes, leave it out and name that Project in `parentRef`"
        )
        found.append(UnsupportedField("spec.keystone.domainID", rule))
    return tuple(found)


def _name(spec: ProjectSpec, name: str) -> Iterator[UnsupportedField]:
    # Keystone takes the blanks of every script off both ends (K1-6): what is wanted would never be what is there.
    if len(name) > LONGEST_NAME or _NUL in name or name != name.strip():
        rule = f"must have at most {LONGEST_NAME} characters, no NUL and no blank at an end, for Keystone"
        if spec.name is not None:
            yield UnsupportedField("spec.name", rule)
        else:
            yield UnsupportedField("metadata.name", f"{rule}; or set `spec.name`")


def _description(spec: ProjectSpec) -> Iterator[UnsupportedField]:
    if _NUL in (spec.description or ""):
        yield UnsupportedField("spec.description", "must not hold NUL, which Keystone's database may refuse")


def _tags(spec: ProjectSpec) -> Iterator[UnsupportedField]:
    for index, tag in enumerate(spec.tags or ()):
        path = f"spec.tags[{index}]"
        if "=" in tag.name:
            yield UnsupportedField(f"{path}.name", "must not hold '=', which parts name and value in Keystone's tags")
        for field, text in (("name", tag.name), ("value", tag.value)):
            if any(char in text for char in (",", "/", _NUL)):
                yield UnsupportedField(f"{path}.{field}", "must not hold ',', '/' or NUL, for Keystone")
        if len(wire_tag(Tag(tag.name, tag.value))) > LONGEST_TAG:
            yield UnsupportedField(path, f"must have at most {LONGEST_TAG} characters as 'name=value', for Keystone")


def _groups(spec: ProjectSpec) -> Iterator[UnsupportedField]:
    for index, group in enumerate(spec.groups or ()):
        if group.roles is None:
            yield UnsupportedField(f"spec.groups[{index}].roles", "must name the roles that the group is to have")


def _other_families(spec: ProjectSpec) -> Iterator[UnsupportedField]:
    if spec.csp is not None:
        yield UnsupportedField("spec.csp", "only VMware CSP has it; remove it")
