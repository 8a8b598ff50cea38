"""Which of what carries our mark is ours? A mark can be copied in the backend, so it counts who made what carries it
(R8, with the table that `is_ours` is).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from project_operator.api.conditions import Reason
from project_operator.api.v1alpha1.project import MissingPolicy
from project_operator.backends.base import RemoteProject
from project_operator.reconcile import vouching
from project_operator.reconcile.view import BackendView, Verdict, View

_TOLD: Final = 5
"""So many projects are named in a message."""


@dataclass(frozen=True, slots=True)
class Past:
    """What tells our projects from copies, beside the mark."""

    principal: str = ""
    """Who we are to the backend; "" where that is not known."""
    named: frozenset[str] = frozenset()
    """Ids that have been settled to be ours: status names or named them, or this process has sent their deletion."""
    condemned: frozenset[str] = frozenset()
    current: str = ""
    """The id that status names now."""
    unsent: bool = False
    """Whether no creation was sent since an id was given up: nothing that is shown now can have come of one."""


def is_ours(project: RemoteProject, past: Past, *, alone: bool) -> bool:
    """Whether ``project``, which carries our mark, is ours. ``alone``: nothing else carries it.

    A copy needs an original: where none was ever named, what is alone is the original, whoever made it. Where the
    backend does not tell who made what, the mark is all there is to go by, and only for what is alone while no id is
    named and a creation may have been sent; otherwise nothing tells a project of ours from a stranger's.
    """
    if project.id in past.named or (past.principal and project.created_by == past.principal):
        return True
    if not project.created_by:
        return alone and not past.current and not past.unsent and project.id not in past.condemned
    return alone and not past.named and not past.condemned


def is_another_s(view: View, backend: BackendView, project: RemoteProject) -> bool:
    """Whether ``project``, which carries our mark, was made by somebody else."""
    alone = {one.id for one in _shown(view, backend)} <= {project.id}
    return not is_ours(project, _past(view, backend), alone=alone)


def ours(view: View, backend: BackendView, found: Iterable[RemoteProject]) -> list[RemoteProject]:
    """Those of ``found``, which carry our mark, that are ours."""
    return [project for project in found if not is_another_s(view, backend, project)]


def others(view: View, backend: BackendView, found: Iterable[RemoteProject] | None = None) -> list[RemoteProject]:
    """What lives among ``found``, which carry our mark (None: all that a listing shows), and somebody else made."""
    carriers = _shown(view, backend) if found is None else found
    return [project for project in carriers if not project.deleting and is_another_s(view, backend, project)]


def to_set_apart(view: View, backend: BackendView) -> tuple[str, ...]:
    """What is to be condemned before anything else is done, because what tells it from ours goes with ours: what
    somebody else made, beside what is ours, where no id was ever named.
    """
    known = _past(view, backend)
    if known.named or known.condemned or not ours(view, backend, _shown(view, backend)):
        return ()
    return tuple(project.id for project in others(view, backend))


def never_adopted(view: View, project: RemoteProject) -> bool:
    """Whether it has a history: it was condemned, or proved gone (R6, R8)."""
    return project.id in {*view.project.status.gone_ids, *view.project.status.condemned}


def not_taken_over(view: View, backend: BackendView, found: list[RemoteProject]) -> Verdict:
    """Nothing that could be adopted carries our mark but what somebody else made."""
    recreates = view.project.spec.missing_policy is MissingPolicy.RECREATE
    beside = f" and `spec.missingPolicy` to '{MissingPolicy.REPORT}'" if recreates else ""
    return Verdict(
        Reason.CONFLICT,
        f"{_made_elsewhere(backend, found, '')}. It is not taken over, and none is created beside it: if it is this "
        f"object's own, set `spec.import.id` to {found[0].id}{beside}; else take the mark off it in the backend"
        f"{_or_delete_it(backend)}",
    )


def holds_deletion(backend: BackendView, found: list[RemoteProject]) -> Verdict:
    """What somebody else made holds the end of a Project whose mark it carries."""
    return Verdict(
        Reason.CONFLICT,
        f"the deletion waits: {_made_elsewhere(backend, found, ' too')}: take the mark off it in the backend"
        f"{_or_delete_it(backend)}; with `deletionPolicy: Orphan` it stays as it is, and this object goes",
    )


def remark(found: list[RemoteProject]) -> str:
    """What is said of them where this object goes and they stay."""
    if not found:
        return ""
    told = ", ".join(f"{project.id} ({_maker(project)})" for project in found[:_TOLD])
    return f"; left as it is, with this object's mark, because nothing shows that it is this object's own: {told}"


def _made_elsewhere(backend: BackendView, found: list[RemoteProject], too: str) -> str:
    first = found[0]
    more = f" (and so do {', '.join(one.id for one in found[1:_TOLD])})" if len(found) > 1 else ""
    if not first.created_by:
        return f"project {first.id} carries this object's mark{too}{more}, and the backend does not tell who made it"
    who = f"not '{backend.principal}'" if backend.principal else "who this credential is the backend does not tell"
    return f"project {first.id} carries this object's mark{too}{more}, but '{first.created_by}' made it, and {who}"


def _or_delete_it(backend: BackendView) -> str:
    return ", or delete it there" if backend.abilities.delete else ""


def _maker(project: RemoteProject) -> str:
    return f"made by '{project.created_by}'" if project.created_by else "the backend does not tell who made it"


def _past(view: View, backend: BackendView) -> Past:
    status = view.project.status
    named = frozenset({view.record.id, *status.gone_ids, *view.memory.deletes_sent}) - {""}
    return Past(
        backend.principal, named, frozenset(status.condemned), view.record.id, unsent=vouching.nothing_was_sent(view)
    )


def _shown(view: View, backend: BackendView) -> tuple[RemoteProject, ...]:
    return backend.listing.of_mark(view.mark) if backend.listing is not None else ()
