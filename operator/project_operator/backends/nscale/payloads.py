"""What goes over the wire of nscale Identity, both ways.

Read leniently where nothing depends on it (times, names of people, statuses), strictly where something does: what a
project is called, who it belongs to, and all that an update would write back. Unknown fields are ignored. Nothing
here raises on what a server sent; what cannot be used is None, and its text stays here.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from sys import intern
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from project_operator.api.names import MARK_TAG
from project_operator.backends.answer_table.rows import ErrorDocument
from project_operator.backends.answers import clipped, quotable
from project_operator.backends.base import Group, ProjectContent, RemoteProject, Tag
from project_operator.backends.documents import Identifier, read
from project_operator.backends.nscale.statuses import health_status, provisioning_status

CONFLICTING_MARKS: Final = "conflicting"
"""The mark of a project whose reserved tag is there several times with different values: equal to nobody's."""

LONGEST_WORD: Final = 256
"""Characters of a word of the server's that stands in status."""

_STATUS_WORDS: Final = (
    "provisioningStatus",
    "provisioningStatusDetail.reason",
    "provisioningStatusDetail.message",
    "healthStatus",
    "healthStatusDetail.reason",
    "healthStatusDetail.message",
)
_TRACE: Final = re.compile(r"[0-9a-fA-F-]{1,64}")


