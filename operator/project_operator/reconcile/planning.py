"""`managementPolicy: Plan`: the calls that `Manage` would make now are shown, and none is made."""

from typing import Any

from project_operator.api.conditions import Reason
from project_operator.api.v1alpha1.project_status import PlannedCallStatus
from project_operator.backends.base import PlannedCall, RemoteProject
from project_operator.reconcile import assignments, duplicates, rest, settling, summary, updating
from project_operator.reconcile.actions import Action, Delete
from project_operator.reconcile.content import Difference, Wanted, initial, target
from project_operator.reconcile.evidence import Observation
from project_operator.reconcile.outcome import Outcome, done, held
from project_operator.reconcile.view import BackendView, View


def creation(view: View, backend: BackendView, want: Wanted) -> Action:
    """Nothing is there yet that is ours."""
    calls = backend.planner.plan_create(initial(want, view.mark))
    return told(view, calls, None, drift=(), recheck_in=view.cadence.assignments)


def upkeep(
    view: View,
    backend: BackendView,
    observation: Observation,
    project: RemoteProject,
    want: Wanted,
    found: tuple[Difference, ...],
) -> Action:
    """A project is there and may differ in what was ``found``."""
    calls: tuple[PlannedCall, ...] = ()
    if found:
        if (verdict := updating.not_permitted(backend, found)) is not None:
            return rest.on_verdict(view, verdict)
        aim = target(want, project.content, view.project.status.applied, view.mark)
        calls = backend.planner.plan_update(project, aim)
    else:
        duty = duplicates.remove(view, backend)
        if isinstance(duty, Delete):
            calls = backend.planner.plan_delete(duty.project_id)
        elif duty is not None:
            return duty
    waiting = settling.announcement(view, observation, project)
    if not calls and (unfinished := settling.unfinished(project)) is not None:
        return rest.reporting(view, unfinished, project, drift=(), **waiting | {"poll": rest.soon(view, project.id)})
    return told(
        view,
        calls,
        project,
        drift=summary.drift(view, found),
        recheck_in=assignments.recheck_in(view, want),
        **waiting,
    )


def told(view: View, calls: tuple[PlannedCall, ...], project: RemoteProject | None, **facts: Any) -> Action:
    """Show ``calls`` in status, make none."""
    shown = tuple(PlannedCallStatus(verb=one.verb, target=one.target, summary=one.summary) for one in calls)
    return rest.reporting(view, _outcome(calls), project, plan=shown, **facts)


def _outcome(calls: tuple[PlannedCall, ...]) -> Outcome:
    if not calls:
        return done("nothing is to be done; `managementPolicy: Plan` would not do it either", Reason.PLANNED)
    number = "one call" if len(calls) == 1 else f"{len(calls)} calls"
    return held(
        Reason.PLANNED,
        f"{number} would be made, see `status.plan`; `managementPolicy: Plan` makes none. Set 'Manage' to make them",
    )
