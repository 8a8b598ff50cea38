"""What a person vouches for where the backend cannot tell: that the last creation made nothing (docs/adr: a person
repeats a creation that nobody can vouch for).
"""

from typing import Final

from project_operator.api.conditions import Reason
from project_operator.api.names import REPEAT_CREATION_ANNOTATION
from project_operator.api.v1alpha1.project import ImportByName
from project_operator.reconcile import rest
from project_operator.reconcile.actions import Action, Poll
from project_operator.reconcile.outcome import Outcome, Standing
from project_operator.reconcile.view import BackendView, View

NOT_SENT: Final = "Waiting"
"""State of an operation that was written down before the record's first creation; once that may have been sent, it is
`Pending`."""


def is_needed(view: View, backend: BackendView) -> bool:
    """Whether nobody knows if a creation of this record took effect: this process has not seen its end, the backend
    cannot tell, and no person has said so.
    """
    if backend.abilities.repeats_creation or never_left(view) or nothing_was_sent(view) or _only_imports(view):
        return False
    return not is_given(view)


def is_given(view: View) -> bool:
    """Whether a person has said for this very record that its creation made nothing."""
    return view.project.metadata.annotations.get(REPEAT_CREATION_ANNOTATION) == _word(view)


def never_left(view: View) -> bool:
    """Whether the only creation that this record allowed was cleanly refused or never sent, as this process saw itself
    (docs/adr: a creation that never left needs no quarantine).
    """
    return view.memory.unsent_record == view.record


def nothing_was_sent(view: View) -> bool:
    """Whether the record says that no creation was sent since it began: it stands in for a project that is gone."""
    operation = view.project.status.operation
    return operation is not None and operation.state == NOT_SENT


def hold_creation(view: View, backend: BackendView) -> Action:
    """No second creation without a person's word."""
    return _hold(
        view,
        f"{_not_known(backend)}, and no second creation is sent by itself. If a project '{view.project.remote_name}' "
        f"is there, create this Project anew with `spec.import.id`; if there is none, {_way(view)} to have one more "
        "creation sent",
    )


def hold_deletion(view: View, backend: BackendView) -> Action:
    """The object stays as long as what it may have made could appear when nobody would know of it."""
    return _hold(
        view,
        f"the deletion waits: {_not_known(backend)}; one that appears is deleted. Look for a project "
        f"'{view.project.remote_name}' in the backend; if there is none, {_way(view)} to let this object go. Or set "
        "`deletionPolicy: Orphan`: this object goes, and whatever there is stays",
    )


def remark(view: View) -> str:
    """What is said where this object goes all the same."""
    return (
        "no project with this object's mark is shown, but whether the last creation made one is not known. Before you "
        f"apply this Project again, look in the backend for a project '{view.project.remote_name}' with the mark "
        f"{view.mark}"
    )


def on_whose_word(view: View, backend: BackendView) -> str:
    """A person's, where it is not known otherwise."""
    known = backend.abilities.repeats_creation or not is_given(view)
    return "" if known else f", as the annotation `{REPEAT_CREATION_ANNOTATION}` says"


def _hold(view: View, message: str) -> Action:
    outcome = Outcome(Standing.STALLED, Reason.OUTCOME_UNKNOWN, message)
    return rest.reporting(view, outcome, poll=Poll("", view.now, view.cadence.resync))


def _not_known(backend: BackendView) -> str:
    return (
        f"whether the last creation took effect is not known, and {backend.kind} '{backend.name}' is of a kind that "
        "cannot tell: no project with this object's mark is shown"
    )


def _way(view: View) -> str:
    return f"set the annotation `{REPEAT_CREATION_ANNOTATION}` to '{_word(view)}'"


def _word(view: View) -> str:
    """Good for this record alone."""
    return view.record.attempt or view.record.uid


def _only_imports(view: View) -> bool:
    """Whether the object may create nothing, and never might: `import` cannot be added while there is no id."""
    wish = view.project.spec.import_
    return wish is not None and wish.by_name is not ImportByName.IF_PRESENT
