"""Nothing (more) to write to the backend: whether the Project is Ready, and what its status says."""

from typing import Any

from project_operator.api.conditions import Reason
from project_operator.api.v1alpha1.project_status import ProjectOperation
from project_operator.backends.base import HealthStatus, ProvisioningStatus, RemoteProject
from project_operator.reconcile import duplicates, rest, summary
from project_operator.reconcile.actions import Action, Poll
from project_operator.reconcile.assignments import groups, recheck_in
from project_operator.reconcile.content import Difference, Wanted, applied, differences, target
from project_operator.reconcile.evidence import NEVER, Observation
from project_operator.reconcile.outcome import Outcome, done, held, working
from project_operator.reconcile.view import BackendView, View


def settle(view: View, backend: BackendView, observation: Observation, project: RemoteProject, want: Wanted) -> Action:
    """The project is as wanted: Ready, as soon as the backend has finished and no older update can still land (R9)."""
    if (outcome := unfinished(project)) is not None:
        return rest.reporting(view, outcome, project, poll=rest.soon(view, project.id, groups(view, want)), drift=())
    calm_at = _calm_at(view)
    if observation.begun_at <= calm_at:
        return rest.reporting(
            view,
            working(
                "read back as wanted; an update sent before may still take effect until "
                f"{view.until(calm_at):%Y-%m-%dT%H:%M:%SZ}"
            ),
            project,
            poll=Poll(project.id, calm_at, max(0.0, calm_at - view.now) + 0.01, groups(view, want)),
            drift=(),
        )
    if (duty := duplicates.remove(view, backend)) is not None:
        return duty
    return rest.reporting(
        view,
        accomplished(view, project),
        project,
        recheck_in=recheck_in(view, want),
        operation=None,
        applied=applied(want, view.project.metadata.generation),
        drift=(),
    )


def accomplished(view: View, project: RemoteProject) -> Outcome:
    """All is as it should be."""
    return done(
        f"project {project.id} is {project.provisioning_status} and {project.health_status}{duplicates.remark(view)}"
    )


def at_once(view: View, project: RemoteProject, want: Wanted) -> bool:
    """Whether the answer to an own creation shows everything done: what a synchronous backend says is worth one write
    instead of two.
    """
    aim = target(want, project.content, None, view.mark)
    return unfinished(project) is None and not differences(project.content, aim)


def drifted(
    view: View,
    backend: BackendView,
    observation: Observation,
    project: RemoteProject,
    want: Wanted,
    found: tuple[Difference, ...],
) -> Action:
    """`ReportDrift`: say what differs, change nothing of it."""
    entries = summary.drift(view, found)
    fields = ", ".join(entry.field for entry in entries)
    outcome = unfinished(project)
    if outcome is None and (duty := duplicates.remove(view, backend)) is not None:
        return duty
    outcome = outcome or done(
        f"project {project.id} differs in {fields or 'its mark'}; `managementPolicy: ReportDrift` leaves it so"
        f"{duplicates.remark(view)}",
        Reason.DRIFTED,
    )
    told = announcement(view, observation, project)
    return rest.reporting(view, outcome, project, drift=entries, recheck_in=recheck_in(view, want), **told)


def observed(view: View, observation: Observation, project: RemoteProject, want: Wanted) -> Action:
    """`Observe`: mirror, show what differs, write nothing anywhere else."""
    aim = target(want, project.content, view.project.status.applied, project.content.mark)
    outcome = unfinished(project) or done(
        f"project {project.id} was read; `managementPolicy: Observe` writes nothing{duplicates.remark(view)}",
        Reason.OBSERVED,
    )
    told = announcement(view, observation, project)
    if outcome.reason is not Reason.OBSERVED:
        told["poll"] = rest.soon(view, project.id)
    entries = summary.drift(view, differences(project.content, aim))
    return rest.reporting(view, outcome, project, drift=entries, recheck_in=recheck_in(view, want), **told)


def announcement(view: View, observation: Observation, project: RemoteProject) -> dict[str, Any]:
    """An announced update stays in status until it cannot land any more, whatever the policy has become since (R9)."""
    calm_at = _calm_at(view)
    if observation.begun_at > calm_at:
        return {"operation": None}
    return {"poll": Poll(project.id, calm_at, max(0.0, calm_at - view.now) + 0.01)}


def unfinished(project: RemoteProject) -> Outcome | None:
    """What the backend still has to do, or cannot; None where it has finished and calls the project healthy."""
    match project.provisioning_status:
        case ProvisioningStatus.PROVISIONED:
            if project.health_status is HealthStatus.ERROR:
                return held(Reason.UNHEALTHY, f"project {project.id} is provisioned, but its health is 'error'")
            return None
        case ProvisioningStatus.ERROR:
            detail = project.raw_status.get("provisioningStatusMessage", "")
            return held(
                Reason.PROVISIONING_FAILED,
                f"the backend reports an error of provisioning{': ' + detail if detail else ''}",
            )
        case ProvisioningStatus.DEPROVISIONING:
            return held(Reason.DELETING, f"project {project.id} is being deleted outside")
        case _:
            return working(
                f"project {project.id} was accepted; the backend reports it as {project.provisioning_status}"
            )


def _calm_at(view: View) -> float:
    """R9: Ready only on a read-back begun later than this."""
    operation = view.project.status.operation
    if operation is None or operation.type != "Update":
        return NEVER
    former = NEVER if view.memory.start_is_hazard is False else view.started_at
    unanswered = max(former, view.memory.unanswered_update_at)
    return unanswered + view.timing.in_flight_bound + view.timing.read_lag


def operation(kind: str, state: str, view: View, message: str) -> ProjectOperation:
    """An operation that begins now."""
    return ProjectOperation(type=kind, state=state, start_time=view.wall, message=message)
