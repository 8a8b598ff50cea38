"""The ends after which the project stays: `Orphan` takes the mark away, `Disable` switches the project off. Announce,
read, update, read back, let go.
"""

from collections.abc import Iterable
from dataclasses import replace

from project_operator.api.conditions import Reason
from project_operator.api.marks import ORPHANED
from project_operator.backends.base import ProjectContent, RemoteProject
from project_operator.reconcile import carriers, claims, ending, rest, vouching
from project_operator.reconcile.actions import Action, Poll, Read, Update
from project_operator.reconcile.content import ids_of, particulars
from project_operator.reconcile.credibility import in_the_way
from project_operator.reconcile.evidence import Listing
from project_operator.reconcile.memory import Announced, Intent
from project_operator.reconcile.outcome import working
from project_operator.reconcile.view import BackendView, Verdict, View


def orphan(view: View, backend: BackendView) -> Action:
    """`deletionPolicy: Orphan`: the project stays as it is, without our mark."""
    announced = ending.announced(view, Intent.ORPHAN)
    if announced is None:
        outcome = working("letting the project go (`deletionPolicy: Orphan`)", Reason.DELETING)
        return ending.announce(view, Intent.ORPHAN, outcome)
    released: list[RemoteProject] = []
    for project_id in ending.targets(view, backend):
        project = _read_back(view, project_id, announced)
        if not isinstance(project, RemoteProject):
            if project is None:
                continue
            return project
        marked = claims.is_ours(view, project) or claims.is_resumed(view, project)
        if not marked or carriers.is_another_s(view, backend, project):
            released += [project] if project.content.mark == ORPHANED else []
            continue
        if not backend.verbs.update:
            return ending.release(
                view, "`deletionPolicy: Orphan`: the project stays, with this object's mark: updates are not allowed"
            )
        return _update(view, backend, project, replace(project.content, mark=ORPHANED))
    return _until_calm(view, released) or let_go(
        view, backend, "`deletionPolicy: Orphan`", "the project stays, without this object's mark"
    )


def disable(view: View, backend: BackendView) -> Action:
    """`deletionPolicy: Disable`: the project stays, switched off, with our mark: whoever comes next can tell whose it
    was.
    """
    announced = ending.announced(view, Intent.DISABLE)
    if announced is None:
        outcome = working("disabling the project (`deletionPolicy: Disable`)", Reason.DELETING)
        return ending.announce(view, Intent.DISABLE, outcome)
    others: list[RemoteProject] = []
    disabled: list[RemoteProject] = []
    for project_id in ending.targets(view, backend):
        project = _read_back(view, project_id, announced)
        if not isinstance(project, RemoteProject):
            if project is None:
                continue
            return project
        if _is_let_be(view, project):
            disabled.append(project)
            continue
        if project_id != view.record.id and carriers.is_another_s(view, backend, project):
            if view.memory.reads[project_id].begun_at <= view.now - view.cadence.slow:
                return Read(project_id)
            others.append(project)
            continue
        if (verdict := _may_not_disable(view, backend, project)) is not None:
            return rest.on_verdict(view, verdict)
        return _update(view, backend, project, replace(project.content, enabled=False))
    if others:
        return rest.on_verdict(view, carriers.holds_deletion(backend, others))
    return _until_calm(view, disabled) or let_go(
        view, backend, "`deletionPolicy: Disable`", "the project stays, disabled, with this object's mark"
    )


def let_go(view: View, backend: BackendView, why: str, stays: str) -> Action:
    """Release what stays, with words for ``why`` and for what is left; without an id only when no project can appear
    late that nobody would know of.
    """
    if view.record.id or creation_cannot_be_under_way(view, backend):
        known = view.record.id or _was_found(view, backend)
        what = stays if known else ending.nothing_is_left(view, backend)
        if _is_gone(view):
            what = "it is gone from the backend"
        return ending.release(view, f"{why}: {what}{carriers.remark(carriers.others(view, backend))}")
    left = view.quarantined_until - view.now
    if left < 0:
        return _until_believed(view, backend.listing)
    message = (
        "whether the last creation took effect is not known; looking for this object's mark until "
        f"{view.until(view.quarantined_until):%Y-%m-%dT%H:%M:%SZ} before this object goes"
    )
    # What was made late is looked for all the while, and a listing begun after the quarantine is the last.
    poll = Poll("", view.now, min(view.cadence.after(view.memory.polls), left + 0.01))
    return rest.reporting(view, working(message, Reason.DELETING), poll=poll)


