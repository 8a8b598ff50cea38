"""What every end of a Project has in common: which projects it is about, the announcement, the release."""

from project_operator.api.events import EventReason
from project_operator.api.v1alpha1.project_status import ProjectOperation
from project_operator.reconcile import summary, vouching
from project_operator.reconcile.actions import Notice, Purpose, RemoveFinalizer, WriteStatus
from project_operator.reconcile.evidence import NEVER
from project_operator.reconcile.memory import Announced, Intent
from project_operator.reconcile.outcome import Outcome
from project_operator.reconcile.view import BackendView, View


def targets(view: View, backend: BackendView) -> tuple[str, ...]:
    """Step 8: what status names, what was condemned, and what a listing shows with our mark, be it that it was proved
    gone before.
    """
    status = view.project.status
    marked = backend.listing.of_mark(view.mark) if backend.listing is not None else ()
    found = (*((status.id,) if status.id else ()), *status.condemned, *(project.id for project in marked))
    return tuple(dict.fromkeys(found))


def announced(view: View, intent: Intent) -> Announced | None:
    """The announcement of ``intent`` that this process made for the present record; None: it must be made."""
    known = view.memory.announced
    return known if known is not None and (known.intent, known.record) == (intent, view.record) else None


def announce(view: View, intent: Intent, outcome: Outcome) -> WriteStatus:
    """R10: the guarded write before anything is changed or deleted. It keeps what the record says of its creation."""
    state = vouching.NOT_SENT if vouching.nothing_was_sent(view) else "Pending"
    after = summary.status(
        view,
        outcome,
        operation=ProjectOperation(type=str(intent), state=state, start_time=view.wall, message=outcome.message),
    )
    generation = view.project.metadata.generation
    return WriteStatus(after, Purpose.ANNOUNCE, announces=Announced(intent, view.record, generation))


def calm_at(view: View) -> float:
    """R9: when no update that was sent before can take effect any more, be it one of a former process that status
    names, or one of our own without an answer. Asked once the end is announced.
    """
    former = NEVER if view.memory.start_is_hazard is False else view.started_at
    unanswered = max(former, view.memory.unanswered_update_at)
    return unanswered + view.timing.in_flight_bound + view.timing.read_lag


def release(view: View, note: str) -> RemoveFinalizer:
    """Let go of a project that stays."""
    name = f"project {view.record.id}: " if view.record.id else ""
    notice = Notice(reason=EventReason.RELEASED, action="Release", note=f"{name}{note}")
    return RemoveFinalizer(notice, leaves_project=True)


def nothing_is_left(view: View, backend: BackendView) -> str:
    """What is said of a Project of which no project was found."""
    if vouching.is_needed(view, backend):
        return vouching.remark(view)
    return f"nothing of this object is in the backend{vouching.on_whose_word(view, backend)}"


def what_stays(view: View) -> str:
    """What is known of what stays, where it is not looked for any more."""
    return "the project stays" if view.record.id else "a project, if one was made, stays"
