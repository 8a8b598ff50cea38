"""The one writer of conditions: what was decided and seen becomes a status, and a change of standing becomes at most
one Event.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from project_operator.api.conditions import ConditionStatus, ConditionType, Reason
from project_operator.api.events import EventReason, event_reason
from project_operator.api.names import RECONCILE_ANNOTATION
from project_operator.api.v1alpha1.project_status import (
    DeletionPolicyStatus,
    DriftEntry,
    ObservedProject,
    ProjectBackendStatus,
    ProjectStatus,
)
from project_operator.api.v1alpha1.types import Condition
from project_operator.backends.answers import quotable
from project_operator.backends.base import RemoteProject
from project_operator.reconcile.actions import Notice
from project_operator.reconcile.content import MARK_FIELD, Difference, assignment_statuses, tag_statuses
from project_operator.reconcile.outcome import Outcome, Standing
from project_operator.reconcile.view import BackendView, View

_READY: Final = {
    Standing.DONE: ConditionStatus.TRUE,
    Standing.WORKING: ConditionStatus.UNKNOWN,
    Standing.RETRYING: ConditionStatus.FALSE,
    Standing.STALLED: ConditionStatus.FALSE,
    Standing.SUSPENDED: ConditionStatus.UNKNOWN,
}


def conditions(
    outcome: Outcome, previous: Iterable[Condition], *, generation: int, now: datetime
) -> tuple[Condition, ...]:
    """The conditions that say ``outcome``; a transition time moves only when the status of that condition does."""
    before = {condition.type: condition for condition in previous}
    # Names of others' making stand in messages, and messages on terminals.
    message = quotable(outcome.message)

    def condition(type_: ConditionType, status: ConditionStatus, reason: str) -> Condition:
        old = before.get(type_)
        since = old.last_transition_time if old is not None and old.status == status else now
        return Condition(
            type=type_,
            status=status,
            reason=reason,
            message=message,
            observed_generation=generation,
            last_transition_time=since,
        )

    ready = condition(ConditionType.READY, _READY[outcome.standing], outcome.reason)
    match outcome.standing:
        case Standing.DONE | Standing.SUSPENDED:
            return (ready,)
        case Standing.WORKING:
            return (ready, condition(ConditionType.RECONCILING, ConditionStatus.TRUE, outcome.reason))
        case Standing.RETRYING:
            return (ready, condition(ConditionType.RECONCILING, ConditionStatus.TRUE, Reason.PROGRESSING_WITH_RETRY))
        case Standing.STALLED:
            return (ready, condition(ConditionType.STALLED, ConditionStatus.TRUE, outcome.reason))


def status(view: View, outcome: Outcome, seen: RemoteProject | None = None, **facts: Any) -> ProjectStatus:
    """The status that says ``outcome``, with what was ``seen`` mirrored and ``facts`` (fields of the status) set.

    What neither names stays as it is; in particular an id, once written, stays. Only a plan goes where none is given.
    """
    old = view.project.status
    generation = view.project.metadata.generation
    changes: dict[str, Any] = {
        "observed_generation": generation,
        "conditions": conditions(outcome, old.conditions, generation=generation, now=view.wall),
        "last_handled_reconcile_at": _echo(view),
        "plan": (),
    }
    if isinstance(view.backend, BackendView):
        changes |= _policy_in_force(view, view.backend)
    if seen is not None:
        changes |= mirrored(seen)
    return ProjectStatus(**(dict(old) | changes | facts))


def mirrored(seen: RemoteProject) -> dict[str, Any]:
    """The fields of status that mirror a project as it was read."""
    content = seen.content
    return {
        "name": content.name,
        "organization_id": seen.organization_id,
        "provisioning_status": str(seen.provisioning_status),
        "health_status": str(seen.health_status),
        "observed": ObservedProject(
            name=content.name,
            description=content.description,
            tags=tag_statuses(content.tags) or None,
            group_ids=content.group_ids or None,
            role_assignments=assignment_statuses(sorted(content.role_assignments or ())) or None,
            enabled=content.enabled,
            parent_id=content.parent_id,
            particulars=dict(content.particulars) or None,
            creation_time=seen.creation_time,
            created_by=seen.created_by or None,
            modified_time=seen.modified_time,
            modified_by=seen.modified_by or None,
            deletion_time=seen.deletion_time,
            raw=dict(seen.raw_status) or None,
        ),
    }


def made_with(backend: BackendView) -> dict[str, Any]:
    """The fields of status that say what a project was made with; written once, never changed."""
    return {
        "backend_ref": ProjectBackendStatus(kind=backend.kind, name=backend.name, uid=backend.uid),
        "endpoint_id": backend.endpoint_id,
    }


def drift(view: View, found: Iterable[Difference]) -> tuple[DriftEntry, ...]:
    """``found`` as status shows it; "since" stays for a difference that was there before. The mark is not shown: it is
    no field of the spec.
    """
    known = {(entry.field, entry.desired, entry.observed): entry.since for entry in view.project.status.drift}
    return tuple(
        DriftEntry(
            field=one.field,
            desired=one.desired,
            observed=one.observed,
            since=known.get((one.field, one.desired, one.observed), view.wall),
        )
        for one in found
        if one.field != MARK_FIELD
    )


def notice(view: View, after: ProjectStatus) -> Notice | None:
    """The Event that the change to ``after`` is worth: an outcome that was not the outcome before. None for mere
    progress.
    """
    before, ready = view.project.status.condition(ConditionType.READY), after.condition(ConditionType.READY)
    if ready is None or ready.status == ConditionStatus.UNKNOWN:
        return None
    if before is not None and (before.status, before.reason) == (ready.status, ready.reason):
        return None
    worth = event_reason(Reason(ready.reason))
    if worth is None:
        return None
    return Notice(reason=worth, action=after.operation.type if after.operation else "Reconcile", note=ready.message)


def _policy_in_force(view: View, backend: BackendView) -> dict[str, Any]:
    spec = view.project.spec
    if spec.deletion_policy is not None:
        return {"deletion_policy": DeletionPolicyStatus(policy=spec.deletion_policy, source="Project")}
    return {
        "deletion_policy": DeletionPolicyStatus(
            policy=backend.default_deletion_policy, source=backend.deletion_policy_source
        )
    }


def _echo(view: View) -> str | None:
    asked = view.project.metadata.annotations.get(RECONCILE_ANNOTATION)
    served = view.memory.reconcile_asked
    if asked and served and served[0] == asked:
        return asked
    return view.project.status.last_handled_reconcile_at


def duplicate_notice(extras: tuple[str, ...]) -> Notice:
    """R8: an extra is always reported."""
    return Notice(
        reason=EventReason.DUPLICATE_FOUND,
        action="Reconcile",
        note=f"further projects carry this object's mark: {', '.join(extras)}; they are listed in status.condemned",
    )
