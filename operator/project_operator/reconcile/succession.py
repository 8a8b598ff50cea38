"""What an earlier object of the same name left behind: taken up where it was switched off and no other can ever be
made, else shown to a person (docs/adr: what was disabled is taken up by the next of its name).
"""

from project_operator.api.conditions import Reason
from project_operator.backends.base import RemoteProject
from project_operator.reconcile import carriers, claims, naming, rest
from project_operator.reconcile.actions import Action
from project_operator.reconcile.evidence import Listing
from project_operator.reconcile.outcome import working
from project_operator.reconcile.view import BackendView, Verdict, View


def decide(view: View, backend: BackendView, listing: Listing) -> Action | None:
    """What to do about it before anything is created; None where there is nothing."""
    shown = listing.of_owners_named_like(view.mark)
    left = [one for one in shown if not one.deleting and claims.is_predecessors(view, one)]
    if not left:
        return None
    if len(left) == 1 and _is_resumable(view, backend, left[0]):
        return _take_up(view, backend, left[0])
    return rest.on_verdict(view, _left(backend, left[0]))


def _is_resumable(view: View, backend: BackendView, project: RemoteProject) -> bool:
    """Whether it is what the earlier object left: it is switched off, as that had promised, it has no history here, and
    nobody is known to have made it but ourselves: a mark can be copied (R6, R8).
    """
    return (
        backend.abilities.resumes
        and project.content.enabled is False
        and project.created_by in {"", backend.principal}
        and not carriers.never_adopted(view, project)
    )


def _take_up(view: View, backend: BackendView, project: RemoteProject) -> Action:
    """Its end was read back before the earlier object went, so nothing of that one is under way any more. The update
    that follows puts our mark on it and switches it on, in one.
    """
    outcome = working(
        f"project {project.id} ('{project.content.name}'), which an earlier Project of this name left disabled, is "
        "taken up again"
    )
    return naming.name(view, backend, project, outcome, origin=naming.RESUMED, want=None)


def _left(backend: BackendView, left: RemoteProject) -> Verdict:
    otherwise = "; else delete it in the backend" if backend.abilities.delete else ""
    return Verdict(
        Reason.CONFLICT,
        f"project {left.id} was made for an earlier Project of this name and is still there; no second one "
        f"is created. To take it over, create this Project anew with `spec.import.id: {left.id}`{otherwise}",
    )
