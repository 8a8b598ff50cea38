"""The kind Project: a project in an identity backend."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import Field

from project_operator.api.names import CLUSTER_IDENTITY_BACKEND_KIND, IDENTITY_BACKEND_KIND, RESERVED_PREFIX
from project_operator.api.schema import LIST_MAP_KEYS, LIST_TYPE, ApiModel, Bool, Rule
from project_operator.api.v1alpha1.csp import CSPProject
from project_operator.api.v1alpha1.project_status import ProjectStatus
from project_operator.api.v1alpha1.types import (
    MOST_ROLES,
    ObjectMeta,
    ObjectName,
    RemoteID,
    RemoteName,
    without_mark,
)

RESERVED_TAG_PREFIXES: Final = (RESERVED_PREFIX, "terraform.nscale.com/")
"""Tag names of ours, and those that nscale's Terraform provider leaves behind with every update."""


class BackendKind(StrEnum):
    """Kinds that a backendRef can name."""

    IDENTITY_BACKEND = IDENTITY_BACKEND_KIND
    """In the namespace of the Project."""
    CLUSTER_IDENTITY_BACKEND = CLUSTER_IDENTITY_BACKEND_KIND
    """For the namespaces that it selects."""


class ManagementPolicy(StrEnum):
    """What the operator does about differences between spec and project."""

    MANAGE = "Manage"
    """Correct them."""
    REPORT_DRIFT = "ReportDrift"
    """Apply each generation once; only report what differs later."""
    PLAN = "Plan"
    """Write nothing; show the calls that would be made."""
    OBSERVE = "Observe"
    """Read only."""


class MissingPolicy(StrEnum):
    """What the operator does when the project is gone outside."""

    REPORT = "Report"
    """Say so and wait for a person."""
    RECREATE = "Recreate"
    """Create a new, empty project, if this one was created and not imported."""


class DeletionPolicy(StrEnum):
    """What becomes of the project when the Project is deleted."""

    DELETE = "Delete"
    """It is deleted with all that is in it."""
    ORPHAN = "Orphan"
    """It stays, without the mark."""
    DISABLE = "Disable"
    """It stays, disabled, with the mark."""


class ImportByName(StrEnum):
    """Whether the project to import must be there."""

    REQUIRED = "Required"
    """It must; nothing is created."""
    IF_PRESENT = "IfPresent"
    """If it is not, it is created."""


class BackendRef(ApiModel):
    """Which backend object the project is made with."""

    kind: BackendKind = BackendKind.IDENTITY_BACKEND
    """Kind of the backend object."""
    name: ObjectName
    """Name of the backend object; that of an `IdentityBackend` is in the namespace of the Project."""


class ParentRef(ApiModel):
    """Another Project, whose project is the parent."""

    name: ObjectName
    """Name of the Project, in the same namespace and with the same backend."""


class ProjectTag(ApiModel):
    """A name and a value."""

    name: Annotated[
        str,
        Field(min_length=1, max_length=255),
        without_mark,
        Rule(
            "!" + " && !".join(f"self.startsWith('{prefix}')" for prefix in RESERVED_TAG_PREFIXES),
            f"must not begin with {' or '.join(repr(prefix) for prefix in RESERVED_TAG_PREFIXES)}, which are reserved",
            lambda name: not name.startswith(RESERVED_TAG_PREFIXES),
        ),
    ]
    """Name of the tag."""
    value: Annotated[str, Field(max_length=255), without_mark]
    """Value of the tag; may be empty."""


class ProjectRole(ApiModel):
    """A role of the backend, by id or by name."""

    one_of = ("id", "name")

    id: RemoteID | None = None
    """Id of the role in the backend."""
    name: RemoteName | None = None
    """Name of the role as people know it in the backend; waits while no role, or more than one, has it."""


ProjectRoles = Annotated[
    tuple[ProjectRole, ...],
    Field(min_length=1, max_length=32, json_schema_extra={LIST_TYPE: "atomic"}),
    Rule(
        "self.all(r, self.exists_one(other, other == r))",
        "must not name a role twice",
        lambda roles: len(set(roles)) == len(roles),
    ),
]


class ProjectGroup(ApiModel):
    """A group of the organization, by id or by name."""

    one_of = ("id", "name")

    id: RemoteID | None = None
    """Id of the group in the backend."""
    name: RemoteName | None = None
    """Name of the group in the backend; waits while no group, or more than one, has it."""
    roles: ProjectRoles | None = None
    """Roles that the group has on the project: needed where the backend grants roles (Keystone), not allowed where
    groups bring their own (nscale)."""


