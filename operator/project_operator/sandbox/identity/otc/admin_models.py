"""What goes over the admin interface of the embedded IAM."""

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from project_operator.sandbox.identity.otc.resources import NORMAL


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


class About(_Model):
    """What a client needs to know."""

    account_id: str
    account_name: str
    region: str
    username: str
    password: str = Field(repr=False)


class ProjectSnapshot(_Model):
    """A project as it really is."""

    id: str
    name: str
    parent_id: str
    description: str
    status: str
    resources: int
    creation_time: float
    """Seconds since the epoch; no answer of the API shows it."""
    deleting: bool
    built_in: bool
    """Whether it is one of the vendor's own."""


class GrantSnapshot(_Model):
    """A role that a group has on a project."""

    project_id: str
    group_id: str
    role_id: str


class RoleSnapshot(_Model):
    """A role."""

    id: str
    display_name: str
    type: str


class Snapshot(_Model):
    """All that there is."""

    projects: tuple[ProjectSnapshot, ...]
    grants: tuple[GrantSnapshot, ...]
    roles: tuple[RoleSnapshot, ...]
    destroyed: int
    """How many resources went with their projects."""


class MakeProjects(_Model):
    """Projects that somebody else makes."""

    count: int = Field(default=1, ge=1)
    name: str = "eu-de_made"
    """With a number behind it where there are several."""
    description: str = ""
    parent_id: str | None = None
    """None: the project of the region."""
    resources: int = 0


class EditProject(_Model):
    """What somebody else changes."""

    name: str | None = None
    description: str | None = None
    status: str = NORMAL
    resources: int = 0


class MakeGroup(_Model):
    """A group."""

    name: str


class MakeRole(_Model):
    """A policy of the account's own."""

    display_name: str
    type: str = "XA"


class Rights(_Model):
    """What the user may do."""

    administrator: bool


class Made(_Model):
    """Ids of what was made."""

    ids: tuple[str, ...]
