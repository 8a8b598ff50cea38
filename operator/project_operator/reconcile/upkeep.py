"""Keep a project that has an id as the spec wants it: mirror, detect drift, update, judge absence (protocol R6, R8, R9;
promise I4).
"""

from project_operator.api.conditions import Reason
from project_operator.api.v1alpha1.project import ManagementPolicy
from project_operator.backends.base import RemoteProject
from project_operator.reconcile import absence, claims, duplicates, fixed, planning, rest, settling, summary, updating
from project_operator.reconcile.actions import Action, AddFinalizer, Poll, Read
from project_operator.reconcile.assignments import first_due, groups, shown
from project_operator.reconcile.content import Wanted, differences, target
from project_operator.reconcile.evidence import NEVER, Observation, newest
from project_operator.reconcile.outcome import held
from project_operator.reconcile.policies import backend_annotation, plans, reads_only, tenant_may_keep_it
from project_operator.reconcile.resolving import groups_with_roles, resolve
from project_operator.reconcile.view import BackendView, Verdict, View


def decide(view: View, backend: BackendView) -> Action:
    """What to do for a Project whose id is known."""
    if (waiting := rest.on_failure(view)) is not None:
        return waiting
    if not view.record.finalizer and not reads_only(view):
        return AddFinalizer(backend_annotation(backend), grants_right=False)
    observation = _observed(view, backend)
    if observation is None:
        return _look(view, backend)
    if observation.project is None:
        return absence.judge(view, backend, observation)
    return _keep(view, backend, observation, observation.project)


def mirror(view: View, backend: BackendView, refused: Verdict) -> Action:
    """What to do for a Project whose id is known and which may write nothing: what is read is shown, with why not; but
    for what it should never have been able to read, which status goes on showing as it was.
    """
    if (waiting := rest.on_failure(view)) is not None:
        return waiting
    observation = _observed(view, backend)
    if observation is None:
        return _look(view, backend)
    project = observation.project
    if project is not None and (forbidden := tenant_may_keep_it(view, backend, project)) is not None:
        return rest.on_verdict(view, forbidden)
    if project is not None and claims.conflict(view, project) is None:
        duty = duplicates.report(view, backend, project)
        if duty is not None:
            return duty
    return rest.reporting(view, held(refused.reason, refused.message), project, wake_in=view.cadence.resync)


def _keep(view: View, backend: BackendView, observation: Observation, project: RemoteProject) -> Action:
    if (refused := tenant_may_keep_it(view, backend, project)) is not None:
        return rest.on_verdict(view, refused)
    if project.deleting:
        return rest.reporting(
            view,
            held(
                Reason.DELETING,
                f"project {project.id} is being deleted outside, since {project.deletion_time:%Y-%m-%dT%H:%M:%SZ}",
            ),
            project,
            poll=rest.soon(view, project.id),
        )
    if (foreign := claims.conflict(view, project)) is not None:
        return rest.reporting(view, held(foreign.reason, foreign.message), project, wake_in=view.cadence.resync)
    if (duty := duplicates.report(view, backend, project)) is not None:
        return duty
    want = resolve(view, backend)
    if not isinstance(want, Wanted):
        return want
    seen = shown(view, project, want, after=_stale_until(view))
    if seen is None:
        return Read(project.id, groups(view, want))
    return _compare(view, backend, observation, seen, want)


def _compare(
    view: View, backend: BackendView, observation: Observation, project: RemoteProject, want: Wanted
) -> Action:
    """What differs, and what the management policy makes of it."""
    if reads_only(view) and not plans(view):
        return settling.observed(view, observation, project, want)
    found = differences(project.content, target(want, project.content, view.project.status.applied, view.mark))
    if found and not _to_be_applied(view):
        return settling.drifted(view, backend, observation, project, want, found)
    if (never := fixed.verdict(view, backend, project, found)) is not None:
        outcome, drift = held(never.reason, never.message), summary.drift(view, found)
        return rest.reporting(view, outcome, project, wake_in=view.cadence.resync, drift=drift)
    if plans(view):
        return planning.upkeep(view, backend, observation, project, want, found)
    if not found:
        return settling.settle(view, backend, observation, project, want)
    return updating.decide(view, backend, observation, project, want, found)


def _to_be_applied(view: View) -> bool:
    """`Manage` corrects what differs; `ReportDrift` applies each generation once and then only reports."""
    if view.project.spec.management_policy is not ManagementPolicy.REPORT_DRIFT:
        return True
    ours = view.project.status.applied
    return ours is None or ours.generation != view.project.metadata.generation


def _observed(view: View, backend: BackendView) -> Observation | None:
    return newest(
        view.record.id,
        backend.listing,
        view.memory.reads.get(view.record.id),
        after=_stale_until(view),
        read_lag=view.timing.read_lag,
    )


def _stale_until(view: View) -> float:
    """Reads begun no later than this say nothing: an own write, or a person's "look again now", came after."""
    asked = view.memory.reconcile_asked
    return max(view.memory.last_write_at, asked[1] if asked is not None else NEVER)


def _is_asked_for(view: View) -> bool:
    """Whether a person's "look again now" is still to be served."""
    asked = view.memory.reconcile_asked
    return asked is not None and view.project.status.last_handled_reconcile_at != asked[0]


def _look(view: View, backend: BackendView) -> Action:
    """No evidence yet. What is settled waits for the shared listing; what is not, or what the listing lacks, is looked
    at by itself.
    """
    after = _stale_until(view)
    group_ids = groups_with_roles(view, backend)
    listing = backend.listing
    if listing is not None and listing.begun_at > after:
        left = first_due(view, backend.connected_at) - view.now
        if left > 0 and view.record.id in listing.by_id and not _is_asked_for(view):
            # It is there, and was settled: what the listing does not show is believed at first, as status has it.
            return rest.unchanged(recheck_in=left)
        return Read(view.record.id, group_ids)
    if after == view.memory.last_write_at and after != NEVER:
        return rest.unchanged(poll=Poll(view.record.id, after, view.cadence.after(view.memory.polls), group_ids))
    if rest.is_settled(view.project.status, view.project.metadata.generation) and after == NEVER:
        return rest.unchanged()
    return rest.unchanged(poll=Poll(view.record.id, after, 0.0, group_ids))
