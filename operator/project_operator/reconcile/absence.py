"""Gone outside? Only proof is absence (R6, promise I4)."""

from project_operator.api.conditions import Reason
from project_operator.api.v1alpha1.project import MissingPolicy
from project_operator.api.v1alpha1.project_status import MOST_FORMER_IDS, ProjectOperation
from project_operator.backends.base import HealthStatus, ProvisioningStatus
from project_operator.reconcile import creation, rest, summary, vouching
from project_operator.reconcile.actions import Action, Poll, Purpose, VerifyReadAccess, WriteStatus
from project_operator.reconcile.evidence import Observation
from project_operator.reconcile.naming import CREATED, IMPORTED
from project_operator.reconcile.outcome import held, working
from project_operator.reconcile.policies import plans
from project_operator.reconcile.view import BackendView, View


def judge(view: View, backend: BackendView, observation: Observation) -> Action:
    """What a not-found for the named id leads to: another look, a proof that the credential reads, or the verdict that
    it is gone.
    """
    provable_at = max(view.quarantined_until, view.memory.last_write_at + view.timing.read_lag)
    if observation.begun_at <= provable_at:
        return rest.unchanged(poll=_again(view, provable_at))
    if backend.read_verified_at < observation.begun_at - view.cadence.slow:
        return VerifyReadAccess()
    wish = view.project.spec.missing_policy
    if wish is MissingPolicy.RECREATE and view.project.status.origin == CREATED and _has_room(view):
        return creation.planned_anew(view, backend) if plans(view) else _forget(view)
    return rest.reporting(
        view,
        held(Reason.MISSING, _message(view)),
        poll=Poll(view.record.id, view.now, view.cadence.resync),
        provisioning_status=str(ProvisioningStatus.UNKNOWN),
        health_status=str(HealthStatus.UNKNOWN),
    )


def _has_room(view: View) -> bool:
    """Whether one more id can be noted as gone. None is crossed out for it: it could be adopted again (R6)."""
    return len(view.project.status.gone_ids) < MOST_FORMER_IDS


def _message(view: View) -> str:
    gone = (
        f"project {view.record.id} was deleted outside: the backend answers not-found, and shows other projects to "
        "the same credential"
    )
    if not _has_room(view):
        return f"{gone}. So were {MOST_FORMER_IDS} before it; find out who deletes them, then create a new Project"
    if view.project.status.origin == CREATED:
        return f"{gone}. Set `missingPolicy: Recreate` for a new, empty project, or delete this Project"
    origin = (view.project.status.origin or IMPORTED).lower()
    return f"{gone}. It was {origin}, so it is not created anew; delete this Project"


def _again(view: View, provable_at: float) -> Poll:
    within = view.cadence.after(view.memory.polls)
    if provable_at > view.now:
        within = min(within, provable_at - view.now + 0.01)
    return Poll(view.record.id, view.now, within)


def _forget(view: View) -> WriteStatus:
    """R6: the id moves to ``goneIDs`` and a new attempt token begins recovery from its beginning."""
    status = view.project.status
    after = summary.status(
        view,
        working(
            f"project {view.record.id} was deleted outside; a new one is created when nothing of the old one can "
            "appear any more"
        ),
        id=None,
        gone_ids=(*status.gone_ids, view.record.id),
        attempt=view.token,
        applied=None,
        observed=None,
        provisioning_status=str(ProvisioningStatus.UNKNOWN),
        health_status=str(HealthStatus.UNKNOWN),
        operation=ProjectOperation(
            type="Create", state=vouching.NOT_SENT, start_time=view.wall, message="creating the project anew"
        ),
    )
    return WriteStatus(after, Purpose.FORGET)
