"""The status of the kind Project: what is, written by the operator alone."""

from itertools import accumulate
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from project_operator.api.schema import LIST_TYPE, ApiModel, Bool, Int
from project_operator.api.v1alpha1.types import (
    MOST_ROLES,
    StatusDescription,
    StatusMessage,
    StatusModel,
    StatusText,
    StatusValue,
    Timestamp,
    clip,
    clip_list,
    clip_map,
)


class ProjectBackendStatus(ApiModel):
    """The backend object that a project was made with."""

    kind: StatusText
    """Kind of the backend object."""
    name: StatusText
    """Name of the backend object."""
    uid: StatusText
    """Uid of the backend object."""


class ProjectOperation(ApiModel):
    """The call in flight."""

    type: StatusText
    """`Create`, `Update` or `Delete`."""
    state: StatusText
    """How far it is; `Accepted` once the backend has answered, until it has finished."""
    start_time: Timestamp | None = None
    """When it was begun."""
    accepted_time: Timestamp | None = None
    """When the backend accepted it."""
    message: StatusMessage = ""
    """What is being waited for."""


class TagStatus(ApiModel):
    """A tag as the backend shows it."""

    name: StatusText
    """Name of the tag."""
    value: StatusText
    """Value of the tag; may be empty."""


TagStatuses = Annotated[
    tuple[TagStatus, ...], Field(max_length=128, json_schema_extra={LIST_TYPE: "atomic"}), clip_list(128)
]
MOST_TAG_CHARACTERS: Final = 32_768


def _as_many_as_fit(tags: Any) -> Any:
    """The first tags, as long as their texts have room: a status must fit into what etcd takes, whatever a server says.
    Real tags have: Keystone's 80 of 255 characters, for one.
    """
    if not isinstance(tags, (list, tuple)):
        return tags
    lengths = (len(tag.name) + len(tag.value) if isinstance(tag, TagStatus) else 0 for tag in tags)
    return tuple(tag for tag, so_far in zip(tags, accumulate(lengths), strict=True) if so_far <= MOST_TAG_CHARACTERS)


ObservedTags = Annotated[TagStatuses, BeforeValidator(_as_many_as_fit)]
StatusID = Annotated[str, Field(max_length=128), clip(128)]
StatusIDs = Annotated[
    tuple[StatusID, ...], Field(max_length=200, json_schema_extra={LIST_TYPE: "atomic"}), clip_list(200)
]


class RoleAssignmentStatus(ApiModel):
    """A role that a group has on the project itself."""

    group_id: StatusID
    """Id of the group."""
    role_id: StatusID
    """Id of the role."""


RoleAssignmentStatuses = Annotated[
    tuple[RoleAssignmentStatus, ...],
    Field(max_length=2 * MOST_ROLES, json_schema_extra={LIST_TYPE: "atomic"}),
    clip_list(2 * MOST_ROLES),
]
"""Twice what a spec may name: while one is replaced by another, both are ours."""


class ObservedProject(ApiModel):
    """The project as it was last read."""

    name: StatusText | None = None
    """Name."""
    description: StatusDescription | None = None
    """Description."""
    tags: ObservedTags | None = None
    """Tags, without the operator's own; the first of them, where they are very many and long."""
    group_ids: StatusIDs | None = None
    """Ids of the groups."""
    role_assignments: RoleAssignmentStatuses | None = None
    """Roles of groups on the project, where the backend grants them and the spec manages `groups`."""
    enabled: Bool | None = None
    """Whether it can be used, where the backend can switch projects off."""
    parent_id: StatusText | None = None
    """Id of its parent, where projects form a tree."""
    particulars: Annotated[dict[str, StatusText], Field(max_length=8), clip_map(8)] | None = None
    """What only its family of backends has, by the path of the field in the spec, such as `keystone.immutable`."""
    creation_time: Timestamp | None = None
    """When it was created."""
    created_by: StatusText | None = None
    """Who created it, as the backend says it."""
    modified_time: Timestamp | None = None
    """When it was last changed."""
    modified_by: StatusText | None = None
    """Who last changed it, as the backend says it."""
    deletion_time: Timestamp | None = None
    """When its deletion was accepted."""
    raw: Annotated[dict[str, StatusValue], Field(max_length=16), clip_map(16)] | None = None
    """Its state in the backend's own words, unnormalised."""


