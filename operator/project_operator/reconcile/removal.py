"""The Project is being deleted: what holds that, and by which policy it ends (protocol step 7); the ends themselves are
`deleting` and `letting_go`.
"""

from project_operator.api.conditions import Reason
from project_operator.api.v1alpha1.project import DeletionPolicy
from project_operator.reconcile import carriers, creation, deleting, duplicates, ending, hierarchy, letting_go, rest
from project_operator.reconcile.actions import Action, Delete, Forget
from project_operator.reconcile.memory import Memory
from project_operator.reconcile.naming import IMPORTED
from project_operator.reconcile.policies import BEFORE_REMOVING, first_verdict, reads_only, tenant_may_remove_it_so
from project_operator.reconcile.view import BackendView, Verdict, View


def decide(view: View) -> Action:
    """What to do for a Project whose deletion was asked for."""
    if not view.record.finalizer:
        return Forget()
    if (hold := _hold(view)) is not None:
        return rest.on_verdict(view, hold)
    if (refused := tenant_may_remove_it_so(view, _outcome_by_policy(view))) is not None:
        return rest.on_verdict(view, Verdict(refused.reason, f"the deletion waits: {refused.message}"))
    if reads_only(view) and view.record.id:
        return ending.release(view, f"{_only_read(view)}: {_AS_IT_IS}")
    policy = _policy(view)
    verdict = first_verdict(view, BEFORE_REMOVING)
    if verdict is not None or not isinstance(view.backend, BackendView):
        if policy == DeletionPolicy.ORPHAN and verdict is not None and verdict.reason in _WAY_IS_GONE:
            stays = f"{ending.what_stays(view)}, with this object's mark on it"
            return ending.release(view, f"`deletionPolicy: Orphan`: {stays} ({verdict.message})")
        return rest.on_verdict(view, _explained(verdict))
    return _end(view, view.backend, policy)


def _end(view: View, backend: BackendView, policy: str) -> Action:
    if view.memory.answer is not None and not view.record.id:
        return creation.decide(view, backend)
    if (waiting := rest.on_failure(view)) is not None:
        return waiting
    if extras := carriers.to_set_apart(view, backend):
        return duplicates.condemn(view, extras)
    return _leave(view, backend) if reads_only(view) else _by_policy(view, backend, policy)


def _leave(view: View, backend: BackendView) -> Action:
    """`Plan` and `Observe` write nothing, but what was created before they were set may still appear: it is given its
    name, so that the object does not go without telling of it.
    """
    named = creation.found_while_leaving(view, backend)
    return named if named is not None else letting_go.let_go(view, backend, _only_read(view), _AS_IT_IS)


def _only_read(view: View) -> str:
    return f"`managementPolicy: {view.project.spec.management_policy}`, so nothing is written"


def _by_policy(view: View, backend: BackendView, policy: str) -> Action:
    if policy == DeletionPolicy.ORPHAN:
        return letting_go.orphan(view, backend)
    if (hold := hierarchy.held_by_children(view)) is not None:
        return rest.on_verdict(view, hold)
    if policy == DeletionPolicy.DELETE and not backend.abilities.delete:
        return rest.on_verdict(view, _NO_DELETION)
    if policy == DeletionPolicy.DELETE:
        return rest.on_verdict(view, _LOCKED) if deleting.lock(view) == "true" else deleting.decide(view, backend)
    if backend.abilities.disable:
        return letting_go.disable(view, backend)
    return rest.on_verdict(
        view,
        Verdict(
            Reason.UNSUPPORTED, f"`spec.deletionPolicy`: this backend cannot do '{policy}'; set 'Delete' or 'Orphan'"
        ),
    )


def _outcome_by_policy(view: View) -> str | None:
    """What becomes of the project; None where it is nobody's here. To stop managing one that was made is to leave it
    behind.
    """
    if not reads_only(view):
        return _policy(view)
    return None if view.project.status.origin == IMPORTED or not view.record.id else DeletionPolicy.ORPHAN


def vanished(memory: Memory) -> Action:
    """The object is gone, by live GET: a project that this process just made for it and could not name is deleted at
    once (R8).
    """
    return Delete(memory.answer.id) if memory.answer is not None else Forget()


def may_delete(view: View) -> bool:
    """Whether the backend can delete projects, and its owner lets it."""
    backend = view.backend
    return isinstance(backend, BackendView) and backend.abilities.delete and backend.verbs.delete


_AS_IT_IS = "the project stays as it is"
_WAY_IS_GONE = {Reason.BACKEND_NOT_FOUND, Reason.BACKEND_CHANGED, Reason.NOT_PERMITTED}


_NO_DELETION = Verdict(
    Reason.UNSUPPORTED,
    "`spec.deletionPolicy`: this backend does not delete projects; set 'Orphan' to let the project go",
)
_LOCKED = Verdict(
    Reason.DELETION_PROTECTED,
    "`spec.keystone.immutable` is true: the project is not deleted; set it to false to let the deletion go on",
)


def _hold(view: View) -> Verdict | None:
    spec = view.project.spec
    if view.invalid:
        return Verdict(
            Reason.INVALID_SPEC, f"the deletion waits, because the spec cannot be understood: {view.invalid}"
        )
    if spec.deletion_protection:
        return Verdict(
            Reason.DELETION_PROTECTED,
            "`spec.deletionProtection` is true: nothing is deleted in the backend; set it to false to let the "
            "deletion go on",
        )
    if spec.suspend:
        return Verdict(Reason.SUSPENDED, "the deletion waits, because `spec.suspend` is true")
    return None


def _policy(view: View) -> str:
    """The spec's own word; else the policy that status has told the user is in force; else the backend's default."""
    if view.project.spec.deletion_policy is not None:
        return view.project.spec.deletion_policy
    told = view.project.status.deletion_policy
    if told is not None and told.source != "Project":
        return told.policy
    return view.backend.default_deletion_policy if isinstance(view.backend, BackendView) else DeletionPolicy.DELETE


def _explained(verdict: Verdict | None) -> Verdict:
    cause = verdict or Verdict(Reason.BACKEND_NOT_FOUND, "the backend object is not known")
    way_out = (
        "; to let the project go without touching it, set `deletionPolicy: Orphan`"
        if cause.reason in _WAY_IS_GONE
        else ""
    )
    return Verdict(cause.reason, f"the deletion waits: {cause.message}{way_out}")
