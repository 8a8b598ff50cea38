"""What goes over the wire of the Cloud Services Platform, as it is read.

Strict where something depends on it: ids, names, and all that an update is judged by. Unknown fields are ignored.
Nothing here raises on what a server sent; what cannot be used is None, and its text stays here.
"""

import binascii
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import from_json

from project_operator.api.v1alpha1.csp import CSPRoleKind
from project_operator.backends import marked_description
from project_operator.backends.answer_table.rows import ErrorDocument
from project_operator.backends.answers import clipped, quotable
from project_operator.backends.base import Group, HealthStatus, ProjectContent, ProvisioningStatus, RemoteProject
from project_operator.backends.csp.roles import role_id
from project_operator.backends.documents import Identifier, read

VRN: Final = "csp.vrn"
SCOPES: Final = "csp.subResourceServiceScopes"
"""Keys of `ProjectContent.particulars`. The ids of the scopes are in order, with commas between them."""

CUSTOM: Final = "CUSTOM"
"""The type of what people make (V2-13)."""

DEFAULT_ID: Final = "default"
"""Stands for the organization's default project in every path (V2-20): no id of ours."""

DIRECT: Final = "DIRECT"
LONGEST_WORD: Final = 256
"""Characters of a word of the server's that is shown."""

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")


def _text(value: Any) -> Any:
    return value if isinstance(value, str) else ""


def _moment(value: Any) -> Any:
    try:
        return _MOMENT.validate_python(value)
    except ValidationError:
        return None


_MOMENT: Final = TypeAdapter(datetime)

LenientText = Annotated[str, BeforeValidator(_text)]
LenientTime = Annotated[datetime | None, BeforeValidator(_moment)]


class Payload(BaseModel):
    """Base of what is read."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel)


class ErrorPayload(Payload):
    """The platform's error document (V6-1)."""

    message: LenientText = ""
    csp_error_code: LenientText = ""
    error_code: LenientText = ""
    request_id: LenientText = ""
    module_code: int | None = None
    status_code: int | None = None


class OAuthErrorPayload(BaseModel):
    """An OAuth error document (RFC 6749, 5.2)."""

    error: str
    error_description: LenientText = ""


class TokenPayload(BaseModel):
    """The answer to a sign-in (V3-3)."""

    access_token: Annotated[str, StringConstraints(pattern=r"^[!-~]+$")]
    expires_in: float | None = None


class ClaimsPayload(BaseModel):
    """What an access token says of itself (V3-8)."""

    context_name: LenientText = ""
    username: LenientText = ""


class CreatedPayload(Payload):
    """The answer to a creation (V2-1)."""

    id: Identifier


class ProjectPayload(Payload):
    """A project as it is read (V2-16)."""

    id: Identifier
    display_name: str
    description: str | None = None
    type: str | None = None
    vrn: str | None = None
    parent_project_id: str | None = None
    leaf: bool | None = None
    sub_resource_service_scopes: tuple[str, ...] | None = None
    enabled_services: tuple[str, ...] | None = None
    created_by: LenientText = ""
    creation_date: LenientTime = None
    last_modified_by: LenientText = ""
    last_modified_date: LenientTime = None


class PagePayload(Payload):
    """A page of a list (V4-1)."""

    results: list[Any]
    total_results: Annotated[int, Field(ge=0)] | None = None
    next_link: str | None = None
    errors: list[Any] | None = None


class GroupPayload(Payload):
    """A group, as far as we need it (V7-1)."""

    id: Identifier
    display_name: str


class RolePayload(Payload):
    """A role of a group (V7-2)."""

    name: str
    resource: str | None = None
    membership_type: str | None = None


class ServiceRolesPayload(Payload):
    """The roles of a group in one service."""

    service_definition_id: str
    service_roles: tuple[RolePayload, ...] | None = None


class GroupRolesPayload(Payload):
    """All roles of a group."""

    organization_roles: tuple[RolePayload, ...] | None = None
    custom_roles: tuple[RolePayload, ...] | None = None
    service_roles: tuple[ServiceRolesPayload, ...] | None = None

    def held(self, resource: str) -> Iterator[str]:
        """The ids of those that the group itself has on exactly ``resource``."""
        lists = [
            (CSPRoleKind.ORGANIZATION, "", self.organization_roles),
            (CSPRoleKind.CUSTOM, "", self.custom_roles),
            *((CSPRoleKind.SERVICE, one.service_definition_id, one.service_roles) for one in self.service_roles or ()),
        ]
        for kind, service, roles in lists:
            for role in roles or ():
                if role.resource == resource and role.membership_type == DIRECT:
                    yield role_id(kind, role.name, service)


