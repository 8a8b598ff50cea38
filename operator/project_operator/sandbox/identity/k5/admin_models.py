"""What goes over the admin interface of the embedded service."""

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


class About(_Model):
    """What a client needs to know."""

    domain_id: str
    domain_name: str
    project_id: str
    """Of the project that came with the contract."""
    user_name: str
    password: str = Field(repr=False)


class AssignmentSnapshot(_Model):
    """A role that a group has on a project."""

    group_id: str
    role_id: str


class ProjectSnapshot(_Model):
    """A project as it really is."""

    id: str
    name: str
    domain_id: str
    description: str
    enabled: bool
    creation_time: float
    """Seconds since the epoch, where it was made through the API; else 0."""
    assignments: tuple[AssignmentSnapshot, ...]


class Snapshot(_Model):
    """All that there is in the contract's domain, without the project that came with it."""

    projects: tuple[ProjectSnapshot, ...]
    roles: dict[str, str]
    """Ids by name."""


class MakeProjects(_Model):
    """Projects that somebody else makes."""

    count: int = Field(default=1, ge=1)
    name: str = "made"
    """With a number behind it where there are several."""
    description: str = ""
    enabled: bool = True
    elsewhere: bool = False
    """Whether in another domain."""


class EditProject(_Model):
    """What somebody else changes."""

    name: str | None = None
    description: str | None = None
    enabled: bool | None = None


class MakeGroup(_Model):
    """A group."""

    name: str


class Rights(_Model):
    """What the user may do."""

    administrator: bool


class Made(_Model):
    """Ids of what was made."""

    ids: tuple[str, ...]
