"""How far a Project has come, read from the object alone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from project_operator.api.conditions import ConditionStatus, ConditionType, Reason
from project_operator.api.v1alpha1.project import Project


class Phase(StrEnum):
    """What is going on, in a word."""

    WAITING = "waiting"
    """Nothing was asked of the backend yet."""
    PROVISIONING = "provisioning"
    """The backend has accepted the order, there is an id, and it is at it. (nscale itself says `unknown` or `pending`
    until it is done, N2-12.)"""
    PROVISIONED = "provisioned"
    UPDATING = "updating"
    DELETING = "deleting"
    """Here or outside."""
    MISSING = "missing"
    """It was deleted outside."""
    STALLED = "stalled"
    """A person must act."""
    ERROR = "error"
    """The backend could not provision it."""


@dataclass(frozen=True)
class Row:
    """A Project as the demo shows it. Words are empty where status does not say them yet."""

    namespace: str
    name: str
    phase: Phase
    id: str = ""
    remote_name: str = ""
    """Its name in the backend."""
    ready: str = ""
    reason: str = ""
    message: str = ""
    provisioning: str = ""
    health: str = ""
    created: datetime | None = None


def row(raw: Mapping[str, Any]) -> Row:
    """The row of a Project as the API server sends it."""
    project = Project.parse(raw)
    status, metadata = project.status, project.metadata
    ready = status.condition(ConditionType.READY)
    found = Row(
        namespace=metadata.namespace,
        name=metadata.name,
        phase=_phase(project),
        id=status.id or "",
        remote_name=status.name or "",
        provisioning=status.provisioning_status or "",
        health=status.health_status or "",
        created=metadata.creation_timestamp,
    )
    if ready is None:
        return found
    return replace(found, ready=ready.status, reason=ready.reason, message=ready.message)


def line(shown: Row) -> str:
    """The row in one line of text, where there is no table."""
    states = f"{shown.provisioning or '-'}/{shown.health or '-'}"
    why = f" ({shown.reason})" if shown.ready not in ("", ConditionStatus.TRUE) else ""
    told = f"{shown.name:<18} {shown.phase:<12}  {states:<23}  Ready={shown.ready or '-'}{why}  {shown.message}"
    return told.rstrip()


def age(created: datetime | None, now: datetime) -> str:
    """How old, as kubectl says it: `7s`, `5m`, `3h`, `2d`; empty where that is not known."""
    if created is None:
        return ""
    seconds = max(0, int((now - created).total_seconds()))
    for unit, length, below in (("s", 1, 120), ("m", 60, 7200), ("h", 3600, 172800)):
        if seconds < below:
            return f"{seconds // length}{unit}"
    return f"{seconds // 86400}d"


def _phase(project: Project) -> Phase:
    status = project.status
    stalled = status.condition(ConditionType.STALLED)
    if project.metadata.deleting:
        return Phase.DELETING
    if stalled is not None and stalled.status == ConditionStatus.TRUE:
        return Phase.MISSING if stalled.reason == Reason.MISSING else Phase.STALLED
    if status.id is None:
        return Phase.WAITING
    if status.operation is not None and status.operation.type == "Update":
        return Phase.UPDATING
    known = {"provisioned": Phase.PROVISIONED, "deprovisioning": Phase.DELETING, "error": Phase.ERROR}
    return known.get(status.provisioning_status or "", Phase.PROVISIONING)
