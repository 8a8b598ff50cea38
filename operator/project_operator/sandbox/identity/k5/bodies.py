"""Request bodies: what the API pages name and nothing else, so that what is sent is seen to be documented."""

import json
from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from project_operator.sandbox.identity.exchange import Subject
from project_operator.sandbox.identity.k5.refusals import invalid

Name = Annotated[str, StringConstraints(min_length=4, max_length=64, pattern=r"^[A-Za-z0-9+=,.@_-]+$")]
"""F2-3."""
Description = Annotated[str, StringConstraints(max_length=255)]
"""F2-4."""


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class NewProject(_Body):
    """What POST takes (F2-3 to F2-7)."""

    name: Name
    domain_id: str = "default"
    description: Description = ""
    enabled: bool = True
    parent_id: None = None


class CreateProject(_Body):
    """Body of POST."""

    project: NewProject


class ProjectChanges(_Body):
    """What PATCH takes (F2-8)."""

    name: Name | None = None
    description: Description | None = None
    enabled: bool | None = None


class UpdateProject(_Body):
    """Body of PATCH."""

    project: ProjectChanges


class DomainName(_Body):
    """A domain, by id or by name."""

    id: str = ""
    name: str = ""


class User(_Body):
    """Who signs in: by id, or by name and domain (F3-1)."""

    id: str = ""
    name: str = ""
    domain: DomainName = DomainName()
    password: str


class Password(_Body):
    """The one method that the embedded service knows."""

    user: User


class Identity(_Body):
    """Who signs in, and how."""

    methods: tuple[Literal["password"]]
    password: Password


class ProjectName(DomainName):
    """A project, by id, or by name in a domain."""

    domain: DomainName = DomainName()


class WantedScope(_Body):
    """What the token is to be for (F3-4)."""

    project: ProjectName | None = None
    domain: DomainName | None = None


class Auth(_Body):
    """What signing in takes."""

    identity: Identity
    scope: WantedScope | None = None


class SignIn(_Body):
    """Body of POST for a token."""

    auth: Auth


B = TypeVar("B", bound=_Body)


def decode(schema: type[B], headers: Mapping[str, str], body: bytes) -> B:
    """The body; the refusal of what does not fit, without what was sent: it may be a password."""
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise invalid("Content-Type must be application/json")  # F1-3
    try:
        return schema.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise invalid(f"{'.'.join(map(str, first['loc'])) or 'body'}: {first['msg']}") from None


def subject(body: bytes) -> Subject:
    """Name and description in the body, the description's words as tags, so that a mark can be found."""
    try:
        document = json.loads(body or b"null")
    except ValueError:
        return Subject()
    project = document.get("project") if isinstance(document, dict) else None
    if not isinstance(project, dict):
        return Subject()
    name, description = project.get("name"), project.get("description")
    words = description.split() if isinstance(description, str) else []
    return Subject(name if isinstance(name, str) else "", tuple(("description", word) for word in words))
