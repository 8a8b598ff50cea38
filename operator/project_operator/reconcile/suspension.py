"""A Project with `spec.suspend`: nothing is asked of the backend, and status goes on saying what it said last.

To suspend is an edit, and so makes a new generation. Tools that wait (kstatus, `kubectl wait`) believe a status only
of the present one, so it is said again of this one, once; but for Ready=True, which is said again only where the spec
still asks for what was so when it was said (promise I7).
"""

from collections.abc import Iterable
from typing import Any, Final

from project_operator.api.conditions import ConditionStatus, ConditionType, Reason
from project_operator.api.events import EventReason
from project_operator.api.v1alpha1.project_status import ProjectStatus
from project_operator.backends.base import ProjectContent, Tag
from project_operator.reconcile import rest, summary
from project_operator.reconcile.actions import Notice, Rest
from project_operator.reconcile.content import Difference, Wanted, as_assignments, differences, target
from project_operator.reconcile.outcome import Outcome, Standing
from project_operator.reconcile.policies import plans, reads_only
from project_operator.reconcile.resolving import resolve
from project_operator.reconcile.view import BackendView, View

_NEW: Final = "`spec.suspend` is true: nothing was begun; set it to false to begin"
_BEGUN: Final = (
    "`spec.suspend` is true: work was begun before, and a creation may have been sent; what became of it is looked for "
    "when suspend is set to false"
)
_AS_BEFORE: Final = "`spec.suspend` is true: object and project are left as they are; set it to false to go on"


def decide(view: View) -> Rest:
    """Status for this generation, where it has none yet and there is something true to say."""
    status, generation = view.project.status, view.project.metadata.generation
    ready = status.condition(ConditionType.READY)
    if ready is None or ready.reason == Reason.SUSPENDED:
        return _never_looked_at(view)
    if (status.observed_generation, ready.observed_generation) == (generation, generation):
        return rest.unchanged()
    if ready.status == ConditionStatus.TRUE and not _still_so(view):
        return rest.unchanged(wake_in=view.cadence.resync)
    return _told(_of(generation, status), _AS_BEFORE)


def _never_looked_at(view: View) -> Rest:
    """Status has said nothing as yet, or nothing but this."""
    record, status = view.record, view.project.status
    note = _BEGUN if record.finalizer or record.attempt or record.id else _NEW
    after = summary.status(view, Outcome(Standing.SUSPENDED, Reason.SUSPENDED, note))
    said = after.conditions == status.conditions and after.observed_generation == status.observed_generation
    return rest.unchanged() if said else _told(after, note)


def _told(status: ProjectStatus, note: str) -> Rest:
    return Rest(status, None, None, Notice(reason=EventReason.SUSPENDED, action="Reconcile", note=note))


def _of(generation: int, status: ProjectStatus) -> ProjectStatus:
    said = tuple(one.model_copy(update={"observed_generation": generation}) for one in status.conditions)
    changes: dict[str, Any] = {"observed_generation": generation, "conditions": said}
    return ProjectStatus(**(dict(status) | changes))


def _still_so(view: View) -> bool:
    """Whether the spec asks for nothing that differs from the project as it was last read, but for what status has
    called a difference all along. Nothing is read for it: where a name cannot be resolved, the answer is no.
    """
    backend, status = view.backend, view.project.status
    if reads_only(view) and not plans(view):
        return True
    if not isinstance(backend, BackendView):
        return False
    want = resolve(view, backend)
    if not isinstance(want, Wanted):
        return False
    current = _last_read(view)
    aim = target(want, current, status.applied, view.mark)
    return _words(differences(current, aim)) <= {(one.field, one.desired, one.observed) for one in status.drift}


def _words(found: Iterable[Difference]) -> set[tuple[str, str, str]]:
    return {(one.field, one.desired, one.observed) for one in found}


def _last_read(view: View) -> ProjectContent:
    """The project as status shows it; the mark, which status does not show, as it should be."""
    seen = view.project.status.observed
    if seen is None:
        return ProjectContent("")
    return ProjectContent(
        name=seen.name or "",
        description=seen.description,
        tags=tuple(Tag(tag.name, tag.value) for tag in seen.tags or ()),
        group_ids=seen.group_ids or (),
        mark=view.mark,
        role_assignments=None if seen.role_assignments is None else as_assignments(seen.role_assignments),
        enabled=seen.enabled,
        parent_id=seen.parent_id,
        particulars=seen.particulars or {},
    )
