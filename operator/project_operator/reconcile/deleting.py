"""`deletionPolicy: Delete`: announce, delete all that is this object's, and keep the finalizer until it is proved that
nothing is left (protocol steps 8 to 10).
"""

from dataclasses import replace
from datetime import datetime

from project_operator.api.conditions import Reason
from project_operator.api.events import EventReason
from project_operator.backends.base import ProvisioningStatus, RemoteProject
from project_operator.reconcile import carriers, claims, ending, rest, vouching
from project_operator.reconcile.actions import (
    Action,
    CheckDefinition,
    Delete,
    Notice,
    Poll,
    Read,
    RemoveFinalizer,
    Update,
    VerifyReadAccess,
    WriteStatus,
)
from project_operator.reconcile.content import IMMUTABLE, particulars
from project_operator.reconcile.credibility import in_the_way
from project_operator.reconcile.evidence import NEVER, Listing, newest
from project_operator.reconcile.memory import Announced, Intent
from project_operator.reconcile.outcome import Outcome, held, working
from project_operator.reconcile.view import BackendView, Verdict, View


def decide(view: View, backend: BackendView) -> Action:
    """What to do next for a Project whose project is to be deleted."""
    announced = ending.announced(view, Intent.DELETE)
    if announced is None:
        return _announcement(view)
    if view.definition_checked_at <= announced.at:
        return CheckDefinition()
    if view.definition_terminating:
        return ending.release(
            view,
            f"the CustomResourceDefinition is being deleted: {ending.what_stays(view)}, with this object's mark on it",
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


def _announcement(view: View) -> WriteStatus:
    """R10."""
    return ending.announce(view, Intent.DELETE, working("deleting the project", Reason.DELETING))


def _warn(view: View, backend: BackendView, project: RemoteProject, told: frozenset[str]) -> Action:
    """Where a deletion takes more with it than the project, that is said of each project right before it is sent, so
    never of one that is gone or stays.
    """
    policy = view.project.status.deletion_policy
    note = (
        f"`deletionPolicy: Delete` (from: {policy.source if policy is not None else 'default'}): project {project.id}"
        f" ('{project.content.name}') is deleted in the backend, and {backend.abilities.destroys} with it"
    )
    announces = Announced(Intent.DELETE, view.record, view.project.metadata.generation, told=told | {project.id})
    notice = Notice(reason=EventReason.DESTROYING, action="Delete", note=note)
    return replace(_announcement(view), announces=announces, notice=notice)


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
        # Reads cross, and one that began later may show what was before: what status says was seen stays seen.
        return _waiting(view, None if _was_seen_leaving(view, project) else project, rest.soon(view, project.id))
    direct = view.memory.reads.get(project.id)
    if direct is None or direct.begun_at <= max(announced.at, sent_at):
        return Read(project.id)
    latest = direct.project
    if latest is not None and lock(view) == "false" and latest.content.particulars.get(IMMUTABLE) == "true":
        return Update(latest, replace(latest.content, particulars={IMMUTABLE: "false"}))
    if backend.abilities.destroys and project.id not in announced.told:
        return _warn(view, backend, project, announced.told)
    return Delete(project.id)


def _was_seen_leaving(view: View, project: RemoteProject) -> bool:
    status = view.project.status
    return project.id == status.id and status.provisioning_status == ProvisioningStatus.DEPROVISIONING


def lock(view: View) -> str | None:
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
    """Nothing is shown. That nothing can appear either is proved by now; where the backend cannot tell, a person has to
    vouch for it.
    """
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
