"""What the platform keeps: projects, and groups with their roles."""

from dataclasses import dataclass, field
from typing import Final

CUSTOM: Final = "CUSTOM"
SYSTEM: Final = "SYSTEM"
ORG_DEFAULT: Final = "ORG_DEFAULT"
TYPES: Final = (CUSTOM, SYSTEM, ORG_DEFAULT)
"""V2-13."""

DEFAULT_ID: Final = "default"
"""Stands for the default project in every path (V2-20)."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project (V2-16)."""

    id: str
    display_name: str
    description: str | None = None
    type: str = CUSTOM
    vrn: str | None = None
    parent_id: str | None = None
    scopes: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    creation_time: float = 0.0
    created_by: str = ""
    modified_time: float = 0.0
    modified_by: str = ""


@dataclass(frozen=True, slots=True, order=True)
class HeldRole:
    """A role that a group has (V7-2)."""

    kind: str
    """``organizationRoles``, ``customRoles`` or ``serviceRoles``."""
    name: str
    resource: str = ""
    """"" is the whole organization (V7-4)."""
    service: str = ""
    membership: str = "DIRECT"


@dataclass(slots=True)
class Group:
    """A group of the organization."""

    id: str
    display_name: str
    roles: set[HeldRole] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    name: str
    """As ``createdBy`` shows it: a user's name, or a client's id (V2-18)."""
    role: str
