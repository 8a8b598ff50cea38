"""What no update can change: it fits, or a person must choose."""

from collections.abc import Iterable

from project_operator.api.conditions import Reason
from project_operator.backends.base import RemoteProject
from project_operator.reconcile.content import PARENT_FIELD, Difference, Wanted, differences, target
from project_operator.reconcile.view import BackendView, Verdict, View


def misfit(view: View, backend: BackendView, project: RemoteProject, want: Wanted) -> Verdict | None:
    """Why ``project`` can never become as it is wanted; None if it can."""
    aim = target(want, project.content, view.project.status.applied, view.mark)
    return verdict(view, backend, project, differences(project.content, aim))


def verdict(view: View, backend: BackendView, project: RemoteProject, found: Iterable[Difference]) -> Verdict | None:
    """The same, of differences that were ``found``."""
    stuck = [one for one in found if one.field in backend.abilities.fixed]
    if not stuck:
        return None
    by_ref = view.project.spec.parent_ref is not None
    complaints = (
        f"`spec.{'parentRef' if by_ref and one.field == PARENT_FIELD else one.field}`: project {project.id} has "
        f"'{one.observed}', not '{one.desired}'"
        for one in stuck
    )
    return Verdict(
        Reason.UNSUPPORTED,
        f"{'; '.join(complaints)}; the backend never changes that. Import it with a new Project that says what is "
        "there, or import another project",
    )