def _text_or_nothing(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _trace_or_nothing(value: Any) -> str:
    return value if isinstance(value, str) and _TRACE.fullmatch(value) else ""


def _time_or_nothing(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _time(value: Any) -> datetime | None:
    moment = _time_or_nothing(value)
    if value is not None and moment is None:
        raise ValueError("must be a time")
    return moment


def object_or_nothing(value: Any) -> Any:
    """``value`` where it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


LenientText = Annotated[str, BeforeValidator(_text_or_nothing)]
LenientTime = Annotated[datetime | None, BeforeValidator(_time_or_nothing)]


class Payload(BaseModel):
    """Base of what is read."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel)


class ErrorPayload(Payload):
    """nscale's error document (N3.4-1)."""

    error: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,64}$")] = Field(alias="error")
    error_description: str = Field(alias="error_description")
    trace_id: Annotated[str, BeforeValidator(_trace_or_nothing)] = Field(default="", alias="trace_id")


class TagPayload(Payload):
    """A tag."""

    name: str
    value: str


class StatusDetail(Payload):
    """Why a status is what it is; from 1.18 on (N1.2-7)."""

    reason: LenientText = ""
    message: LenientText = ""


Detail = Annotated[StatusDetail, BeforeValidator(object_or_nothing)]


class Metadata(Payload):
    """What all resources of an organization have in common (N1.2)."""

    id: Identifier
    name: str
    organization_id: Identifier
    description: str | None = None
    tags: tuple[TagPayload, ...] | None = None
    creation_time: LenientTime = None
    created_by: LenientText = ""
    modified_time: LenientTime = None
    modified_by: LenientText = ""
    deletion_time: Annotated[datetime | None, BeforeValidator(_time)] = None
    provisioning_status: LenientText = ""
    health_status: LenientText = ""
    provisioning_status_detail: Detail = StatusDetail()
    health_status_detail: Detail = StatusDetail()


class ProjectSpecPayload(Payload):
    """A Go server without groups may write null."""

    group_ids: tuple[str, ...] | None = Field(alias="groupIDs")


class ProjectPayload(Payload):
    """A project as it is read."""

    metadata: Metadata
    spec: ProjectSpecPayload


class Named(Payload):
    """Of a resource whose id alone matters."""

    id: Identifier
    name: LenientText = ""


class IdentifiedPayload(Payload):
    """An organization: what we need of it."""

    metadata: Named


class GroupMetadata(Payload):
    """Of a group, what we need."""

    id: Identifier
    name: str
    organization_id: Identifier


class GroupPayload(Payload):
    """A group as it is read."""

    metadata: GroupMetadata


class VersionPayload(Payload):
    """``GET /api/version``, from 1.17.5 on (N5-6)."""

    version: str


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization that the credential sees."""

    id: str
    name: str


_ORGANIZATIONS: Final = TypeAdapter(tuple[IdentifiedPayload, ...])
_GROUPS: Final = TypeAdapter(tuple[GroupPayload, ...])


def read_error(body: bytes) -> ErrorDocument | None:
    """The error document in ``body``; None where it is something else."""
    found = read(ErrorPayload, body)
    return None if found is None else ErrorDocument(found.error_description, found.error, found.trace_id)


def read_project(body: bytes) -> RemoteProject | None:
    """The project in ``body``; None where there is none that could be used."""
    payload = read(ProjectPayload, body)
    return None if payload is None else _remote_project(payload)


def item_to_project(item: Any) -> RemoteProject | None:
    """One item of a listing as a project; None where it is none that could be used."""
    payload = read(ProjectPayload, item)
    return None if payload is None else _remote_project(payload)


def read_groups(body: bytes, organization_id: str) -> tuple[Group, ...] | None:
    """The groups of ``organization_id`` in ``body``, without those of others that may be mixed in (N4-3)."""
    try:
        groups = _GROUPS.validate_json(body)
    except ValidationError:
        return None
    return tuple(
        Group(group.metadata.id, group.metadata.name)
        for group in groups
        if group.metadata.organization_id == organization_id
    )


def read_organizations(body: bytes) -> tuple[Organization, ...] | None:
    """The organizations in ``body``."""
    try:
        payloads = _ORGANIZATIONS.validate_json(body)
    except ValidationError:
        return None
    return tuple(Organization(payload.metadata.id, payload.metadata.name) for payload in payloads)


def read_version(body: bytes) -> str:
    """The server's version in ``body``, or ""."""
    found = read(VersionPayload, body)
    return "" if found is None else clipped(quotable(found.version), LONGEST_WORD)


def write_project(content: ProjectContent) -> bytes:
    """The body of POST and PUT: the whole content, for a PUT erases what is missing (N1.4-1).

    ``groupIDs`` is always there, as null and absence are refused (N1.1-4); a description that is absent and one that
    is empty differ (N1.1-2).
    """
    tags = [{"name": tag.name, "value": tag.value} for tag in content.tags]
    if content.mark:
        tags.append({"name": MARK_TAG, "value": content.mark})
    metadata: dict[str, Any] = {"name": content.name}
    if content.description is not None:
        metadata["description"] = content.description
    if tags:
        metadata["tags"] = tags
    return json.dumps({"metadata": metadata, "spec": {"groupIDs": list(content.group_ids)}}).encode("ascii")


def _remote_project(payload: ProjectPayload) -> RemoteProject:
    metadata = payload.metadata
    return RemoteProject(
        id=intern(metadata.id),
        organization_id=intern(metadata.organization_id),
        content=_content(payload),
        provisioning_status=provisioning_status(metadata.provisioning_status),
        health_status=health_status(metadata.health_status),
        raw_status=_raw_status(metadata),
        creation_time=metadata.creation_time,
        created_by=intern(metadata.created_by),
        modified_time=metadata.modified_time,
        modified_by=intern(metadata.modified_by),
        deletion_time=metadata.deletion_time,
    )


def _content(payload: ProjectPayload) -> ProjectContent:
    tags = payload.metadata.tags or ()
    marks = {tag.value for tag in tags if tag.name == MARK_TAG}
    return ProjectContent(
        name=payload.metadata.name,
        description=payload.metadata.description,
        tags=tuple(Tag(tag.name, tag.value) for tag in tags if tag.name != MARK_TAG),
        group_ids=payload.spec.group_ids or (),
        mark=marks.pop() if len(marks) == 1 else CONFLICTING_MARKS if marks else "",
    )


def _raw_status(metadata: Metadata) -> Mapping[str, str]:
    return _words(
        metadata.provisioning_status,
        metadata.provisioning_status_detail.reason,
        metadata.provisioning_status_detail.message,
        metadata.health_status,
        metadata.health_status_detail.reason,
        metadata.health_status_detail.message,
    )


@lru_cache(maxsize=256)
def _words(*words: str) -> Mapping[str, str]:
    """One for all the projects of which the server says the same."""
    named = zip(_STATUS_WORDS, words, strict=True)
    return {name: clipped(quotable(word), LONGEST_WORD) for name, word in named if word}
