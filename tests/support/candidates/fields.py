"""Every field of a Project's spec: an example, what it comes to in the backend, and which backends hold it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, get_args

from project_operator.api.schema import ApiModel, wire_name
from project_operator.api.v1alpha1.project import ProjectSpec
from project_operator.backends.base import RoleAssignment, Tag
from project_operator.backends.vendor import Vendor

EVERYBODY: Final = frozenset({"nscale", "keystone", "open_telekom_cloud", "fujitsu_k5", "vmware_csp"})
KEYSTONE: Final = frozenset({"keystone"})
ROLES: Final = frozenset({"keystone", "open_telekom_cloud", "fujitsu_k5"})
SWITCHED: Final = frozenset({"keystone", "open_telekom_cloud", "fujitsu_k5"})
CSP: Final = frozenset({"vmware_csp"})
TAGS: Final = frozenset({"nscale", "keystone"})
TREE: Final = frozenset({"keystone", "open_telekom_cloud", "vmware_csp"})
GROUPS: Final = frozenset({"nscale", "keystone", "open_telekom_cloud", "fujitsu_k5"})


@dataclass(frozen=True)
class Scene:
    """What an example refers to."""

    vendor: Vendor
    group_id: str = "g"
    role_id: str = "r"
    parent_id: str = "p"
    domain_id: str = "d"

    @property
    def group(self) -> dict[str, Any]:
        """What the spec says of a group beside its id or name."""
        return {"roles": [{"id": self.role_id}]} if self.vendor.capabilities.roles else {}

    @property
    def access(self) -> dict[str, Any]:
        """The content by which the group has access."""
        if self.vendor.capabilities.roles:
            return {"role_assignments": (RoleAssignment(self.group_id, self.role_id),)}
        return {"group_ids": (self.group_id,)}


Example = Callable[[Scene], dict[str, Any]]


@dataclass(frozen=True)
class Field:
    """A field of the spec."""

    spec: Example
    """A spec that sets it."""
    content: Example | None = None
    """What a backend is told then, as fields of `ProjectContent`; None: nothing, it is the operator's own affair."""
    held_by: frozenset[str] = EVERYBODY
    """Keys of the vendors that hold it; the others say that they do not, naming it."""
    refused_as: str = ""
    """The path that they name; "": its own."""
    fixed: bool = False
    """Whether it cannot be changed later."""


def _group(name: str, roles: Callable[[Scene], dict[str, Any]] = lambda scene: scene.group) -> Example:
    return lambda scene: {"groups": [{name: scene.group_id} | roles(scene)]}


def _particulars(**values: str) -> Example:
    return lambda _: {"particulars": {f"keystone.{name}": value for name, value in values.items()}}


_ROLES_REFUSED: Final = "groups[0].roles"

FIELDS: Final[Mapping[str, Field]] = MappingProxyType(
    {
        "backendRef.kind": Field(lambda _: {"backendRef": {"kind": "IdentityBackend", "name": "b"}}),
        "backendRef.name": Field(lambda _: {"backendRef": {"name": "b"}}),
        "name": Field(lambda _: {"name": "another"}, lambda _: {"name": "another"}),
        "description": Field(lambda _: {"description": "größe"}, lambda _: {"description": "größe"}),
        "tags[].name": Field(
            lambda _: {"tags": [{"name": "team", "value": ""}]}, lambda _: {"tags": (Tag("team", ""),)}, TAGS, "tags"
        ),
        "tags[].value": Field(
            lambda _: {"tags": [{"name": "team", "value": "red"}]},
            lambda _: {"tags": (Tag("team", "red"),)},
            TAGS,
            "tags",
        ),
        "groups[].id": Field(_group("id"), lambda scene: scene.access, GROUPS, "groups[0]"),
        "groups[].name": Field(_group("name"), lambda scene: scene.access, GROUPS, "groups[0]"),
        "groups[].roles[].id": Field(
            _group("id", lambda scene: {"roles": [{"id": scene.role_id}]}),
            lambda scene: scene.access,
            ROLES,
            _ROLES_REFUSED,
        ),
        "groups[].roles[].name": Field(
            _group("id", lambda _: {"roles": [{"name": "reader"}]}),
            lambda scene: scene.access,
            ROLES,
            _ROLES_REFUSED,
        ),
        "enabled": Field(lambda _: {"enabled": False}, lambda _: {"enabled": False}, SWITCHED),
        "parentRef.name": Field(
            lambda _: {"parentRef": {"name": "above"}},
            lambda scene: {"parent_id": scene.parent_id},
            TREE,
            "parentRef",
            fixed=True,
        ),
        "parentID": Field(
            lambda scene: {"parentID": scene.parent_id},
            lambda scene: {"parent_id": scene.parent_id},
            TREE,
            fixed=True,
        ),
        "keystone.isDomain": Field(
            lambda _: {"keystone": {"isDomain": True}}, _particulars(isDomain="true"), KEYSTONE, "keystone", fixed=True
        ),
        "keystone.domainID": Field(
            lambda scene: {"keystone": {"domainID": scene.domain_id}},
            lambda scene: _particulars(domainID=scene.domain_id)(scene),
            KEYSTONE,
            "keystone",
            fixed=True,
        ),
        "keystone.immutable": Field(
            lambda _: {"keystone": {"immutable": True}}, _particulars(immutable="true"), KEYSTONE, "keystone"
        ),
        "csp.vrn": Field(
            lambda _: {"csp": {"vrn": "vrn/org:x/project:another"}},
            lambda _: {"particulars": {"csp.vrn": "vrn/org:x/project:another"}},
            CSP,
            "csp",
        ),
        "csp.subResourceServiceScopes": Field(
            lambda _: {"csp": {"subResourceServiceScopes": ["two", "one"]}},
            lambda _: {"particulars": {"csp.subResourceServiceScopes": "one,two"}},
            CSP,
            "csp",
            fixed=True,
        ),
        "import.id": Field(lambda scene: {"import": {"id": scene.parent_id}}),
        "import.byName": Field(lambda _: {"import": {"byName": "IfPresent"}}),
        "managementPolicy": Field(lambda _: {"managementPolicy": "Plan"}),
        "missingPolicy": Field(lambda _: {"missingPolicy": "Recreate"}),
        "deletionPolicy": Field(lambda _: {"deletionPolicy": "Disable"}, lambda _: {"enabled": False}, SWITCHED),
        "deletionProtection": Field(lambda _: {"deletionProtection": True}),
        "suspend": Field(lambda _: {"suspend": True}),
    }
)


def paths(model: type[ApiModel] = ProjectSpec, before: str = "") -> Iterator[str]:
    """The path of every field of the spec, down to what is no object."""
    for name, info in model.model_fields.items():
        path = f"{before}{wire_name(name)}"
        inner = list(_models(info.annotation))
        for one in inner:
            yield from paths(one, f"{path}{'[]' if _is_list(info.annotation) else ''}.")
        if not inner:
            yield path


def _models(annotation: Any) -> Iterator[type[ApiModel]]:
    if isinstance(annotation, type) and issubclass(annotation, ApiModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def _is_list(annotation: Any) -> bool:
    return "tuple[" in str(annotation)
