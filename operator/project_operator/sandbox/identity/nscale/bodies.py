"""Request bodies: the schemas of the API page, strict about what they name and silent about what they do not (N1.1)."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from project_operator.sandbox.identity.exchange import Subject
from project_operator.sandbox.identity.nscale.refusals import Refusal, internal, invalid
from project_operator.sandbox.identity.nscale.resources import Tags

NAME_PATTERN: Final = r"^[0-9A-Za-z](?:[0-9A-Za-z-_.]{0,61}[0-9A-Za-z])?$"
"""A Kubernetes label value that is not empty (N1.1-1)."""


class _Body(BaseModel):
    """Strict JSON types; unknown fields are accepted and dropped (N1.1-5); null is a value of no field."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class TagBody(_Body):
    """Both are needed; neither has a limit, and a tag may occur twice (N1.1-3)."""

    name: str
    value: str


class MetadataBody(_Body):
    """``metadata`` of every write."""

    name: Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
    description: str = ""
    tags: tuple[TagBody, ...] = ()

    @property
    def described(self) -> str | None:
        """Absent and empty are told apart (N1.1-2)."""
        return self.description if "description" in self.model_fields_set else None

    @property
    def tag_pairs(self) -> Tags:
        return tuple((tag.name, tag.value) for tag in self.tags)


class ProjectSpecBody(_Body):
    """``groupIDs`` may be empty but not absent (N1.1-4)."""

    model_config = ConfigDict(alias_generator=lambda _: "groupIDs")

    group_ids: tuple[str, ...]


class ServiceAccountSpecBody(ProjectSpecBody):
    """The groups a service account is to be a member of."""


class GroupSpecBody(_Body):
    """Roles and members of a group; ``subjects`` stands beside the older ``userIDs`` (N4-4)."""

    model_config = ConfigDict(alias_generator=lambda name: to_camel(name).replace("Ids", "IDs"))

    role_ids: tuple[str, ...]
    service_account_ids: tuple[str, ...]
    user_ids: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()


class WriteBody(_Body):
    """What every write has in common."""

    schema_name: ClassVar[str]
    metadata: MetadataBody


class ProjectWrite(WriteBody):
    """Body of POST and PUT of a project."""

    schema_name = "projectWrite"
    spec: ProjectSpecBody


class GroupWrite(WriteBody):
    """Body of POST and PUT of a group."""

    schema_name = "groupWrite"
    spec: GroupSpecBody


class ServiceAccountWrite(WriteBody):
    """Body of POST and PUT of a service account."""

    schema_name = "serviceAccountWrite"
    spec: ServiceAccountSpecBody


B = TypeVar("B", bound=WriteBody)


def validate(schema: type[B], headers: Mapping[str, str], body: bytes, *, terse: bool) -> B | Refusal:
    """The body, or what its decoding will answer; raises the refusal of a body that fails the schema.

    The two are apart because rights are checked between them (N1.3-11). The only body that passes the schema and cannot
    be decoded is one whose ``metadata`` is no object: the page's schema gives ``resourceMetadata`` no type.
    """
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise _violation(terse, f'header Content-Type has unexpected value "{headers.get("content-type", "")}"')
    if not body:
        raise _violation(terse, "value is required but missing")
    try:
        return schema.model_validate_json(body)
    except ValidationError as error:
        first, *others = error.errors(include_url=False)
        location = "/" + "/".join(str(part) for part in first["loc"])
        if location == "/metadata" and first["type"] == "model_type" and first["input"] is not None and not others:
            return internal()
        message = (
            f'doesn\'t match schema #/components/schemas/{schema.schema_name}: Error at "{location}": {first["msg"]}'
        )
        raise _violation(terse, message) from None


def _violation(terse: bool, detail: str) -> Refusal:  # noqa: FBT001 - private, called by position three times
    return invalid("request body invalid" if terse else f"request body has an error: {detail}")


def subject(body: bytes) -> Subject:
    """What a body is about, for the request log; nothing where it cannot be read."""
    try:
        document: Any = json.loads(body) if body else None
        metadata = document["metadata"]
        tags = tuple((str(tag["name"]), str(tag["value"])) for tag in metadata.get("tags") or ())
        return Subject(str(metadata.get("name", "")), tags)
    except (ValueError, TypeError, KeyError, AttributeError):
        return Subject()
