"""Request bodies: the schemas of the API pages, strict about what they name and silent about what they do not."""

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from project_operator.sandbox.identity.exchange import Subject
from project_operator.sandbox.identity.otc.refusals import invalid

LONGEST_BODY: Final = 32 * 1024
"""Bytes (T2-12)."""

_CONTENT_TYPE: Final = re.compile(r"application/json\s*;\s*charset=utf-?8", re.IGNORECASE)

Name = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
"""T1-8, T1-10."""
Description = Annotated[str, StringConstraints(max_length=255)]
"""T1-13."""


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class NewProject(_Body):
    """What a creation says (T1-1)."""

    name: Name
    parent_id: str | None = None
    domain_id: str | None = None
    description: Description = ""


class CreateProject(_Body):
    """Body of POST."""

    project: NewProject


class ProjectChanges(_Body):
    """What a PATCH says (T1-5)."""

    name: Name | None = None
    description: Description | None = None


class ModifyProject(_Body):
    """Body of PATCH."""

    project: ProjectChanges


class StatusChange(_Body):
    """What sets the status (T1-6)."""

    status: Literal["suspended", "normal"]


class SetStatus(_Body):
    """Body of PUT."""

    project: StatusChange


class NamedDomain(_Body):
    """A domain, by its name or its id."""

    id: str | None = None
    name: str | None = None


class SignInUser(_Body):
    """Who signs in (T3-2)."""

    name: str
    password: str
    domain: NamedDomain


class SignInPassword(_Body):
    """With a password."""

    user: SignInUser


class SignInIdentity(_Body):
    """How one signs in."""

    methods: tuple[Literal["password"], ...]
    password: SignInPassword


class NamedProject(_Body):
    """A project as a scope."""

    id: str | None = None
    name: str | None = None


class SignInScope(_Body):
    """What the token is for (T3-3)."""

    domain: NamedDomain | None = None
    project: NamedProject | None = None


class SignInAuth(_Body):
    """Who, and what for."""

    identity: SignInIdentity
    scope: SignInScope = SignInScope()


class SignIn(_Body):
    """Body of POST to ``/v3/auth/tokens``."""

    auth: SignInAuth


B = TypeVar("B", bound=_Body)


def decode(schema: type[B], body: bytes) -> B:
    """The body; the refusal of what does not fit."""
    if len(body) > LONGEST_BODY:
        raise invalid("Request body is too large")
    try:
        return schema.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise invalid(f"{'.'.join(map(str, first['loc'])) or 'body'}: {first['msg']}") from None


def check_content_type(headers: Mapping[str, str]) -> None:
    """T3-6: refuse what does not say exactly what the pages ask for."""
    if not _CONTENT_TYPE.fullmatch(headers.get("content-type", "").strip()):
        raise invalid("Content-Type must be application/json;charset=utf8")


def subject(body: bytes) -> Subject:
    """Name and description in the body, the description's words as tags, so that a mark can be found."""
    try:
        document: Any = json.loads(body or b"null")
    except ValueError:
        return Subject()
    project = document.get("project") if isinstance(document, dict) else None
    if not isinstance(project, dict):
        return Subject()
    name, description = project.get("name"), project.get("description")
    words = description.split() if isinstance(description, str) else []
    return Subject(name if isinstance(name, str) else "", tuple(("description", word) for word in words))
