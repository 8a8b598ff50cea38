"""What the service keeps: projects, groups and roles, and who asks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Project:
    """A project (F2-1)."""

    id: str
    name: str
    domain_id: str
    description: str = ""
    enabled: bool = True
    creation_time: float = 0.0
    """Seconds since the epoch; no answer has it (F2-9)."""


@dataclass(frozen=True, slots=True)
class Named:
    """A domain, a group or a role."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, order=True)
class Assignment:
    """A role that a group has on a project (F7-1)."""

    project_id: str
    group_id: str
    role_id: str


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token is for: a project, or a domain (F3-4)."""

    project_id: str = ""
    domain_id: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    name: str
    administrator: bool
    regional: bool
