"""Whose project is it? Only the whole mark tells (promise I3)."""

from project_operator.api.conditions import Reason
from project_operator.api.marks import ORPHANED
from project_operator.backends.base import RemoteProject
from project_operator.reconcile import kinship
from project_operator.reconcile.naming import IMPORTED, RESUMED
from project_operator.reconcile.policies import tenant_may_import_it
from project_operator.reconcile.view import BackendView, Verdict, View


def is_free(view: View, project: RemoteProject) -> bool:
    """Whether an import may take it: nobody's mark is on it, or that of an earlier object of this very name."""
    return project.content.mark in {"", ORPHANED} or kinship.is_inherited(view, project)


def is_ours(view: View, project: RemoteProject) -> bool:
    """Whether it carries exactly our mark."""
    return project.content.mark == view.mark


def may_be_written(view: View, project: RemoteProject) -> bool:
    """Ours by mark; a predecessor's that is taken up again; or free, and taken over by id on somebody's explicit word,
    as long as that may be had.
    """
    if is_ours(view, project) or is_resumed(view, project):
        return True
    forbidden = isinstance(view.backend, BackendView) and tenant_may_import_it(view, view.backend, project) is not None
    return is_free(view, project) and _taken_over(view, project.id) and not forbidden


def conflict(view: View, project: RemoteProject) -> Verdict | None:
    """Why this Project must not act on ``project``; None if it may."""
    others = ", ".join(view.rivals)
    if is_ours(view, project) or (is_resumed(view, project) and not view.rivals):
        return None
    if not is_free(view, project):
        owner = f" (Project {others})" if others else ""
        return another_s(view, project, owner, ", or import another project")
    if view.rivals:
        return Verdict(
            Reason.CONFLICT, f"project {project.id} is already named by Project {others}; nothing is written"
        )
    if not _taken_over(view, project.id):
        return Verdict(
            Reason.CONFLICT,
            f"project {project.id} has lost this object's mark; nothing is written. If it is still yours, set "
            f"`spec.import.id` to {project.id}",
        )
    return None


def another_s(view: View, project: RemoteProject, owner: str = "", otherwise: str = "") -> Verdict:
    """``project`` carries the mark of another Project, which may be ``owner``."""
    hint = kinship.after_a_restore(view, project)
    return Verdict(
        Reason.CONFLICT,
        f"project {project.id} carries the mark of {kinship.kin_of(view, project)}{owner}; nothing is written. Release "
        f"it there with `deletionPolicy: Orphan`{otherwise}{'; ' if hint else ''}{hint}",
    )


def is_resumed(view: View, project: RemoteProject) -> bool:
    """Whether it is being taken up again, and still carries the mark that this goes by."""
    return view.project.status.origin == RESUMED and kinship.is_inherited(view, project)


def _taken_over(view: View, project_id: str) -> bool:
    wish = view.project.spec.import_
    return view.project.status.origin == IMPORTED or (wish is not None and wish.id == project_id)