def _until_believed(view: View, listing: Listing | None) -> Action:
    if listing is None or listing.begun_at <= view.quarantined_until:
        return rest.unchanged(poll=Poll("", view.quarantined_until, 0.0))
    why = in_the_way(listing.in_doubt) or "the backend's listing lacks what Projects name, which is looked for first"
    outcome = working(
        f"whether the last creation took effect is not known, and this object stays: {why}", Reason.DELETING
    )
    return rest.reporting(view, outcome, poll=rest.soon(view, ""))


def creation_cannot_be_under_way(view: View, backend: BackendView) -> bool:
    """Whether no creation of this record can still appear."""
    listing = backend.listing
    if vouching.never_left(view):
        return True
    return listing is not None and listing.credible and listing.begun_at > view.quarantined_until


def _read_back(view: View, project_id: str, announced: Announced) -> RemoteProject | Action | None:
    """The project as it is now; None if there is nothing to be done about it; or the look that comes first."""
    seen = view.memory.reads.get(project_id)
    if seen is None or seen.begun_at <= max(announced.at, view.memory.last_write_at):
        return Read(project_id)
    if seen.project is None or seen.project.deleting:
        return None
    return seen.project


def _until_calm(view: View, projects: Iterable[RemoteProject]) -> Action | None:
    """All of ``projects`` are as they are to stay; each is read again when no older update can change that any more
    (R9). None where all were.
    """
    calm_at = ending.calm_at(view)
    project = next((one for one in projects if view.memory.reads[one.id].begun_at <= calm_at), None)
    if project is None:
        return None
    if view.now > calm_at:
        return Read(project.id)
    message = (
        f"project {project.id} is let go; an update sent before may still take effect until "
        f"{view.until(calm_at):%Y-%m-%dT%H:%M:%SZ}"
    )
    poll = Poll(project.id, calm_at, max(0.0, calm_at - view.now) + 0.01)
    return rest.reporting(view, working(message, Reason.DELETING), poll=poll)


def _is_gone(view: View) -> bool:
    """Whether what status names was looked for in the end and is not there."""
    seen = view.memory.reads.get(view.record.id)
    return bool(view.record.id) and seen is not None and seen.project is None


def _was_found(view: View, backend: BackendView) -> bool:
    """Whether a project of this object's that no status names was come upon while it ended."""
    announced = view.memory.announced
    return announced is not None and any(
        seen.project is not None
        and seen.begun_at > announced.at
        and seen.project.content.mark in {view.mark, ORPHANED}
        and not carriers.never_adopted(view, seen.project)
        and not carriers.is_another_s(view, backend, seen.project)
        for seen in view.memory.reads.values()
    )


def _is_let_be(view: View, project: RemoteProject) -> bool:
    """Whether it is switched off already; or was condemned for a mark that somebody has taken off since."""
    return project.content.enabled is False or (project.id != view.record.id and not claims.is_ours(view, project))


def _may_not_disable(view: View, backend: BackendView, project: RemoteProject) -> Verdict | None:
    way_out = "set `deletionPolicy: Orphan` to let the project go"
    if not claims.may_be_written(view, project):
        return Verdict(
            Reason.CONFLICT,
            f"the deletion waits: project {project.id} does not carry this object's mark, so it is not disabled; "
            f"{way_out}",
        )
    if not backend.verbs.update:
        return Verdict(
            Reason.NOT_PERMITTED,
            f"the deletion waits: {backend.kind} '{backend.name}' does not allow updates "
            f"(`spec.capabilities.update: false`); {way_out}",
        )
    return None


def _update(view: View, backend: BackendView, current: RemoteProject, content: ProjectContent) -> Action:
    """Of what only one family of backends has nothing is set that the spec does not say."""
    if (refused := rest.on_refusal(view, backend, ids_of(content))) is not None:
        return refused
    shown_at = view.memory.updated_at + view.timing.read_lag
    if view.memory.reads[current.id].begun_at <= shown_at:
        # Whether the last update has done it already. A listing may answer the poll; what counts is a read.
        if view.now > shown_at:
            return Read(current.id)
        return rest.unchanged(poll=Poll(current.id, shown_at, shown_at - view.now + 0.01))
    return Update(current, replace(content, particulars=particulars(view.project.spec)))
