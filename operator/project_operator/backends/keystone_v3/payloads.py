"""What goes over the wire of Keystone, both ways.

Strict where something depends on it: ids, what a project is called and whose it is, and all that an update is judged
by. Unknown fields are ignored. Nothing here raises on what a server sent; what cannot be used is None, and its text
stays here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StringConstraints
from pydantic_core import from_json

from project_operator.backends.answer_table.rows import ErrorDocument
from project_operator.backends.base import (
    Group,
    HealthStatus,
    ProjectContent,
    ProvisioningStatus,
    RemoteProject,
    Role,
    RoleAssignment,
)
from project_operator.backends.documents import Identifier, read
from project_operator.backends.keystone_v3.mark_place import MarkPlace

IS_DOMAIN: Final = "keystone.isDomain"
DOMAIN_ID: Final = "keystone.domainID"
IMMUTABLE: Final = "keystone.immutable"
"""Keys of `ProjectContent.particulars`."""


def _none_if_empty(value: Any) -> Any:
    return None if value == "" else value


class Payload(BaseModel):
    """Base of what is read."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class ErrorPayload(Payload):
    """What Keystone says of an error (K2-1)."""

    code: int
    message: str
    title: str = ""


class ErrorEnvelope(Payload):
    """Keystone's error document."""

    error: ErrorPayload


class OptionsPayload(Payload):
    """Resource options."""

    immutable: StrictBool | None = None


class ProjectPayload(Payload):
    """A project as it is read; one that is a domain has no ``domain_id`` (K8-4)."""

    id: Identifier
    name: str
    domain_id: Identifier | None = None
    parent_id: Identifier | None = None
    is_domain: StrictBool = False
    enabled: StrictBool
    description: str | None = None
    tags: tuple[str, ...] = ()
    options: OptionsPayload = OptionsPayload()


class ProjectDocument(Payload):
    """An answer that holds a project."""

    project: ProjectPayload


class NamedPayload(Payload):
    """A group, a role or a domain: what we need of it."""

    id: Identifier
    name: str


class DomainDocument(Payload):
    """An answer that holds a domain."""

    domain: NamedPayload


class DomainConfigDocument(Payload):
    """An answer that holds the configuration of a domain: options, by the group that they are in (K8-11)."""

    config: dict[str, Any]


class IdentityProviderPayload(Payload):
    """An identity provider, and the domain that its users are in. Its id is a name that people gave it."""

    id: str
    domain_id: Identifier


class IdPayload(Payload):
    """What is named by its id."""

    id: Identifier


class AssignmentScope(Payload):
    """What an assignment is on."""

    project: IdPayload
    inherited_to: Any = Field(default=None, alias="OS-INHERIT:inherited_to")


class AssignmentPayload(Payload):
    """A role assignment, of a group or of a user."""

    scope: AssignmentScope
    role: IdPayload
    group: IdPayload | None = None


class UserPayload(Payload):
    """Who a token is of."""

    name: str = ""
    password_expires_at: Annotated[datetime | None, BeforeValidator(_none_if_empty)] = None
    """Some who speak the protocol write "" where it does not end (T3-8)."""


class ScopeProjectPayload(IdPayload):
    """The project that a token is for."""

    domain: NamedPayload | None = None


class TokenPayload(Payload):
    """A token's own account of itself."""

    issued_at: datetime | None = None
    expires_at: datetime
    user: UserPayload = UserPayload()
    domain: NamedPayload | None = None
    project: ScopeProjectPayload | None = None


class TokenDocument(Payload):
    """The answer to a sign-in."""

    token: TokenPayload


class VersionPayload(Payload):
    """Which version of the API is served."""

    id: Annotated[str, StringConstraints(pattern=r"^v3(\.\d{1,3})?$")]


