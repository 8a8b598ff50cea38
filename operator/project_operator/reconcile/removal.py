"""The Project is being deleted: delete, orphan or let go, and keep the finalizer until that is proved (protocol steps 7
to 10).
"""

from dataclasses import replace
from datetime import datetime

from project_operator.api.conditions import Reason
from project_operator.api.events import EventReason
from project_operator.api.v1alpha1.project import DeletionPolicy
from project_operator.backends.base import RemoteProject
from project_operator.reconcile import (
    carriers,
    claims,
    creation,
    duplicates,
    ending,
    hierarchy,
    letting_go,
    rest,
    vouching,
)
from project_operator.reconcile.actions import (
    Action,
    CheckDefinition,
    Delete,
    Forget,
    Notice,
    Poll,
    Read,
    RemoveFinalizer,
    Update,
    VerifyReadAccess,
)
from project_operator.reconcile.content import IMMUTABLE, particulars
from project_operator.reconcile.credibility import in_the_way
from project_operator.reconcile.evidence import NEVER, Listing, newest
from project_operator.reconcile.memory import Announced, Intent, Memory
from project_operator.reconcile.naming import IMPORTED
from project_operator.reconcile.outcome import Outcome, held, working
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
            return ending.release(
                view, f"`deletionPolicy: Orphan`: {_stays(view)}, with this object's mark on it ({verdict.message})"
            )
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


def _stays(view: View) -> str:
    """What is known of what stays where it is not looked for any more."""
    return "the project stays" if view.record.id else "a project, if one was made, stays"


def _by_policy(view: View, backend: BackendView, policy: str) -> Action:
    if policy == DeletionPolicy.ORPHAN:
        return letting_go.orphan(view, backend)
    if (hold := hierarchy.held_by_children(view)) is not None:
        return rest.on_verdict(view, hold)
    if policy == DeletionPolicy.DELETE and not backend.abilities.delete:
        return rest.on_verdict(view, _NO_DELETION)
    if policy == DeletionPolicy.DELETE:
        return rest.on_verdict(view, _LOCKED) if _lock(view) == "true" else _delete(view, backend)
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


def _delete(view: View, backend: BackendView) -> Action:
    announced = ending.announced(view, Intent.DELETE)
    if announced is None:
        named = (view.record.id, view.project.status.name or "") if view.record.id else None
        return _announce(view, backend, frozenset(), named)
    if view.definition_checked_at <= announced.at:
        return CheckDefinition()
    if view.definition_terminating:
        return ending.release(
            view, f"the CustomResourceDefinition is being deleted: {_stays(view)}, with this object's mark on it"
        )
    return _delete_each(view, backend, announced)


def _delete_each(view: View, backend: BackendView, announced: Announced) -> Action:
    """Step 8, ours before it is said what others made; step 9 where nothing is left."""
    waiting: list[RemoteProject] = []
    others: list[RemoteProject] = []
    since = max(announced.at, view.memory.last_write_at)
    for project_id in ending.targets(view, backend):
        direct = view.memory.reads.get(project_id)
        seen = newest(project_id, backend.listing, direct, after=since, read_lag=view.timing.read_lag)
        if seen is None:
            return _look_at(view, backend, project_id, announced)
        if seen.project is None:
            continue
        if project_id != view.record.id and not claims.is_ours(view, seen.project):
            # It was condemned for a mark that somebody has taken off since.
            continue
        if seen.project.deleting:
            waiting.append(seen.project)
        elif project_id != view.record.id and carriers.is_another_s(view, backend, seen.project):
            others.append(seen.project)
        else:
            return _send_delete(view, backend, seen.project, announced)
    if waiting:
        return _wait_for_end(view, waiting)
    if others:
        return rest.on_verdict(view, carriers.holds_deletion(backend, others))
    return _prove_gone(view, backend, announced)


def _announce(view: View, backend: BackendView, told: frozenset[str], named: tuple[str, str] | None) -> Action:
    """R10; and where a deletion takes more with it than the project, what it takes with ``named`` (id and name) is said
    before it is sent. None is named where none is known.
    """
    announcement = ending.announce(view, Intent.DELETE, working("deleting the project", Reason.DELETING))
    destroys = backend.abilities.destroys
    if not destroys or named is None:
        return announcement
    policy = view.project.status.deletion_policy
    note = (
        f"`deletionPolicy: Delete` (from: {policy.source if policy is not None else 'default'}): project {named[0]}"
        f" ('{named[1]}') is deleted in the backend, and {destroys} with it"
    )
    announces = Announced(Intent.DELETE, view.record, view.project.metadata.generation, told=told | {named[0]})
    notice = Notice(reason=EventReason.DESTROYING, action="Delete", note=note)
    return replace(announcement, announces=announces, notice=notice)


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
    if (refused := rest.on_refusal(view, backend, frozenset(), deletion=True)) is not None:
        return refused
    sent_at = view.memory.deletes_sent.get(project.id, NEVER)
    if sent_at + max(view.timing.read_lag, view.cadence.slow) > view.now:
        return _waiting(view, project, rest.soon(view, project.id))
    direct = view.memory.reads.get(project.id)
    if direct is None or direct.begun_at <= max(announced.at, sent_at):
        return Read(project.id)
    latest = direct.project
    if latest is not None and _lock(view) == "false" and latest.content.particulars.get(IMMUTABLE) == "true":
        return Update(latest, replace(latest.content, particulars={IMMUTABLE: "false"}))
    if backend.abilities.destroys and project.id not in announced.told:
        return _announce(view, backend, announced.told, (project.id, project.content.name))
    return Delete(project.id)


