"""What goes over the admin interface of the embedded platform."""

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from project_operator.sandbox.identity.csp.resources import CUSTOM


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


class About(_Model):
    """What a client needs to know."""

    organization_id: str
    client_id: str
    client_secret: str = Field(repr=False)
    api_token: str = Field(repr=False)


class ProjectSnapshot(_Model):
    """A project as it really is."""

    id: str
    display_name: str
    description: str | None
    type: str
    vrn: str | None
    parent_id: str | None
    scopes: tuple[str, ...]
    services: tuple[str, ...]
    creation_time: float
    created_by: str


class RoleSnapshot(_Model):
    """A role that a group has."""

    kind: str
    name: str
    resource: str
    service: str
    membership: str


class GroupSnapshot(_Model):
    """A group as it really is."""

    id: str
    display_name: str
    roles: tuple[RoleSnapshot, ...]


class Snapshot(_Model):
    """All that there is."""

    projects: tuple[ProjectSnapshot, ...]
    groups: tuple[GroupSnapshot, ...]
    mails: int
    """How often people were written to about their roles."""


class MakeProjects(_Model):
    """Projects that somebody else makes."""

    count: int = Field(default=1, ge=1)
    display_name: str = "made"
    """With a number behind it where there are several."""
    description: str | None = None
    type: str = CUSTOM
    parent_id: str | None = None
    services: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()


class EditProject(_Model):
    """What somebody else changes."""

    display_name: str | None = None
    description: str | None = None
    parent_id: str | None = None
    services: tuple[str, ...] | None = None


class MakeGroup(_Model):
    """A group."""

    display_name: str
    roles: tuple[RoleSnapshot, ...] = ()


class MakeRole(_Model):
    """The role of every caller."""

    role: str


class Made(_Model):
    """Ids of what was made."""

    ids: tuple[str, ...]
