"""The Project is being deleted: delete, orphan or let go, and keep the finalizer until that is proved (protocol steps 7
to 10).
"""

from dataclasses import replace

from project_operator.api.conditions import Reason
from project_operator.api.marks import ORPHANED
from project_operator.api.v1alpha1.project import DeletionPolicy, ProjectOperation
from project_operator.backends.base import RemoteProject
from project_operator.reconcile import claims, creation, rest, summary
from project_operator.reconcile.actions import (
    Action,
    CheckDefinition,
    Delete,
    Forget,
    Notice,
    Poll,
    Purpose,
    Read,
    RemoveFinalizer,
    Update,
    VerifyReadAccess,
    WriteStatus,
)
from project_operator.reconcile.evidence import NEVER, newest
from project_operator.reconcile.memory import Announced, Intent, Memory
from project_operator.reconcile.outcome import Outcome, held, working
from project_operator.reconcile.policies import BEFORE_REMOVING, first_verdict, reads_only
from project_operator.reconcile.view import BackendView, Verdict, View


def decide(view: View) -> Action:
    """What to do for a Project whose deletion was asked for."""
    if not view.record.finalizer:
        return Forget()
    if (hold := _hold(view)) is not None:
        return rest.on_verdict(view, hold)
    if reads_only(view):
        return _release(view, "`managementPolicy: Observe`: the project was only read, and stays as it is")
    policy = _policy(view)
    verdict = first_verdict(view, BEFORE_REMOVING)
    if verdict is not None or not isinstance(view.backend, BackendView):
        if policy == DeletionPolicy.ORPHAN and verdict is not None and verdict.reason in _WAY_IS_GONE:
            return _release(
                view, f"`deletionPolicy: Orphan`: the project stays, with this object's mark on it ({verdict.message})"
            )
        return rest.on_verdict(view, _explained(verdict))
    if view.memory.answer is not None and not view.record.id:
        return creation.decide(view, view.backend)
    if (waiting := rest.on_failure(view)) is not None:
        return waiting
    if policy == DeletionPolicy.ORPHAN:
        return _orphan(view, view.backend)
    if policy == DeletionPolicy.DELETE:
        return _delete(view, view.backend)
    return rest.on_verdict(
        view,
        Verdict(
            Reason.UNSUPPORTED, f"`spec.deletionPolicy`: this backend cannot do '{policy}'; set 'Delete' or 'Orphan'"
        ),
    )


def vanished(memory: Memory) -> Action:
    """The object is gone, by live GET: a project that this process just made for it and could not name is deleted at
    once (R8).
    """
    return Delete(memory.answer.id) if memory.answer is not None else Forget()


_WAY_IS_GONE = {Reason.BACKEND_NOT_FOUND, Reason.BACKEND_CHANGED}


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


def _delete(view: View, backend: BackendView) -> Action:
    announced = view.memory.announced
    if announced is None or (announced.intent, announced.record) != (Intent.DELETE, view.record):
        return _announce(view, Intent.DELETE, working("deleting the project", Reason.DELETING))
    if view.definition_checked_at <= announced.at:
        return CheckDefinition()
    if view.definition_terminating:
        return _release(
            view, "the CustomResourceDefinition is being deleted: the project stays, with this object's mark on it"
        )
    waiting: list[RemoteProject] = []
    since = max(announced.at, view.memory.last_write_at)
    for project_id in _targets(view, backend):
        direct = view.memory.reads.get(project_id)
        seen = newest(project_id, backend.listing, direct, after=since, read_lag=view.timing.read_lag)
        if seen is None:
            return _look_at(view, backend, project_id, announced)
        if seen.project is None:
            continue
        if not seen.project.deleting:
            return _send_delete(view, backend, seen.project, announced)
        waiting.append(seen.project)
    return _wait_for_end(view, waiting) if waiting else _prove_gone(view, backend, announced)


def _look_at(view: View, backend: BackendView, project_id: str, announced: Announced) -> Action:
    """Look at once before the DELETE, and when a listing no longer shows it; else in the cadence of polling."""
    written_at = view.memory.last_write_at
    if written_at <= announced.at or (backend.listing is not None and backend.listing.begun_at > written_at):
        return Read(project_id)
    return _waiting(view, None, Poll(project_id, written_at, view.cadence.after(view.memory.polls)))


def _send_delete(view: View, backend: BackendView, project: RemoteProject, announced: Announced) -> Action:
    if not claims.may_be_written(view, project):
        return rest.on_verdict(
            view,
            Verdict(
                Reason.CONFLICT,
                f"the deletion waits: project {project.id} does not carry this object's mark, so it is not "
                "deleted. Set `deletionPolicy: Orphan` to let it go",
            ),
        )
    if not backend.verbs.delete:
        return rest.on_verdict(
            view,
            Verdict(
                Reason.NOT_PERMITTED,
                f"the deletion waits: {backend.kind} '{backend.name}' does not allow it "
                "(`spec.capabilities.delete: false`); set `deletionPolicy: Orphan` to let the project go",
            ),
        )
    sent_at = view.memory.deletes_sent.get(project.id, NEVER)
    if sent_at + max(view.timing.read_lag, view.cadence.slow) > view.now:
        return _waiting(view, project, rest.soon(view, project.id))
    direct = view.memory.reads.get(project.id)
    if direct is None or direct.begun_at <= max(announced.at, sent_at):
        return Read(project.id)
    return Delete(project.id)