class VersionDocument(Payload):
    """The answer of ``GET /v3``."""

    version: VersionPayload


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list."""

    items: list[Any]
    """Unread."""
    marker: str
    """Where the next page begins; "" after the last."""


def read_error(body: bytes) -> ErrorDocument | None:
    """The error document in ``body``; None where it is something else."""
    found = read(ErrorEnvelope, body)
    return None if found is None else ErrorDocument(found.error.message)


def peek(body: bytes, key: str) -> tuple[list[Any], bool] | None:
    """The items under ``key`` of a page, unread, and whether there are more, said in whatever way; None: it is none."""
    try:
        document = from_json(body)
    except ValueError:
        return None
    if not isinstance(document, dict) or not isinstance(items := document.get(key), list):
        return None
    links = document.get("links")
    return items, bool(document.get("truncated") or (isinstance(links, dict) and links.get("next")))


def read_page(body: bytes, key: str) -> Page | None:
    """The page in ``body`` whose items stand under ``key``; None where it is none, or one that hides its end.

    Of the link to the next page only the marker is taken: a server behind a proxy does not know its own address, and
    a link could lead our token anywhere.
    """
    try:
        document = from_json(body)
    except ValueError:
        return None
    if not isinstance(document, dict) or not isinstance(items := document.get(key), list):
        return None
    links = document.get("links")
    following = links.get("next") if isinstance(links, dict) else None
    if following is None:
        # A server that cuts its lists and gives no link to the rest (before 27.0.0) says so (K5-9).
        return None if document.get("truncated") else Page(items, "")
    if not isinstance(following, str):
        return None
    try:
        markers = parse_qs(urlsplit(following).query).get("marker", [])
    except ValueError:
        return None
    return Page(items, markers[0]) if len(markers) == 1 and markers[0] else None


def read_project(value: bytes, place: MarkPlace) -> RemoteProject | None:
    """The project in ``value``; None where there is none that could be used."""
    document = read(ProjectDocument, value)
    return None if document is None else _remote_project(document.project, place)


def item_to_project(item: Any, place: MarkPlace) -> RemoteProject | None:
    """An item of a page as a project; None where it is none that could be used."""
    payload = read(ProjectPayload, item)
    return None if payload is None else _remote_project(payload, place)


def item_to_group(item: Any) -> Group | None:
    """An item of a page as a group; None where it is none."""
    payload = read(NamedPayload, item)
    return None if payload is None else Group(payload.id, payload.name)


def item_to_role(item: Any) -> Role | None:
    """An item of a page as a role; None where it is none."""
    payload = read(NamedPayload, item)
    return None if payload is None else Role(payload.id, payload.name)


def items_to_assignments(items: Sequence[Any], project_id: str) -> tuple[RoleAssignment, ...] | None:
    """What groups have on ``project_id`` itself: not what is inherited, nor what users have (K7-4)."""
    found: list[RoleAssignment] = []
    for item in items:
        payload = read(AssignmentPayload, item)
        if payload is None:
            return None
        if payload.group and payload.scope.project.id == project_id and payload.scope.inherited_to is None:
            found.append(RoleAssignment(payload.group.id, payload.role.id))
    return tuple(sorted(found))


def lifetime(token: TokenPayload, now: datetime) -> float:
    """Seconds that ``token`` lives, by the server's own clock where it says when it began, else by ``now`` (aware)."""
    return max(0.0, (in_utc(token.expires_at) - in_utc(token.issued_at or now)).total_seconds())


def in_utc(moment: datetime) -> datetime:
    """``moment``, aware: Keystone's times are UTC, also where they do not say so."""
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _remote_project(payload: ProjectPayload, place: MarkPlace) -> RemoteProject | None:
    organization_id = payload.id if payload.is_domain else payload.domain_id
    if organization_id is None:
        return None
    description, tags, mark = place.read(payload.description, payload.tags)
    particulars = {IS_DOMAIN: _word(payload.is_domain), IMMUTABLE: _word(payload.options.immutable)}
    if not payload.is_domain:
        particulars[DOMAIN_ID] = organization_id
    return RemoteProject(
        id=payload.id,
        organization_id=organization_id,
        content=ProjectContent(
            name=payload.name,
            description=description,
            tags=tags,
            mark=mark,
            enabled=payload.enabled,
            parent_id=payload.parent_id,
            particulars=particulars,
        ),
        provisioning_status=ProvisioningStatus.PROVISIONED,
        health_status=HealthStatus.HEALTHY,
        raw_status={"enabled": _word(payload.enabled)},
    )


def _word(value: bool | None) -> str:  # noqa: FBT001 - it is what is spelled
    return "true" if value else "false"