ProjectTags = Annotated[
    tuple[ProjectTag, ...],
    Field(max_length=64, json_schema_extra={LIST_TYPE: "map", LIST_MAP_KEYS: ["name", "value"]}),
]


ProjectGroups = Annotated[
    tuple[ProjectGroup, ...],
    Field(max_length=100, json_schema_extra={LIST_TYPE: "atomic"}),
    Rule(
        "self.all(g, self.exists_one(other, has(other.id) == has(g.id) && has(other.name) == has(g.name)"
        " && (!has(g.id) || other.id == g.id) && (!has(g.name) || other.name == g.name)))",
        "must not name a group twice",
        lambda groups: len({(group.id, group.name) for group in groups}) == len(groups),
    ),
    Rule(
        f"self.map(g, has(g.roles) ? size(g.roles) : 0).sum() <= {MOST_ROLES}",
        f"must not give more than {MOST_ROLES} roles in all",
        lambda groups: sum(len(group.roles or ()) for group in groups) <= MOST_ROLES,
    ),
]


class KeystoneProject(ApiModel):
    """What only projects of OpenStack Keystone have."""

    is_domain: Bool | None = None
    """True: the project is a domain as well; only where the backend object allows domains. Immutable."""
    domain_id: RemoteID | None = None
    """Id of the domain that holds the project, one of those that the backend object names; absent: the backend
    object's own. Immutable."""
    immutable: Bool | None = None
    """True: Keystone refuses changes of the project; the operator unlocks it for its own updates, and does not delete
    it."""


class ProjectImport(ApiModel):
    """An existing project to take over."""

    one_of = ("id", "by_name")

    id: RemoteID | None = None
    """Id of the project in the backend."""
    by_name: ImportByName | None = None
    """Take over the one project that has the name (`spec.name`, else `metadata.name`): `Required`, it must exist;
    `IfPresent`, it is created if it does not."""


def _has_domain(spec: str) -> str:
    """The CEL that says whether ``spec`` names a domain."""
    return f"has({spec}.keystone) && has({spec}.keystone.domainID)"


def _has_scopes(spec: str) -> str:
    """The CEL that says whether ``spec`` names the services of a project's children."""
    return f"has({spec}.csp) && has({spec}.csp.subResourceServiceScopes)"


def _is_domain(spec: str) -> str:
    """The CEL that says whether ``spec`` asks for a domain."""
    return f"has({spec}.keystone) && has({spec}.keystone.isDomain) && {spec}.keystone.isDomain"


