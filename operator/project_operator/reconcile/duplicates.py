"""More than one project with one mark: the bounds did not hold. Reported always, removed only where that is switched on
(R8).
"""

from project_operator.api.conditions import Reason
from project_operator.api.v1alpha1.project_status import MOST_FORMER_IDS
from project_operator.backends.base import RemoteProject
from project_operator.reconcile import rest, summary
from project_operator.reconcile.actions import Action, Delete, Purpose, Read, WriteStatus
from project_operator.reconcile.evidence import NEVER
from project_operator.reconcile.outcome import working
from project_operator.reconcile.view import BackendView, Verdict, View


def report(view: View, backend: BackendView, named: RemoteProject) -> Action | None:
    """Write down what carries the mark beside ``named``, whatever the management policy and however things stand with
    it; None where nothing does that is not written down.
    """
    extras = _extras(view, backend, named)
    return condemn(view, extras) if extras else None


def remove(view: View, backend: BackendView) -> Action | None:
    """The next step towards the end of what was written down; None where no more may be done about it."""
    deletes = backend.verbs.delete and backend.abilities.delete
    return _remove(view, backend) if backend.remove_duplicates and backend.principal and deletes else None


def remark(view: View) -> str:
    """What the message of a project that is as it should be, or as it was left, says about them."""
    condemned = view.project.status.condemned
    return f"; {len(condemned)} further projects carry its mark, see `status.condemned`" if condemned else ""


def _extras(view: View, backend: BackendView, named: RemoteProject) -> tuple[str, ...]:
    """What carries our mark beside the named project, shown by a listing that shows the named one too, begun after the
    quarantine.
    """
    listing = backend.listing
    if listing is None or listing.begun_at <= view.quarantined_until or named.id not in listing.by_id:
        return ()
    known = {named.id, *view.project.status.condemned}
    return tuple(extra.id for extra in listing.of_mark(view.mark) if extra.id not in known and not extra.deleting)


def condemn(view: View, extras: tuple[str, ...]) -> Action:
    """First it is written down, so that it is never adopted; what follows, follows from that. Nothing is crossed out to
    make room.
    """
    condemned = (*view.project.status.condemned, *extras)
    if len(condemned) > MOST_FORMER_IDS:
        return rest.on_verdict(
            view,
            Verdict(
                Reason.CONFLICT,
                f"{len(condemned)} further projects carry this object's mark, more than `status.condemned` holds; "
                f"find out what copies the mark, and delete in the backend those that are not {view.record.id}",
            ),
        )
    after = summary.status(
        view,
        working(
            f"{len(extras)} more projects with this object's mark found: {', '.join(extras)}", Reason.DUPLICATE_FOUND
        ),
        condemned=condemned,
    )
    return WriteStatus(after, Purpose.CONDEMN, notice=summary.duplicate_notice(extras))


def _remove(view: View, backend: BackendView) -> Action | None:
    """Delete what was condemned and what this very credential has made: a mark that a person copied is not ours to
    delete.
    """
    listing = backend.listing
    for project_id in view.project.status.condemned:
        shown = listing.by_id.get(project_id) if listing is not None else None
        if shown is None or shown.deleting or view.memory.deletes_sent.get(project_id, NEVER) > NEVER:
            continue
        read = view.memory.reads.get(project_id)
        if read is None or read.begun_at <= view.now - view.cadence.slow:
            return Read(project_id)
        extra = read.project
        if extra is None or extra.deleting or extra.content.mark != view.mark or extra.created_by != backend.principal:
            continue
        return Delete(project_id)
    return None