def _wait_for_end(view: View, waiting: list[RemoteProject]) -> Action:
    return _waiting(view, waiting[0], rest.soon(view, waiting[0].id))


def _waiting(view: View, project: RemoteProject | None, poll: Poll) -> Action:
    return rest.reporting(view, _deprovisioning(view, project), project, poll=poll)


def _deprovisioning(view: View, project: RemoteProject | None) -> Outcome:
    if project is None or project.deletion_time is None:
        return working("the deletion was sent; waiting for the backend", Reason.DELETING)
    since = f"{project.deletion_time:%Y-%m-%dT%H:%M:%SZ}"
    if (view.wall - project.deletion_time).total_seconds() > view.cadence.blocked_after:
        return held(
            Reason.DELETION_BLOCKED,
            f"project {project.id} has been '{project.provisioning_status}' since {since}; it ends when "
            "everything inside is gone, and the backend does "
            "not say what is left: look for resources in the project",
        )
    return working(f"project {project.id} is being deleted by the backend, since {since}", Reason.DELETING)


def _prove_gone(view: View, backend: BackendView, announced: Announced) -> Action:
    """Step 9: a credible listing, begun after the quarantine (or the short cut), that shows neither our mark nor the
    id.
    """
    memory, listing = view.memory, backend.listing
    from_ = max(_absence_counts_from(view), announced.at, memory.last_write_at)
    if listing is not None and listing.begun_at > from_:
        if not listing.credible:
            return _waiting(view, None, rest.soon(view, ""))
        if not listing.of_mark(view.mark) and view.record.id not in listing.by_id:
            if view.record.id and backend.read_verified_at < listing.begun_at - view.cadence.slow:
                return VerifyReadAccess()
            return RemoveFinalizer(Notice(warning=False, reason="Deleted", action="Delete", note=_gone(view)))
    within = max(0.0, from_ - view.now) + 0.01
    pause = (
        min(within, view.cadence.slow)
        if listing is None or listing.begun_at <= from_
        else view.cadence.after(memory.polls)
    )
    if within > view.cadence.slow:
        message = (
            f"the project is gone; making sure until {view.until(from_):%Y-%m-%dT%H:%M:%SZ} that nothing of it "
            "appears late"
        )
        return rest.reporting(view, working(message, Reason.DELETING), poll=Poll("", max(from_, NEVER), within))
    return rest.unchanged(poll=Poll("", max(view.now, from_), pause))


def _absence_counts_from(view: View) -> float:
    memory = view.memory
    if memory.unsent_record == view.record and not view.record.id:
        return NEVER
    if memory.answered_record == view.record:
        return memory.answered_at + view.timing.read_lag
    return view.quarantined_until


def _orphan(view: View, backend: BackendView) -> Action:
    """Take the mark away, read that back, let go."""
    announced = view.memory.announced
    if announced is None or (announced.intent, announced.record) != (Intent.ORPHAN, view.record):
        return _announce(
            view, Intent.ORPHAN, working("letting the project go (`deletionPolicy: Orphan`)", Reason.DELETING)
        )
    for project_id in _targets(view, backend):
        seen = view.memory.reads.get(project_id)
        if seen is None or seen.begun_at <= max(announced.at, view.memory.last_write_at):
            return Read(project_id)
        if seen.project is None or seen.project.deleting or not claims.is_ours(view, seen.project):
            continue
        if not backend.verbs.update:
            return _release(
                view, "`deletionPolicy: Orphan`: the project stays, with this object's mark: updates are not allowed"
            )
        if seen.begun_at <= view.memory.updated_at + view.timing.read_lag:
            return rest.unchanged(poll=rest.soon(view, project_id))
        return Update(seen.project, replace(seen.project.content, mark=ORPHANED))
    if view.record.id or creation_cannot_be_under_way(view, backend):
        return _release(view, "`deletionPolicy: Orphan`: the project stays, without this object's mark")
    return rest.unchanged(
        poll=Poll("", max(view.now, view.quarantined_until), max(0.0, view.quarantined_until - view.now) + 0.01)
    )


def creation_cannot_be_under_way(view: View, backend: BackendView) -> bool:
    """Whether no creation of this record can still appear."""
    listing = backend.listing
    if view.memory.unsent_record == view.record:
        return True
    return listing is not None and listing.credible and listing.begun_at > view.quarantined_until


def _targets(view: View, backend: BackendView) -> tuple[str, ...]:
    """Step 8: what status names, what was condemned, and what a listing shows with our mark."""
    status = view.project.status
    marked = backend.listing.of_mark(view.mark) if backend.listing is not None else ()
    found = (*((status.id,) if status.id else ()), *status.condemned, *(project.id for project in marked))
    return tuple(dict.fromkeys(project_id for project_id in found if project_id not in status.gone_ids))


def _announce(view: View, intent: Intent, outcome: Outcome) -> WriteStatus:
    after = summary.status(
        view,
        outcome,
        operation=ProjectOperation(type=str(intent), state="Pending", start_time=view.wall, message=outcome.message),
    )
    generation = view.project.metadata.generation
    return WriteStatus(after, Purpose.ANNOUNCE, announces=Announced(intent, view.record, generation))


def _release(view: View, note: str) -> RemoveFinalizer:
    name = f"project {view.record.id}: " if view.record.id else ""
    return RemoveFinalizer(Notice(warning=False, reason="Released", action="Release", note=f"{name}{note}"))


def _gone(view: View) -> str:
    return (
        f"project {view.record.id} is gone from the backend" if view.record.id else "nothing was created in the backend"
    )
