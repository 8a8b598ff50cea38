"""What the server stores: immutable records, as the custom resources behind the real server."""

from dataclasses import dataclass
from typing import Final

CONTROLLER_FINALIZER: Final = "unikorn"
"""The project controller's own finalizer (N1.5-5)."""

Tags = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What every stored object has."""

    id: str
    name: str
    creation_time: float
    organization_id: str = ""
    description: str | None = None
    tags: Tags = ()
    created_by: str = ""
    modified_time: float | None = None
    modified_by: str = ""
    resource_version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization(Metadata):
    """An organization; without a namespace until its controller has run (N4-3)."""

    ready: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Metadata):
    """Binds service accounts and users to roles (N3.3-6)."""

    role_ids: tuple[str, ...] = ()
    service_account_ids: tuple[str, ...] = ()
    user_ids: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()

    @property
    def members(self) -> tuple[str, ...]:
        """Whom its roles are for."""
        return (*self.service_account_ids, *self.subjects)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccount(Metadata):
    """A robot and its one valid token."""

    token: str
    token_time: float
    """When ``token`` was issued."""
    expiry: float
    previous_token: str = ""

    def __repr__(self) -> str:
        return f"ServiceAccount(id={self.id!r}, name={self.name!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSession(Metadata):
    """A person's only session with an OAuth 2 client (N3.1-2); ``name`` is the person's e-mail."""

    client_id: str
    client_secret: str
    refresh_token: str = ""
    """The one that has not been used yet."""
    access_token: str = ""
    previous_token: str = ""
    """The access token before that."""
    token_time: float = 0.0
    """When ``access_token`` was issued."""
    expiry: float = 0.0
    refresh_expiry: float = 0.0

    def __repr__(self) -> str:
        return f"UserSession(id={self.id!r}, name={self.name!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project(Metadata):
    """A project. ``available`` and ``healthy`` are the reasons of the two conditions its controller writes (N2)."""

    group_ids: tuple[str, ...] = ()
    available: str | None = None
    healthy: str | None = None
    deletion_time: float | None = None
    finalizers: tuple[str, ...] = ()
