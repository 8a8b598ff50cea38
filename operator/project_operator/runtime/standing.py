"""How objects stand by what their status says, in words for metrics: pure, from objects as the API server has them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from project_operator.api.conditions import ConditionStatus, ConditionType, Reason
from project_operator.api.v1alpha1.project import ManagementPolicy
from project_operator.api.v1alpha1.project_status import ProjectStatus
from project_operator.api.v1alpha1.types import ObjectMeta
from project_operator.observability.families import NONE
from project_operator.runtime.stored import conditions, part, text


@dataclass(frozen=True, slots=True)
class Tally:
    """Projects, counted as `hooks.Census` has them."""

    projects: Mapping[tuple[str, str, str], int]
    not_ready: Mapping[tuple[str, bool], int]
    drifted: Mapping[str, int]


def tally(projects: Iterable[Mapping[str, Any]]) -> Tally:
    """Count raw ``projects``.

    One that is suspended keeps what its status said last, by design, and waits for nobody: where it is not Ready it
    counts as Suspended and not as stalled, and its differences are not counted.
    """
    states: Counter[tuple[str, str, str]] = Counter()
    not_ready: Counter[tuple[str, bool]] = Counter()
    drifted: Counter[str] = Counter()
    for raw in projects:
        ready, stalled = _ready_and_stalled(raw)
        word = text(ready, "status").lower() or "unknown"
        state = text(raw, "status", "provisioningStatus") or NONE, text(raw, "status", "healthStatus") or NONE
        states[*state, word] += 1
        suspended = part(raw, "spec").get("suspend") is True
        if word != "true" and suspended:
            not_ready[str(Reason.SUSPENDED), False] += 1
        elif word != "true":
            not_ready[text(ready, "reason") or NONE, stalled] += 1
        if part(raw, "status").get("drift") and not suspended:
            drifted[text(raw, "spec", "managementPolicy") or str(ManagementPolicy.MANAGE)] += 1
    return Tally(states, not_ready, drifted)


def outcome(raw: Mapping[str, Any] | None) -> str:
    """What a look came to that left an object so, in a word of `families.OUTCOMES`; None: it is gone."""
    if raw is None:
        return "gone"
    ready, stalled = _ready_and_stalled(raw)
    if stalled:
        return "stalled"
    match text(ready, "status"):
        case ConditionStatus.TRUE:
            return "done"
        case ConditionStatus.FALSE:
            return "retrying"
        case _:
            return "working"


def seconds_to_ready(metadata: ObjectMeta, before: ProjectStatus, after: ProjectStatus, now: datetime) -> float | None:
    """How long a Project took that ``after`` calls Ready for the first time, or for the first time with a project that
    was made anew; None where that is not so, or it cannot be told.

    What is only observed has nothing applied, and so does not count. A spec that was never edited has asked for the
    project from the creation of the object on. One that was may have been suspended, planned, observed or wrong for
    days: its time begins when the project began to be made. It cannot be told of a project that was not made, nor where
    this is the first status since the last edit.
    """
    ready = after.condition(ConditionType.READY)
    if ready is None or ready.status != ConditionStatus.TRUE or not _applied(after) or _applied(before):
        return None
    if metadata.generation <= 1 and not before.gone_ids:
        begun = metadata.creation_timestamp
    else:
        operation = before.operation if before.observed_generation == metadata.generation else None
        begun = operation.start_time if operation is not None and operation.type == "Create" else None
    # The API server's clock, and ours.
    return max(0.0, (now - begun).total_seconds()) if begun is not None else None


def _applied(status: ProjectStatus) -> bool:
    return status.applied is not None and status.applied.generation is not None


def _ready_and_stalled(raw: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    ready: Mapping[str, Any] = {}
    stalled = False
    for one in conditions(raw):
        if one.get("type") == ConditionType.READY:
            ready = one
        elif one.get("type") == ConditionType.STALLED:
            stalled = one.get("status") == ConditionStatus.TRUE
    return ready, stalled
