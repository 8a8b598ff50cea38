"""Documents of the admin interface of the embedded nscale server."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

SOMEBODY: Final = "somebody@example.com"
"""Who made or changed what was made or changed here."""


def _alias(name: str) -> str:
    return to_camel(name).replace("Ids", "IDs").replace("Id", "ID") if name != "id" else name


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=_alias, populate_by_name=True)


class TagModel(_Model):
    """One tag."""

    name: str
    value: str


class ProjectSnapshot(_Model):
    """A project as it truly is, without the lag of reads. Times are seconds since the epoch."""

    id: str
    organization_id: str
    name: str
    description: str | None
    tags: tuple[TagModel, ...]
    group_ids: tuple[str, ...]
    provisioning_status: str
    creation_time: float
    created_by: str
    modified_time: float | None
    modified_by: str
    deletion_time: float | None
    references: tuple[str, ...]

    def tag(self, name: str) -> str | None:
        """Value of the first tag called ``name``."""
        return next((tag.value for tag in self.tags if tag.name == name), None)


class Snapshot(_Model):
    """The true state of the server."""

    projects: tuple[ProjectSnapshot, ...]
    """Sorted by id."""
    revision: int
    """Grows with every write."""


class MakeProjects(_Model):
    """Projects to be made at once, provisioned."""

    count: int = Field(default=1, ge=1, le=200_000)
    name_prefix: str = "project"
    """Names are this, a hyphen and a number; just this where one is made."""
    description: str | None = None
    tags: tuple[TagModel, ...] = ()
    group_ids: tuple[str, ...] = ()
    organization_id: str | None = None
    created_by: str = SOMEBODY


class EditProject(_Model):
    """Fields left out stay as they are; ``description`` null takes it away."""

    name: str | None = None
    description: str | None = None
    tags: tuple[TagModel, ...] | None = None
    group_ids: tuple[str, ...] | None = None


class MakeGroup(_Model):
    """A group with these roles, by name; a name that is no role is stored as an id that is none."""

    name: str
    roles: tuple[str, ...] = ()
    organization_id: str | None = None


class MakeServiceAccount(_Model):
    """A service account with one role, by name, or with none."""

    name: str
    role: str = "administrator"
    organization_id: str | None = None


class MakeSession(_Model):
    """A person with one role, by name, who has signed in."""

    email: str
    role: str = "administrator"
    organization_id: str | None = None


class SessionDocument(_Model):
    """A person's session."""

    client_id: str
    client_secret: str = Field(repr=False)
    refresh_token: str = Field(repr=False)


class MakeOrganization(_Model):
    """An organization."""

    name: str
    ready: bool = True


class EditOrganization(_Model):
    """Fields left out stay as they are."""

    name: str | None = None
    ready: bool | None = None


class CredentialDocument(_Model):
    """A service account with its token."""

    service_account_id: str
    organization_id: str
    token: str = Field(repr=False)


class About(_Model):
    """What a client needs to use the server."""

    organization_id: str
    service_account_id: str
    token: str = Field(repr=False)
    platform_token: str = Field(repr=False)
