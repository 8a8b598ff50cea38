"""One call to a backend on behalf of a Project, and what its end means for the memory."""

import logging
from collections.abc import Callable

from project_operator.errors import BackendError, ProjectNotFound, RightExpired
from project_operator.reconcile import absorb
from project_operator.reconcile import actions as act
from project_operator.reconcile.absorb import Moment
from project_operator.reconcile.memory import Memory
from project_operator.reconcile.record import Right, Timing
from project_operator.reconcile.view import View
from project_operator.runtime.clock import Clock
from project_operator.runtime.connections import Connection

logger = logging.getLogger(__name__)


def watch(clock: Clock, view: View, connection: Connection | None) -> Callable[[], Moment]:
    """Note that an action is asked for now; the result, called at its end, says how that went by the clocks."""
    asked_at, asked_wall = clock.now(), clock.wall()
    generation = view.project.metadata.generation
    revision = connection.revision if connection is not None else ""
    return lambda: Moment(asked_at, asked_wall, clock.now(), clock.jitter(), generation, revision)


async def call(
    view: View, connection: Connection, action: act.Action, clock: Clock, moment: Callable[[], Moment]
) -> Memory:
    """Carry out ``action``, which is a call to the backend; the memory afterwards, whatever the call came to."""
    try:
        memory = await _made(view, connection, action, clock, moment)
    except BackendError as error:
        if not isinstance(error, RightExpired):
            connection.failed(error)
            logger.warning("%s %s: %s", view.project.metadata.namespace, view.project.metadata.name, error)
        return _failed(view.memory, action, error, moment())
    connection.answered()
    return memory


async def _made(
    view: View, connection: Connection, action: act.Action, clock: Clock, moment: Callable[[], Moment]
) -> Memory:
    memory, backend, begun_at = view.memory, connection.backend, clock.now()
    match action:
        case act.Create():
            project = await backend.create_project(
                action.content, before_send=_send_check(action.right, view.timing, clock)
            )
            connection.named(project.id)
            return absorb.created(memory, project, moment())
        case act.Update():
            await backend.update_project(action.current, action.content, before_send=nothing_to_check)
            return absorb.updated(memory, action, moment())
        case act.Delete():
            await backend.delete_project(action.project_id, before_send=nothing_to_check)
            return absorb.deleted(memory, action, moment())
        case act.Read():
            return await _read(memory, connection, action, begun_at)
        case act.ReadGroups():
            await connection.read_groups(action.after)
            return memory
        case act.ReadRoles():
            await connection.read_roles(action.after)
            return memory
        case act.VerifyReadAccess():
            await backend.verify_read_access()
            connection.observer.read_verified_at = begun_at
            return memory
        case _:
            raise AssertionError(f"not a call to the backend: {action}")


def _failed(memory: Memory, action: act.Action, error: BackendError, moment: Moment) -> Memory:
    match action:
        case act.Create():
            return absorb.create_failed(memory, action, error, moment)
        case act.Update():
            return absorb.update_failed(memory, action, error, moment)
        case act.Delete():
            return absorb.delete_failed(memory, action, error, moment)
        case _:
            return absorb.failed(memory, error, moment)


async def _read(memory: Memory, connection: Connection, action: act.Read, begun_at: float) -> Memory:
    try:
        project = await connection.backend.get_project(action.project_id, group_ids=action.group_ids)
    except ProjectNotFound:
        project = None
    connection.note_read(action.project_id, project)
    return absorb.read(memory, action.project_id, project, begun_at=begun_at, group_ids=action.group_ids)


def _send_check(right: Right, timing: Timing, clock: Clock) -> Callable[[], None]:
    """R2, step 2: the last thing that happens before the bytes leave."""

    def check() -> None:
        if not right.holds(now=clock.now(), wall=clock.wall(), timing=timing):
            raise RightExpired("the permission to create was older than its validity when the request could be sent")

    return check


def nothing_to_check() -> None:
    """Updates and deletions stand on a guarded write of this process, or on the proof that their object is gone (R9,
    R10, R8). That this process is still in charge is checked for every request, by the connection's gate.
    """
