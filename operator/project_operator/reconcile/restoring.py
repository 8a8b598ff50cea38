"""A restore from a backup: what carries the mark of an earlier object of this name gets this object's, before its id
goes into status (docs/adr: a restore claims by mark, before it names).

Quarantine, announcement, read, update, read-back: each step holds off what the earlier object's operator may still have
under way. The announcement stands in status until the id does, so that a process that starts in between knows that the
mark it finds may be one that it has just put there.
"""

from dataclasses import replace

from project_operator.api.conditions import Reason
from project_operator.backends.base import ProjectContent, RemoteProject
from project_operator.reconcile import carriers, ending, kinship, naming, planning, rest
from project_operator.reconcile.actions import Action, AddFinalizer, Poll, Read, Update
from project_operator.reconcile.content import ids_of, particulars
from project_operator.reconcile.credibility import in_the_way
from project_operator.reconcile.evidence import NEVER, Listing
from project_operator.reconcile.memory import Intent
from project_operator.reconcile.outcome import working
from project_operator.reconcile.policies import backend_annotation, plans
from project_operator.reconcile.view import BackendView, Verdict, View


def claim(view: View, backend: BackendView, listing: Listing) -> Action | None:
    """What to do about what ``listing`` shows of an earlier object of the name; None where it shows nothing of it."""
    left = inherited(view, listing)
    if not left:
        return None
    originals = [one for one in left if one.created_by == backend.principal] if len(left) > 1 else left
    if len(originals) != 1:
        ids = ", ".join(one.id for one in left[:5])
        message = (
            f"{len(left)} projects carry marks of earlier Projects of this name ({ids}), and nothing tells which is "
            "this one's; none is created beside them. Set `spec.import.id` in a new Project of this name, or take "
            "the marks off the others in the backend"
        )
        return rest.on_verdict(view, Verdict(Reason.CONFLICT, message))
    return _claim(view, backend, listing, originals[0])


def inherited(view: View, listing: Listing) -> list[RemoteProject]:
    """What was made for an earlier object of this name and may be taken up, oldest first."""
    shown = listing.of_owners_named_like(view.mark)
    return [
        one
        for one in shown
        if not one.deleting and not carriers.never_adopted(view, one) and kinship.is_inherited(view, one)
    ]


def name_when_calm(view: View, backend: BackendView, project: RemoteProject) -> Action | None:
    """What to do about ``project``, which a listing shows with our mark, where we may have put that mark there
    ourselves: wait until nothing can take it off again, then name it. None where no claim was announced.
    """
    if not _is_announced(view):
        return None
    if (waiting := _read_back(view, backend.listing)) is not None:
        return waiting
    outcome = working(f"project {project.id} ('{project.content.name}') was found again after the restore")
    return naming.name(view, backend, project, outcome, origin=naming.RESTORED, want=None)


def _claim(view: View, backend: BackendView, listing: Listing, project: RemoteProject) -> Action:
    aim = _marked(view, backend, project)
    if plans(view):
        return planning.told(view, backend.planner.plan_update(project, aim), project, drift=())
    if not backend.verbs.update:
        message = (
            f"project {project.id} was found after the restore, but {backend.kind} '{backend.name}' does not allow "
            "updates (`spec.capabilities.update: false`), without which it cannot get this object's mark"
        )
        return rest.on_verdict(view, Verdict(Reason.NOT_PERMITTED, message))
    if not view.record.finalizer:
        return AddFinalizer(backend_annotation(backend), grants_right=False)
    if not (listing.credible and listing.begun_at > view.quarantined_until):
        return _wait_out(view, listing, project)
    if _is_announced(view) and (waiting := _read_back(view, listing)) is not None:
        return waiting
    asked = view.memory.reconcile_asked
    if view.memory.updated_at > (asked[1] if asked is not None else NEVER):
        message = (
            f"project {project.id} was given this object's mark after the restore, and has its former one back: the "
            "cluster that the backup was made in lives on, or its operator does. Stop that operator, then request a "
            "reconciliation; if both are to live, give this one a cluster id of its own"
        )
        return rest.on_verdict(view, Verdict(Reason.CONFLICT, message))
    return _put_mark(view, backend, project, aim)


def _put_mark(view: View, backend: BackendView, project: RemoteProject, aim: ProjectContent) -> Action:
    """Announce, read, update."""
    if (refused := rest.on_refusal(view, backend, ids_of(aim))) is not None:
        return refused
    announced = ending.announced(view, Intent.RESTORE)
    if announced is None:
        message = f"taking over project {project.id} ('{project.content.name}'), found after the restore"
        return ending.announce(view, Intent.RESTORE, working(message))
    seen = view.memory.reads.get(project.id)
    if seen is None or seen.begun_at <= max(announced.at, view.memory.last_write_at):
        return Read(project.id)
    current = seen.project
    if current is None or current.deleting or current.content.mark != project.content.mark:
        return rest.unchanged(poll=rest.soon(view, ""))
    return Update(current, _marked(view, backend, current))


def _marked(view: View, backend: BackendView, project: RemoteProject) -> ProjectContent:
    """As it is, with our mark. Where a project that was let go of stays switched off for ever, it is on again."""
    content, spec = project.content, view.project.spec
    enabled = True if backend.abilities.resumes and spec.enabled is None else content.enabled
    return replace(content, mark=view.mark, enabled=enabled, particulars=particulars(spec))


def _is_announced(view: View) -> bool:
    operation = view.project.status.operation
    return operation is not None and operation.type == Intent.RESTORE


def _wait_out(view: View, listing: Listing, project: RemoteProject) -> Action:
    left = view.quarantined_until - view.now
    if left < 0 and listing.begun_at <= view.quarantined_until:
        return rest.unchanged(poll=Poll("", view.quarantined_until, 0.0))
    message = f"project {project.id} ('{project.content.name}') was found after the restore; it is taken over "
    if left < 0:
        why = in_the_way(listing.in_doubt) or "the backend's listing is not complete enough to be believed"
        return rest.reporting(view, working(f"{message}later: {why}"), poll=rest.soon(view, ""))
    until = view.until(view.quarantined_until)
    message += f"when nothing that was sent before the restore can take effect any more, {until:%Y-%m-%dT%H:%M:%SZ}"
    return rest.reporting(view, working(message), poll=Poll("", view.quarantined_until, left + 0.01))


def _read_back(view: View, listing: Listing | None) -> Action | None:
    """The wait for a listing that shows whether the mark stays; None where ``listing`` is such a one."""
    bounds = view.timing.in_flight_bound + view.timing.read_lag
    calm_at = max(view.quarantined_until, view.memory.last_write_at + bounds)
    if listing is not None and listing.begun_at > calm_at:
        return None
    return rest.unchanged(poll=Poll("", calm_at, max(0.0, calm_at - view.now) + 0.01))
