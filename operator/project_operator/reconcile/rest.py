"""The ways to rest: held by a verdict, waiting for evidence, retrying after a failure."""

from typing import Final

from project_operator.api.conditions import ConditionType, Reason
from project_operator.api.v1alpha1.project import ProjectStatus
from project_operator.backends.base import RemoteProject
from project_operator.reconcile import summary
from project_operator.reconcile.actions import Poll, Rest
from project_operator.reconcile.content import Wanted
from project_operator.reconcile.outcome import Outcome, held
from project_operator.reconcile.view import Verdict, View


def reporting(
    view: View,
    outcome: Outcome,
    seen: RemoteProject | None = None,
    *,
    wake_in: float | None = None,
    poll: Poll | None = None,
    **facts: object,
) -> Rest:
    """Rest with ``outcome`` in status, and the Event that its change is worth."""
    after = summary.status(view, outcome, seen, **facts)
    return Rest(after, wake_in, poll, summary.notice(view, after))


def on_verdict(view: View, verdict: Verdict, *, wake_in: float | None = None) -> Rest:
    """Say why nothing can be done; look again slowly, or when something changes."""
    return reporting(view, held(verdict.reason, verdict.message), wake_in=wake_in or view.cadence.resync)


def on_first_verdict(view: View, verdict: Verdict) -> Rest:
    """Before anything was tried. Two things are not worth a write: what was applied together comes up in any order, so
    a missing backend is given a moment; and an outage says nothing new about a project that was settled.
    """
    if verdict.reason in _WAY_TO_BACKEND:
        grace = view.memory.record_since + view.cadence.grace - view.now
        if grace > 0:
            return unchanged(wake_in=grace)
        if verdict.reason is Reason.BACKEND_NOT_READY and is_settled(
            view.project.status, view.project.metadata.generation
        ):
            return unchanged(wake_in=view.cadence.resync)
    return on_verdict(view, verdict)


_WAY_TO_BACKEND: Final = frozenset({Reason.BACKEND_NOT_FOUND, Reason.BACKEND_NOT_READY})


def on_failure(view: View) -> Rest | None:
    """Wait out the backoff of the last failure; None when there is none to wait for."""
    failure = view.memory.failure
    if failure is None or failure.retry_at <= view.now:
        return None
    if not failure.message:
        return unchanged(wake_in=failure.retry_at - view.now)
    return reporting(view, held(failure.reason, failure.message), wake_in=failure.retry_at - view.now)


def on_refusal(view: View, backend_revision: str, want: Wanted) -> Rest | None:
    """Do not repeat what was refused until spec, backend or a person (reconcile-now) changed something; None when there
    is no refusal.
    """
    refusal = view.memory.refusal
    if refusal is None or not set(want.group_ids or ()) <= refusal.group_ids:
        return None
    if (refusal.generation, refusal.backend_revision) != (view.project.metadata.generation, backend_revision):
        return None
    return reporting(view, held(refusal.reason, refusal.message), wake_in=view.cadence.resync)


def unchanged(*, poll: Poll | None = None, wake_in: float | None = None) -> Rest:
    """Leave status as it is."""
    return Rest(None, wake_in, poll)


def soon(view: View, project_id: str) -> Poll:
    """The next look at ``project_id`` ("" = a listing), begun after now; the more looks brought nothing, the later."""
    return Poll(project_id, view.now, view.cadence.after(view.memory.polls))


def is_settled(status: ProjectStatus, generation: int) -> bool:
    """Whether status already says that this generation is done, so that an outage of the backend changes nothing about
    it.
    """
    ready = status.condition(ConditionType.READY)
    return status.is_ready(generation) and ready is not None and ready.reason != Reason.PROGRESSING
