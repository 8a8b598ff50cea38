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
class Project(Metadata):
    """A project. ``available`` and ``healthy`` are the reasons of the two conditions its controller writes (N2)."""

    group_ids: tuple[str, ...] = ()
    available: str | None = None
    healthy: str | None = None
    deletion_time: float | None = None
    finalizers: tuple[str, ...] = ()
