"""What `plan` makes of what the operator came to: pure, from an object's status to what people are told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from project_operator.api.conditions import ConditionStatus, ConditionType, Reason
from project_operator.api.v1alpha1.project import DeletionPolicy, ManagementPolicy
from project_operator.backends.base import PlannedCall
from project_operator.cli.stored import Raw
from project_operator.runtime.stored import conditions, part, text

WRITING: Final = frozenset({ManagementPolicy.MANAGE, ManagementPolicy.PLAN})


_SAID: Final = frozenset({"conditions", "plan", "drift"})
"""What the status says of the moment in which it was written."""


class Verdict(StrEnum):
    """What would happen."""

    CALLS = "calls"
    """The calls that are listed would be made."""
    NONE = "none"
    """Nothing is to be done."""
    BLOCKED = "blocked"
    """Nothing would be done until a person does something."""
    WAITING = "waiting"
    """Nothing would be done yet: something else has to come first."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen to one Project."""

    name: str
    """With its namespace."""
    verdict: Verdict
    calls: tuple[PlannedCall, ...] = ()
    reason: str = ""
    message: str = ""
    drift: tuple[Mapping[str, str], ...] = ()
    """What differs, field by field."""
    new: bool = False
    """Whether the Project is not there yet."""


def rehearsed_as(raw: Raw) -> dict[str, Any]:
    """``raw`` with the policy by which the operator says what it would do, where it would do something: `Plan` in
    place of `Manage`; and of `ReportDrift` where that has not applied this generation yet.
    """
    policy = text(raw, "spec", "managementPolicy") or str(ManagementPolicy.MANAGE)
    applied = part(raw, "status", "applied").get("generation")
    fresh = policy == ManagementPolicy.REPORT_DRIFT and applied != raw["metadata"].get("generation")
    if policy not in WRITING and not fresh:
        return dict(raw)
    return {**raw, "spec": {**part(raw, "spec"), "managementPolicy": str(ManagementPolicy.PLAN)}}


def unjudged(raw: Raw) -> dict[str, Any]:
    """``raw`` without what was said of it before, so that whatever it says later is of this moment."""
    return {**raw, "status": {key: value for key, value in part(raw, "status").items() if key not in _SAID}}


def is_at_work(raw: Raw) -> bool:
    """Whether nothing has been said of ``raw`` yet, but for that the operator is at it."""
    ready = _condition(raw, ConditionType.READY)
    return ready.get("reason") in {None, Reason.PROGRESSING}


def is_decided(raw: Raw) -> bool:
    """Whether the operator has come to an end with ``raw``: done, or held up until a person does something. With
    `spec.suspend` it does nothing.
    """
    if part(raw, "spec").get("suspend") is True:
        return True
    ready, stalled = _condition(raw, ConditionType.READY), _condition(raw, ConditionType.STALLED)
    current = ready.get("observedGeneration") == raw["metadata"].get("generation")
    return current and (ready.get("status") == ConditionStatus.TRUE or stalled.get("status") == ConditionStatus.TRUE)


def plan_of(raw: Raw, *, new: bool) -> Plan:
    """What the status says that the operator came to with a Project that is to live."""
    name = _name(raw)
    if part(raw, "spec").get("suspend") is True:
        return Plan(name, Verdict.NONE, reason=Reason.SUSPENDED, message="`spec.suspend` is true", new=new)
    ready = _condition(raw, ConditionType.READY)
    calls = tuple(
        PlannedCall(str(one.get("verb")), str(one.get("target")), str(one.get("summary")))
        for one in part(raw, "status").get("plan") or ()
    )
    drift = tuple(
        {key: str(one.get(key) or "") for key in ("field", "desired", "observed")}
        for one in part(raw, "status").get("drift") or ()
    )
    reason, message = str(ready.get("reason") or ""), str(ready.get("message") or "")
    if calls:
        verdict = Verdict.CALLS
    elif not is_decided(raw):
        verdict = Verdict.WAITING
    else:
        verdict = Verdict.NONE if ready.get("status") == ConditionStatus.TRUE else Verdict.BLOCKED
    return Plan(name, verdict, calls, reason, message, drift, new)


def deletion_of(raw: Raw, last: Raw | None, calls: Iterable[PlannedCall]) -> Plan:
    """What would happen to a Project that is deleted: the first write, or why there is none. ``last``: what the
    operator made of the object; None: it let it go.
    """
    name, told = _name(raw), tuple(calls)
    if told:
        return Plan(name, Verdict.CALLS, told, "Deleting")
    if last is None:
        stays = part(raw, "status").get("id")
        policy = part(raw, "status", "deletionPolicy").get("policy") or DeletionPolicy.ORPHAN
        message = (
            f"the Project goes without a call ({policy}); project {stays} stays" if stays else "there is no project"
        )
        return Plan(name, Verdict.NONE, reason="Deleting", message=message)
    found = plan_of(last, new=False)
    return Plan(name, found.verdict, (), found.reason, found.message)


def in_words(plan: Plan, *, ran_out: float | None, refusals: Iterable[str]) -> Plan:
    """``plan`` with the reason why it waits, for silence looks like something that will come by itself. ``ran_out``:
    the seconds after which thinking was broken off; ``refusals``: what may not be read.
    """
    if plan.verdict is not Verdict.WAITING:
        return plan
    so_far = [plan.message] if plan.message else []
    hindered = "; ".join(refusals)
    if ran_out is not None:
        message = "; ".join((f"not decided within --timeout {ran_out:g} s", *so_far, *filter(None, [hindered])))
    else:
        message = plan.message or hindered or "the operator came to nothing: this is a defect; please report it"
    return replace(plan, message=message)


def _condition(raw: Raw, kind: ConditionType) -> Raw:
    return next((one for one in conditions(raw) if one.get("type") == kind), {})


def _name(raw: Raw) -> str:
    metadata = raw["metadata"]
    return f"{metadata.get('namespace')}/{metadata['name']}"
