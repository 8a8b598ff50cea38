"""The ways to rest: held by a verdict, waiting for evidence, retrying after a failure."""

from typing import Final

from project_operator.api.conditions import ConditionType, Reason
from project_operator.api.v1alpha1.project_status import ProjectStatus
from project_operator.backends.base import RemoteProject
from project_operator.reconcile import summary
from project_operator.reconcile.actions import Poll, Rest
from project_operator.reconcile.memory import Refusal
from project_operator.reconcile.outcome import Outcome, held, working
from project_operator.reconcile.view import BackendView, Verdict, View


def reporting(
    view: View,
    outcome: Outcome,
    seen: RemoteProject | None = None,
    *,
    wake_in: float | None = None,
    poll: Poll | None = None,
    recheck_in: float | None = None,
    **facts: object,
) -> Rest:
    """Rest with ``outcome`` in status, and the Event that its change is worth."""
    after = summary.status(view, outcome, seen, **facts)
    return Rest(after, wake_in, poll, summary.notice(view, after), recheck_in)


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


def on_refusal(view: View, backend: BackendView, ids: frozenset[str], *, deletion: bool = False) -> Rest | None:
    """Do not repeat what was refused until spec, backend, a person (reconcile-now) or what names mean (``ids``) changed
    something, or a long time has passed; None when there is no refusal to wait for.
    """
    refusal = _refusal(view, backend, ids, deletion=deletion)
    if refusal is None:
        return None
    pause = min(view.cadence.refused * 2.0 ** min(refusal.times - 1, 32), view.cadence.refused_at_most)
    left = refusal.at + pause - view.now
    return reporting(view, held(refusal.reason, refusal.message), wake_in=left) if left > 0 else None


def on_the_way(view: View, backend: BackendView, ids: frozenset[str], message: str) -> Outcome:
    """How things stand while a write is being prepared: under way; or, where it only asks again what was refused, as
    refused as before, so that status does not swing to and fro.
    """
    refusal = _refusal(view, backend, ids)
    return held(refusal.reason, refusal.message) if refusal is not None else working(message)


def _refusal(view: View, backend: BackendView, ids: frozenset[str], *, deletion: bool = False) -> Refusal | None:
    """The refusal of this very wish, of this very backend."""
    refusal = view.memory.refusal
    if refusal is None or refusal.deletion is not deletion or not ids <= refusal.ids:
        return None
    same = (refusal.generation, refusal.backend_revision) == (view.project.metadata.generation, backend.revision)
    return refusal if same else None


def unchanged(*, poll: Poll | None = None, wake_in: float | None = None, recheck_in: float | None = None) -> Rest:
    """Leave status as it is."""
    return Rest(None, wake_in, poll, recheck_in=recheck_in)


def soon(view: View, project_id: str, group_ids: frozenset[str] = frozenset()) -> Poll:
    """The next look at ``project_id`` ("" = a listing), begun after now; the more looks brought nothing, the later."""
    return Poll(project_id, view.now, view.cadence.after(view.memory.polls), group_ids)


def is_settled(status: ProjectStatus, generation: int) -> bool:
    """Whether status already says that this generation is done, so that an outage of the backend changes nothing about
    it.
    """
    ready = status.condition(ConditionType.READY)
    return status.is_ready(generation) and ready is not None and ready.reason != Reason.PROGRESSING