class ProjectSpec(ApiModel):
    """What is wanted.

    A field that is absent is not managed: it stays as it is found in the backend. `[]` or `""` empties it.
    """

    rules = (
        Rule(
            "has(self.backendRef) == has(oldSelf.backendRef)"
            " && (!has(self.backendRef) || self.backendRef == oldSelf.backendRef)",
            "`backendRef` is immutable; to move to another backend create a new Project",
            field_path=".backendRef",
        ),
        Rule(
            "!has(self.__import__) || !has(oldSelf.__import__) || self.__import__ == oldSelf.__import__",
            "`import` must not change; it may only be removed",
            field_path=".import",
        ),
        Rule(
            "has(self.parentRef) == has(oldSelf.parentRef)"
            " && (!has(self.parentRef) || self.parentRef == oldSelf.parentRef)",
            "`parentRef` is immutable; backends do not move projects",
            field_path=".parentRef",
        ),
        Rule(
            "has(self.parentID) == has(oldSelf.parentID) && (!has(self.parentID) || self.parentID == oldSelf.parentID)",
            "`parentID` is immutable; backends do not move projects",
            field_path=".parentID",
        ),
        Rule(
            "!has(self.parentRef) || !has(self.parentID)",
            "must not set both `parentRef` and `parentID`",
            lambda spec: spec.parent_ref is None or spec.parent_id is None,
            field_path=".parentID",
        ),
        Rule(
            f"({_is_domain('self')}) == ({_is_domain('oldSelf')})",
            "`keystone.isDomain` is immutable; create a new Project",
            field_path=".keystone",
        ),
        Rule(
            f"({_has_domain('self')}) == ({_has_domain('oldSelf')})"
            f" && (!({_has_domain('self')}) || self.keystone.domainID == oldSelf.keystone.domainID)",
            "`keystone.domainID` is immutable; create a new Project",
            field_path=".keystone",
        ),
        Rule(
            f"!({_is_domain('self')}) || (!has(self.keystone.domainID) && !has(self.parentRef) && !has(self.parentID))",
            "`keystone.isDomain` must not be combined with a parent or with `keystone.domainID`: a domain is in none",
            lambda spec: (
                not (spec.keystone and spec.keystone.is_domain)
                or (spec.keystone.domain_id is None and spec.parent_ref is None and spec.parent_id is None)
            ),
            field_path=".keystone",
        ),
        Rule(
            f"({_has_scopes('self')}) == ({_has_scopes('oldSelf')}) && (!({_has_scopes('self')})"
            " || self.csp.subResourceServiceScopes == oldSelf.csp.subResourceServiceScopes)",
            "`csp.subResourceServiceScopes` is immutable; create a new Project",
            field_path=".csp",
        ),
        Rule(
            "!has(self.__import__) || self.missingPolicy != 'Recreate'",
            "`missingPolicy` must be 'Report' where `import` is set: what was imported is never created anew",
            lambda spec: spec.import_ is None or spec.missing_policy is not MissingPolicy.RECREATE,
            field_path=".missingPolicy",
        ),
    )

    backend_ref: BackendRef | None = None
    """The backend object to use; absent: the operator's default backend. Immutable."""
    name: Annotated[RemoteName, without_mark] | None = None
    """Name of the project in the backend; absent: `metadata.name`. May be changed. Each backend has its own rules for
    names; what is in force shows in `status.name`."""
    description: Annotated[str, Field(max_length=4096), without_mark] | None = None
    """Description of the project."""
    tags: ProjectTags | None = None
    """Tags that the project has; tags that others set stay."""
    groups: ProjectGroups | None = None
    """Groups that have access to the project; groups that others set stay."""
    enabled: Bool | None = None
    """Whether the project can be used; false keeps it with all that is in it. Only where the backend can switch a
    project off."""
    parent_ref: ParentRef | None = None
    """The Project whose project is the parent, where projects form a tree; waits until that is Ready. Immutable."""
    parent_id: RemoteID | None = None
    """Id of the parent in the backend, where projects form a tree; absent: as the backend chooses. Immutable."""
    keystone: KeystoneProject | None = None
    """What only projects of OpenStack Keystone have."""
    csp: CSPProject | None = None
    """What only projects of VMware Cloud Services Platform have."""
    import_: ProjectImport | None = None
    """An existing project to take over; absent: a new one is created. May be removed, and added later only as
    `{id: <status.id>}`."""
    management_policy: ManagementPolicy = ManagementPolicy.MANAGE
    """`Manage`: differences are corrected. `ReportDrift`: a new generation is applied once, later differences are only
    reported. `Plan`: nothing is written, `status.plan` lists the calls that would be made. `Observe`: the project is
    only read, so there must be one: `import` or `status.id`."""
    missing_policy: MissingPolicy = MissingPolicy.REPORT
    """What happens when the project was deleted outside. `Report`: the Project is Stalled. `Recreate`: a new project
    is created, empty."""
    deletion_policy: DeletionPolicy | None = None
    """What becomes of the project when this object is deleted. `Delete`: it is deleted with all that is in it.
    `Orphan`: it stays, without the operator's mark. `Disable`: it stays, disabled, where the backend can do that.
    Absent: as the backend object says; what is in force shows in `status.deletionPolicy`."""
    deletion_protection: Bool = False
    """True: the project is not deleted, even if this object is."""
    suspend: Bool = False
    """True: the operator leaves this object and its project alone."""


class Project(ApiModel):
    """A project in an identity backend."""

    rules = (
        Rule(
            "!has(self.spec.__import__) || has(oldSelf.spec.__import__) || (has(self.spec.__import__.id)"
            " && has(self.status) && has(self.status.id) && self.spec.__import__.id == self.status.id)",
            "`import` must be set when the Project is created; later it may only be added as {id: <status.id>}",
            field_path=".spec.import",
        ),
        Rule(
            "self.spec.managementPolicy != 'Observe' || has(self.spec.__import__)"
            " || (has(self.status) && has(self.status.id))",
            "`managementPolicy` must not be 'Observe' while there is no project; set `import`, or wait for `status.id`",
            field_path=".spec.managementPolicy",
        ),
    )

    metadata: ObjectMeta
    """Metadata of the object."""
    spec: ProjectSpec = ProjectSpec()
    """What is wanted."""
    status: ProjectStatus = ProjectStatus()
    """What is; written by the operator."""

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Self:
        """The object in ``raw``, as the API server sends it. An odd status is read as far as it goes.

        Raises:
            pydantic.ValidationError: metadata or spec do not fit the schema; the locations are wire names.
        """
        return cls.model_validate({**raw, "status": ProjectStatus.parse(raw.get("status"))})

    @property
    def remote_name(self) -> str:
        """The name that the project in the backend is to have."""
        return self.spec.name if self.spec.name is not None else self.metadata.name