@dataclass(frozen=True, slots=True)
class Sight:
    """A project as one answer showed it, and what decides whether it may be deleted."""

    project: RemoteProject
    type: str
    """"" where the answer does not say."""
    services: tuple[str, ...]
    """Those that are enabled in it."""
    leaf: bool
    """Whether it is known to have no children."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list."""

    items: list[Any]
    """Unread."""
    total: int | None
    """Of all pages, where it is told."""
    following: int | None
    """``pageStart`` of the next page; None after the last."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What an access token says of itself; "" where it does not."""

    organization_id: str = ""
    username: str = ""


def read_error(body: bytes, status: int) -> ErrorDocument | None:
    """The platform's error document in ``body``; None where it is somebody else's.

    A ``message`` alone is what every gateway says too; and whose ``statusCode`` is another speaks of something else.
    """
    found = read(ErrorPayload, body)
    if found is None or found.status_code not in {None, status}:
        return None
    code = found.csp_error_code or found.error_code
    if not (code or found.request_id or found.module_code is not None or found.status_code is not None):
        return None
    request_id = found.request_id if _REQUEST_ID.fullmatch(found.request_id) else ""
    return ErrorDocument(found.message, clipped(quotable(code), 64), request_id)


def read_oauth_error(body: bytes) -> ErrorDocument | None:
    """The OAuth error document in ``body``."""
    found = read(OAuthErrorPayload, body)
    return None if found is None else ErrorDocument(found.error_description, clipped(quotable(found.error), 64))


def read_page(body: bytes, path: str) -> Page | None:
    """The page in ``body`` of the list at ``path``; None where it is none, or one that is not all it should be.

    Of the link to the next page only the place is taken, and only if it leads to the same list: a link could lead our
    token anywhere.
    """
    found = read(PagePayload, body)
    if found is None or found.errors:
        return None
    if not found.next_link:
        return Page(found.results, found.total_results, None)
    try:
        link = urlsplit(found.next_link)
        starts = parse_qs(link.query).get("pageStart", [])
    except ValueError:
        return None
    if link.scheme or link.netloc or link.path != path or len(starts) != 1 or not starts[0].isdecimal():
        return None
    return Page(found.results, found.total_results, int(starts[0]))


def read_claims(token: str) -> Claims:
    """What the JWT ``token`` says (RFC 7519); its signature is the platform's affair, which gave it to us over TLS."""
    try:
        _, payload, _ = token.split(".")
        text = urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    except (ValueError, binascii.Error):
        return Claims()
    found = read(ClaimsPayload, text)
    return Claims() if found is None else Claims(found.context_name, clipped(quotable(found.username), LONGEST_WORD))


def read_sight(value: bytes, organization_id: str) -> Sight | None:
    """The project in ``value``; None where there is none that could be used."""
    payload = read(ProjectPayload, value)
    return None if payload is None else _sight(payload, organization_id)


def item_to_sight(item: Any, organization_id: str) -> Sight | None:
    """An item of a page as a project; None where it is none that could be used."""
    payload = read(ProjectPayload, item)
    return None if payload is None else _sight(payload, organization_id)


def items_to_ids(items: Sequence[Any]) -> frozenset[str] | None:
    """The ids of the items of a page; None where one has none."""
    found = [read(CreatedPayload, item) for item in items]
    ids = [item.id for item in found if item is not None]
    return frozenset(ids) if len(ids) == len(found) else None


def items_to_groups(items: Sequence[Any]) -> tuple[Group, ...] | None:
    """The items of a page as groups; None where one is none."""
    found = [read(GroupPayload, item) for item in items]
    groups = tuple(Group(item.id, item.display_name) for item in found if item is not None)
    return groups if len(groups) == len(found) else None


def parse_items(body: bytes) -> Any:
    """JSON text, taken apart; None where it is none."""
    try:
        return from_json(body)
    except ValueError:
        return None


def scopes_word(scopes: Sequence[str]) -> str:
    """Ids of service definitions in the one form in which they are compared."""
    return ",".join(sorted(set(scopes)))


def _sight(payload: ProjectPayload, organization_id: str) -> Sight:
    description, mark = marked_description.read(payload.description)
    services = tuple(sorted(payload.enabled_services or ()))
    particulars = {VRN: payload.vrn or "", SCOPES: scopes_word(payload.sub_resource_service_scopes or ())}
    raw = {"type": payload.type or "", "enabledServices": ", ".join(services)}
    project = RemoteProject(
        id=payload.id,
        organization_id=organization_id,
        content=ProjectContent(
            name=payload.display_name,
            description=description,
            mark=mark,
            parent_id=payload.parent_project_id or None,
            particulars={path: value for path, value in particulars.items() if value},
        ),
        provisioning_status=ProvisioningStatus.PROVISIONED,
        health_status=HealthStatus.HEALTHY,
        raw_status={name: clipped(quotable(value), LONGEST_WORD) for name, value in raw.items() if value},
        creation_time=_in_utc(payload.creation_date),
        created_by=payload.created_by,
        modified_time=_in_utc(payload.last_modified_date),
        modified_by=payload.last_modified_by,
    )
    return Sight(project, payload.type or "", services, leaf=payload.leaf is True)


def _in_utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
