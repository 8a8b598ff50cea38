"""What IAM keeps: projects, groups and roles."""

from dataclasses import dataclass
from typing import Final

NORMAL: Final = "normal"
SUSPENDED: Final = "suspended"
"""T1-17."""

REGIONS: Final = ("eu-de", "eu-nl")
BUILT_IN: Final = "MOS"
"""T1-20."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project (T1-8 to T1-20)."""

    id: str
    name: str
    parent_id: str
    description: str = ""
    status: str = NORMAL
    resources: int = 0
    """What is inside, and goes with it (T7-1)."""
    creation_time: float = 0.0
    gone_at: float | None = None
    """When its deletion ends; None: it is not being deleted."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group of the account (T6-8)."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Role:
    """A role, or a policy (T6-4, T6-6)."""

    id: str
    name: str
    display_name: str
    type: str = "XA"
    custom: bool = False
    """Whether it is the account's own (T6-7)."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a sign-in gave."""

    user: str
    expires_at: float
    project_id: str = ""
    """"" is a token for the account as a whole (T3-3)."""
    dead: bool = False
    """Whether the place that gave it has failed over (T2-10)."""