class AppliedProject(ApiModel):
    """What the operator set, and so owns; absent: not managed."""

    name: StatusText | None = None
    """Name."""
    description: StatusDescription | None = None
    """Description."""
    tags: TagStatuses | None = None
    """Tags; others that the project has are not ours."""
    group_ids: StatusIDs | None = None
    """Ids of groups; others that the project has are not ours."""
    role_assignments: RoleAssignmentStatuses | None = None
    """Roles of groups; others that the project has are not ours."""
    generation: Int | None = None
    """The `metadata.generation` whose content was last read back from the backend as it should be."""


class DeletionPolicyStatus(ApiModel):
    """The deletion policy in force."""

    policy: StatusText
    """`Delete`, `Orphan` or `Disable`."""
    source: StatusText
    """Where it comes from: the Project, the backend object, or the default of the backend."""


class DriftEntry(ApiModel):
    """A difference between what is wanted and what is."""

    field: StatusText
    """Which field of the spec."""
    desired: StatusValue = ""
    """What it should be."""
    observed: StatusValue = ""
    """What it is."""
    since: Timestamp
    """When the difference was first seen."""


class PlannedCallStatus(ApiModel):
    """A call to the backend that would be made."""

    verb: Annotated[str, Field(max_length=16), clip(16)]
    """Its HTTP method."""
    target: Annotated[str, Field(max_length=256), clip(256)]
    """Its path."""
    summary: StatusID
    """What it would do."""


MOST_CALLS: Final = 2 * MOST_ROLES
PlannedCalls = Annotated[
    tuple[PlannedCallStatus, ...],
    Field(max_length=MOST_CALLS, json_schema_extra={LIST_TYPE: "atomic"}),
    clip_list(MOST_CALLS),
]
DriftEntries = Annotated[
    tuple[DriftEntry, ...], Field(max_length=10, json_schema_extra={LIST_TYPE: "atomic"}), clip_list(10)
]
MOST_FORMER_IDS: Final = 100
FormerIDs = Annotated[
    tuple[Annotated[str, Field(max_length=128)], ...],
    Field(max_length=MOST_FORMER_IDS, json_schema_extra={LIST_TYPE: "atomic"}),
]
"""Never clipped: an id that fell out of such a list could be adopted again."""


class ProjectStatus(StatusModel):
    """What is. Written by the operator alone."""

    id: Annotated[str, Field(max_length=128)] | None = None
    """Id of the project in the backend; it stays when the project is gone, until a new one is created."""
    name: StatusText | None = None
    """Name in force of the project in the backend."""
    organization_id: StatusText | None = None
    """Id of the organization it is in."""
    backend_ref: ProjectBackendStatus | None = None
    """The backend object it was made with. Never changes."""
    endpoint_id: StatusText | None = None
    """Fingerprint of the backend's type, URL and organization it was made with. Never changes."""
    provisioning_status: StatusText | None = None
    """`unknown`, `pending`, `provisioning`, `provisioned`, `deprovisioning` or `error`, mirrored from the backend."""
    health_status: StatusText | None = None
    """`unknown`, `healthy`, `degraded` or `error`, mirrored from the backend."""
    operation: ProjectOperation | None = None
    """The call in flight."""
    origin: StatusText | None = None
    """How the id came here: `Created`, `Imported`, `Resumed`, where an earlier Project of this name had left the
    project disabled, or `Restored`, where it was found after a restore from a backup. What was not created is never
    created anew."""
    attempt: Annotated[str, Field(max_length=64)] | None = None
    """Token of the last attempt to create; compared, never interpreted."""
    observed: ObservedProject | None = None
    """The project as it was last read."""
    applied: AppliedProject | None = None
    """What the operator set, and so owns."""
    deletion_policy: DeletionPolicyStatus | None = None
    """The deletion policy in force and where it comes from."""
    condemned: FormerIDs = ()
    """Ids of further projects that carry this object's mark. They are never adopted."""
    gone_ids: FormerIDs = ()
    """Ids that this object had and that are proved to be gone. They are never adopted."""
    drift: DriftEntries = ()
    """What differs between spec and project."""
    plan: PlannedCalls = ()
    """The calls that would be made; only with `managementPolicy: Plan`."""
    last_handled_reconcile_at: StatusText | None = None
    """The last value of the annotation `identity.project-operator.dev/reconcile-requested-at` that was acted upon."""
