"""The role assignments of a project, which only a read of it alone shows: how they join what is known of the rest, and
when they are read again.
"""

from project_operator.backends.base import RemoteProject
from project_operator.reconcile import rest
from project_operator.reconcile.content import Wanted, as_assignments, assigned_by_us
from project_operator.reconcile.evidence import NEVER, Assigned
from project_operator.reconcile.view import View


def groups(view: View, want: Wanted) -> frozenset[str]:
    """The groups whose roles decide whether ``want`` is so."""
    if want.role_assignments is None:
        return frozenset()
    ours = assigned_by_us(view.project.status.applied)
    return frozenset(assignment.group_id for assignment in (*want.role_assignments, *ours))


def shown(view: View, project: RemoteProject, want: Wanted, *, after: float) -> RemoteProject | None:
    """``project`` with its role assignments, as far as they matter to ``want``, as a read begun after ``after`` showed
    them, and not too long ago; None: they must be read.

    What is settled is believed at first, as status has it: after a start these reads spread over the time that they
    are good for.
    """
    if want.role_assignments is None:
        return project
    if not (needed := groups(view, want)):
        return Assigned(NEVER, (), None).on(project)
    seen = view.memory.assigned.get(project.id)
    if seen is not None:
        fresh = seen.covers(needed) and seen.begun_at > max(after, view.now - view.cadence.assignments)
        return seen.on(project) if fresh else None
    if after == NEVER and view.now < first_due(view):
        observed = view.project.status.observed
        last_seen = as_assignments(observed.role_assignments if observed is not None else None)
        return Assigned(NEVER, last_seen, needed).on(project)
    return None


def recheck_in(view: View, want: Wanted) -> float | None:
    """In how many seconds they are to be read again; None: never."""
    if not groups(view, want):
        return None
    seen = view.memory.assigned.get(view.record.id)
    due = first_due(view) if seen is None else seen.begun_at + view.cadence.assignments
    return max(0.0, due - view.now) + 0.01


def first_due(view: View, since: float = NEVER) -> float:
    """When what no listing shows is read for the first time since the process started, and since ``since``: at once, or
    at a moment of its own for each Project that was settled before.
    """
    if not rest.is_settled(view.project.status, view.project.metadata.generation):
        return NEVER
    share = int(view.project.metadata.uid[-4:], 16) / 0x10000
    return max(view.started_at, since) + share * view.cadence.assignments
