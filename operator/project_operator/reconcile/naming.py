"""The id goes into status the moment it is known (step 3, step 4, import): from then on it *is* the project."""

from project_operator.api.v1alpha1.project_status import AppliedProject, ProjectOperation
from project_operator.backends.base import RemoteProject
from project_operator.reconcile import summary
from project_operator.reconcile.actions import Purpose, WriteStatus
from project_operator.reconcile.content import Wanted, applied, tag_statuses
from project_operator.reconcile.outcome import Outcome, Standing
from project_operator.reconcile.view import BackendView, View

CREATED = "Created"
IMPORTED = "Imported"
RESUMED = "Resumed"
RESTORED = "Restored"


def name(
    view: View, backend: BackendView, project: RemoteProject, outcome: Outcome, *, origin: str, want: Wanted | None
) -> WriteStatus:
    """The guarded write that names ``project``.

    A project that we created is ours in every field that the spec manages, whatever generation it was made from; of an
    imported one nothing is ours until it was applied. No generation is called applied before it was read back as a
    whole: what a creation does not send, such as roles, is still to follow.
    """
    ours: AppliedProject | None = None
    done = outcome.standing is Standing.DONE
    if origin == CREATED:
        generation = view.project.metadata.generation if done else None
        ours = applied(want, generation) if want is not None else _as_found(project)
    after = summary.status(
        view,
        outcome,
        project,
        id=project.id,
        origin=origin,
        applied=ours,
        operation=None if done else _accepted(view, project, origin),
        **summary.made_with(backend),
    )
    return WriteStatus(after, Purpose.IDENTITY, notice=summary.notice(view, after))


def _accepted(view: View, project: RemoteProject, origin: str) -> ProjectOperation:
    return ProjectOperation(
        type="Create" if origin == CREATED else "Import",
        state="Accepted",
        start_time=view.wall,
        accepted_time=view.wall,
        message=f"waiting for the backend: {project.provisioning_status}",
    )


def _as_found(project: RemoteProject) -> AppliedProject:
    content = project.content
    return AppliedProject(
        name=content.name,
        description=content.description,
        tags=tag_statuses(content.tags),
        group_ids=content.group_ids,
    )
