"""Update: announce with a guarded write, read again, replace the content, read back (R9)."""

from project_operator.api.conditions import Reason
from project_operator.backends.base import ProvisioningStatus, RemoteProject
from project_operator.reconcile import rest, settling, summary
from project_operator.reconcile.actions import Action, Poll, Purpose, Read, Update, WriteStatus
from project_operator.reconcile.assignments import groups, shown
from project_operator.reconcile.claims import may_be_written
from project_operator.reconcile.content import MARK_FIELD, Difference, Wanted, owning, target
from project_operator.reconcile.evidence import Observation
from project_operator.reconcile.memory import Announced, Intent
from project_operator.reconcile.outcome import working
from project_operator.reconcile.view import BackendView, Verdict, View


def decide(
    view: View,
    backend: BackendView,
    observation: Observation,
    project: RemoteProject,
    want: Wanted,
    found: tuple[Difference, ...],
) -> Action:
    """What to do about a project whose content must change."""
    memory = view.memory
    if (verdict := not_permitted(backend, found)) is not None:
        return rest.on_verdict(view, verdict)
    if (refused := rest.on_refusal(view, backend, want.ids)) is not None:
        return refused
    group_ids = groups(view, want)
    if project.provisioning_status in {
        ProvisioningStatus.UNKNOWN,
        ProvisioningStatus.PENDING,
        ProvisioningStatus.PROVISIONING,
    }:
        return rest.reporting(
            view,
            working(f"the update of {_fields(found)} waits until the backend has provisioned project {project.id}"),
            project,
            poll=rest.soon(view, project.id, group_ids),
        )
    if observation.begun_at <= memory.updated_at + view.timing.read_lag:
        return rest.unchanged(poll=rest.soon(view, project.id, group_ids))
    if memory.updates > 1 and (pause := memory.updated_at + view.cadence.after(memory.updates) * 2) > view.now:
        return rest.unchanged(wake_in=pause - view.now)
    announced = memory.announced
    if announced is None or (announced.intent, announced.record, announced.generation) != (
        Intent.UPDATE,
        view.record,
        view.project.metadata.generation,
    ):
        return _announce(view, backend, project, want, found)
    latest = memory.reads.get(project.id)
    if latest is None or latest.project is None or latest.begun_at <= announced.at:
        return Read(project.id, group_ids)
    if not may_be_written(view, latest.project):
        return rest.unchanged(poll=Poll(project.id, view.now, 0.0))
    current = shown(view, latest.project, want, after=announced.at)
    if current is None:
        return Read(project.id, group_ids)
    return Update(current, target(want, current.content, view.project.status.applied, view.mark))


def not_permitted(backend: BackendView, found: tuple[Difference, ...]) -> Verdict | None:
    """Why the site does not want what was ``found`` to be changed; None if it does."""
    if backend.verbs.update:
        return None
    return Verdict(
        Reason.NOT_PERMITTED,
        f"{_fields(found)} differ, but {backend.kind} '{backend.name}' does not allow updates "
        "(`spec.capabilities.update: false`)",
    )


def _announce(
    view: View, backend: BackendView, project: RemoteProject, want: Wanted, found: tuple[Difference, ...]
) -> WriteStatus:
    """Ready off, the operation named, and what will be set noted as ours before it is: a crash in between must not make
    it foreign.
    """
    message = f"updating {_fields(found)} of project {project.id}"
    after = summary.status(
        view,
        rest.on_the_way(view, backend, want.ids, message),
        project,
        operation=settling.operation("Update", "Pending", view, message),
        applied=owning(view.project.status.applied, want),
        drift=summary.drift(view, found),
    )
    return WriteStatus(
        after, Purpose.ANNOUNCE, announces=Announced(Intent.UPDATE, view.record, view.project.metadata.generation)
    )


def _fields(found: tuple[Difference, ...]) -> str:
    return ", ".join("the mark" if one.field == MARK_FIELD else f"`{one.field}`" for one in found)
