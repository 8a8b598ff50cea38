"""Request bodies: the schemas of the API pages, strict about what they name and silent about what they do not."""

import json
from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from project_operator.sandbox.identity.csp.refusals import invalid
from project_operator.sandbox.identity.exchange import Subject

UpTo255 = Annotated[str, StringConstraints(max_length=255)]
"""V2-9, V2-10."""


class _Body(BaseModel):
    model_config = ConfigDict(
        strict=True, extra="ignore", frozen=True, alias_generator=to_camel, validate_by_name=False
    )


class CreateProject(_Body):
    """Body of POST (V2-9 to V2-14)."""

    display_name: UpTo255
    description: UpTo255 | None = None
    parent_project_id: str | None = None
    sub_resource_service_scopes: tuple[str, ...] | None = None
    type: Literal["CUSTOM", "SYSTEM", "ORG_DEFAULT"] = "CUSTOM"
    vrn: str | None = None


class ModifyProject(_Body):
    """Body of PATCH; type and scopes are not in it (V2-12, V2-13, V2-15)."""

    display_name: UpTo255 | None = None
    description: UpTo255 | None = None
    new_parent_project_id: str | None = None
    make_root: bool = False
    vrn: str | None = None


class RoleName(_Body):
    """A role in a PATCH of a group's roles (V7-3)."""

    name: str
    resource: str = ""


class RoleChanges(_Body):
    """What is to come, and what is to go."""

    roles_to_add: tuple[RoleName, ...] = ()
    roles_to_remove: tuple[RoleName, ...] = ()


class ServiceRoleChanges(RoleChanges):
    """The same in one service."""

    service_definition_id: str


class ChangeRoles(_Body):
    """Body of PATCH of a group's roles."""

    organization_roles: RoleChanges = RoleChanges()
    custom_roles: RoleChanges = RoleChanges()
    service_roles: tuple[ServiceRoleChanges, ...] = ()
    notify_users_in_groups: bool = True


B = TypeVar("B", bound=_Body)


def decode(schema: type[B], headers: Mapping[str, str], body: bytes) -> B:
    """The body; the refusal of what does not fit."""
    if _media_type(headers) != "application/json":
        raise invalid("Content-Type must be application/json")
    try:
        return schema.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise invalid(f"{'.'.join(map(str, first['loc'])) or 'body'}: {first['msg']}") from None


def form(headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    """The fields of a form."""
    if _media_type(headers) != "application/x-www-form-urlencoded":
        raise invalid("Content-Type must be application/x-www-form-urlencoded")
    return dict(parse_qsl(body.decode("latin-1"), keep_blank_values=True))


def subject(body: bytes) -> Subject:
    """Name and description in the body, the description's words as tags, so that a mark can be found."""
    try:
        document = json.loads(body or b"null")
    except ValueError:
        return Subject()
    if not isinstance(document, dict):
        return Subject()
    name, description = document.get("displayName"), document.get("description")
    words = description.split() if isinstance(description, str) else []
    return Subject(name if isinstance(name, str) else "", tuple(("description", word) for word in words))


def _media_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()