def _lock(view: View) -> str | None:
    """What the spec says about Keystone's own protection, which is taken off only on somebody's word."""
    return particulars(view.project.spec).get(IMMUTABLE)


def _wait_for_end(view: View, waiting: list[RemoteProject]) -> Action:
    return _waiting(view, waiting[0], rest.soon(view, waiting[0].id))


def _waiting(view: View, project: RemoteProject | None, poll: Poll) -> Action:
    return rest.reporting(view, _deprovisioning(view, project), project, poll=poll)


def _deprovisioning(view: View, project: RemoteProject | None) -> Outcome:
    begun, project_id, state = _begun(view, project)
    if begun is None:
        return working("the deletion was sent; waiting for the backend", Reason.DELETING)
    since = f"{begun:%Y-%m-%dT%H:%M:%SZ}"
    if (view.wall - begun).total_seconds() > view.cadence.blocked_after:
        return held(
            Reason.DELETION_BLOCKED,
            f"project {project_id} has been '{state}' since {since}; it ends when "
            "everything inside is gone, and the backend does "
            "not say what is left: look for resources in the project",
        )
    return working(f"project {project_id} is being deleted by the backend, since {since}", Reason.DELETING)


def _begun(view: View, project: RemoteProject | None) -> tuple[datetime | None, str, str | None]:
    """Since when it is being deleted, which one, and in what state; where a deletion was just sent again, as status
    has it from before, until that is seen anew.
    """
    if project is not None:
        return project.deletion_time, project.id, project.provisioning_status
    status = view.project.status
    begun = status.observed.deletion_time if status.observed is not None else None
    return begun, view.record.id, status.provisioning_status


def _prove_gone(view: View, backend: BackendView, announced: Announced) -> Action:
    """Step 9: a credible listing, begun after the quarantine (or the short cut), that shows neither our mark nor the
    id.
    """
    memory, listing = view.memory, backend.listing
    from_ = max(_absence_counts_from(view), announced.at, memory.last_write_at)
    if listing is not None and listing.begun_at > from_:
        if not listing.credible:
            return _not_believed(view, listing)
        if not listing.of_mark(view.mark) and view.record.id not in listing.by_id:
            if view.record.id and backend.read_verified_at < listing.begun_at - view.cadence.slow:
                return VerifyReadAccess()
            return _end_of_it(view, backend)
    within = max(0.0, from_ - view.now) + 0.01
    pause = (
        min(within, view.cadence.slow)
        if listing is None or listing.begun_at <= from_
        else view.cadence.after(memory.polls)
    )
    if within > view.cadence.slow:
        what = "the project is gone" if _went(view) else "no project with this object's mark is shown"
        message = f"{what}; making sure until {view.until(from_):%Y-%m-%dT%H:%M:%SZ} that nothing of it appears late"
        return rest.reporting(view, working(message, Reason.DELETING), poll=Poll("", max(from_, NEVER), within))
    return rest.unchanged(poll=Poll("", max(view.now, from_), pause))


def _not_believed(view: View, listing: Listing) -> Action:
    """The project seems to be gone, but the listing lacks too much that should be there."""
    if why := in_the_way(listing.in_doubt):
        outcome = working(f"nothing of the project is to be seen, which is not believed yet: {why}", Reason.DELETING)
        return rest.reporting(view, outcome, poll=rest.soon(view, ""))
    return _waiting(view, None, rest.soon(view, ""))


def _absence_counts_from(view: View) -> float:
    memory = view.memory
    if vouching.never_left(view) and not view.record.id:
        return NEVER
    if memory.answered_record == view.record:
        return memory.answered_at + view.timing.read_lag
    return view.quarantined_until


def _end_of_it(view: View, backend: BackendView) -> Action:
    """Nothing is shown and nothing can appear: which of the two nobody can tell of a creation, a person vouches for."""
    went = _went(view)
    if not went and vouching.is_needed(view, backend):
        return vouching.hold_deletion(view, backend)
    which = "projects" if len(went) > 1 else "project"
    are = "are" if len(went) > 1 else "is"
    note = f"{which} {', '.join(went)} {are} gone from the backend" if went else ending.nothing_is_left(view, backend)
    return RemoveFinalizer(Notice(reason=EventReason.DELETED, action="Delete", note=note))


def _went(view: View) -> tuple[str, ...]:
    """The projects that went with this object: what status names, or what this process found without and deleted."""
    if view.record.id:
        return (view.record.id,)
    status = view.project.status
    return tuple(one for one in view.memory.deletes_sent if one not in {*status.gone_ids, *status.condemned})
