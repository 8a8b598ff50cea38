"""What an earlier object of the same name left behind: taken up where it was switched off and no other can ever be
made (docs/adr: what was disabled is taken up by the next of its name), or where a restore is under way; else shown to a
person.
"""

from project_operator.api.conditions import Reason
from project_operator.backends.base import RemoteProject
from project_operator.reconcile import carriers, kinship, naming, rest, restoring
from project_operator.reconcile.actions import Action
from project_operator.reconcile.evidence import Listing
from project_operator.reconcile.kinship import Kin
from project_operator.reconcile.outcome import working
from project_operator.reconcile.view import BackendView, Verdict, View


def decide(view: View, backend: BackendView, listing: Listing) -> Action | None:
    """What to do about it before anything is created; None where there is nothing."""
    shown = [one for one in listing.of_owners_named_like(view.mark) if not one.deleting]
    left = [one for one in shown if kinship.kin_of(view, one) is Kin.PREDECESSOR]
    if len(left) == 1 and _is_resumable(view, backend, left[0]):
        return _take_up(view, backend, left[0])
    if view.cluster.restores and (claim := restoring.claim(view, backend, listing)) is not None:
        return claim
    if left:
        return rest.on_verdict(view, _left(view, backend, left[0]))
    elsewhere = next((one for one in shown if kinship.after_a_restore(view, one)), None)
    return rest.on_verdict(view, _in_doubt(view, elsewhere)) if elsewhere is not None else None


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


def _left(view: View, backend: BackendView, left: RemoteProject) -> Verdict:
    otherwise = "; else delete it in the backend" if backend.abilities.delete else ""
    return Verdict(
        Reason.CONFLICT,
        f"project {left.id} was made for {Kin.PREDECESSOR} and is still there; no second one "
        f"is created. To take it over, create this Project anew with `spec.import.id: {left.id}`{otherwise}; "
        f"{kinship.after_a_restore(view, left)}",
    )


def _in_doubt(view: View, found: RemoteProject) -> Verdict:
    """It may be this object's own from before a restore, so no second one is made."""
    return Verdict(
        Reason.CONFLICT,
        f"project {found.id} was made for {kinship.kin_of(view, found)}; no second one is created: "
        f"{kinship.after_a_restore(view, found)}. Else take the mark off it in the backend, or delete it there",
    )
