"""What every decision of the core keeps, whatever it is about: the real `decide`, looked at each time.

Stories tell what comes of many decisions; here each is held against what nobody may break: whom it writes to, what it
promises to look at and when, and that what it says can be read and typed in. Types are looked at too, not believed.
"""

import json
from collections.abc import Callable, Iterator
from math import isfinite
from typing import Any, Final

from readable import unreadable

from project_operator.api.marks import ORPHANED
from project_operator.api.v1alpha1.project_status import ProjectOperation, ProjectStatus
from project_operator.backends.base import HealthStatus, ProvisioningStatus
from project_operator.reconcile import actions as act
from project_operator.reconcile import decide as core
from project_operator.reconcile.view import BackendView, View

OPERATIONS: Final = frozenset({"Create", "Import", "Restore", "Resume", "Update", "Delete", "Disable", "Orphan"})
STATES: Final = frozenset({"Waiting", "Pending", "Accepted"})
ORIGINS: Final = frozenset({"Created", "Imported", "Restored", "Resumed"})


def decide(view: View) -> act.Action:
    """As the core decides; AssertionError where that breaks what every decision keeps."""
    action = core.decide(view)
    broken = [*unsound(view, action)]
    assert not broken, f"{action}: {'; '.join(broken)}"
    return action


def unsound(view: View, action: act.Action) -> Iterator[str]:
    """What ``action`` breaks."""
    if (kept := KEPT.get(type(action))) is not None:
        yield from kept(view, action)
    if (notice := getattr(action, "notice", None)) is not None:
        if notice.action not in OPERATIONS | {"Reconcile", "Release"}:
            yield f"an Event on {notice.action!r}"
        yield from unreadable(notice.note)


def _intent(_view: View, action: Any) -> Iterator[str]:
    if not json.loads(action.backend_annotation)["name"] or not isinstance(action.grants_right, bool):
        yield "a record of intent that does not say for which backend"


def _end(_view: View, action: Any) -> Iterator[str]:
    if not isinstance(action.leaves_project, bool):
        yield "it does not say whether the project stays"


def _write(view: View, action: act.WriteStatus) -> Iterator[str]:
    yield from _status(view, action.status, forgets=action.purpose is act.Purpose.FORGET)
    if (action.purpose is act.Purpose.ANNOUNCE) != (action.announces is not None):
        yield "an announcement of nothing, or a write that announces by the way"


def _creation(view: View, action: Any) -> Iterator[str]:
    if action.content.mark != view.mark:
        yield "a creation without our mark"
    if action.right is None or action.right is not view.memory.right:
        yield "a creation without a right"


def _update(view: View, action: act.Update) -> Iterator[str]:
    if action.content.mark != view.mark and ORPHANED not in action.content.mark:
        yield "an update that leaves it without our mark"


def _read(_view: View, action: Any) -> Iterator[str]:
    if not action.project_id or not isinstance(action.group_ids, frozenset):
        yield "a read of nothing"


def _names(view: View, action: act.ReadGroups | act.ReadRoles) -> Iterator[str]:
    if not action.after <= view.now:
        yield "it waits for a listing that begins later, and does not rest"


def _deletion(view: View, action: act.Delete) -> Iterator[str]:
    status = view.project.status
    marked: set[str] = set()
    if isinstance(view.backend, BackendView) and view.backend.listing is not None:
        marked = {project.id for project in view.backend.listing.of_mark(view.mark)}
    if view.memory.answer is not None:
        marked.add(view.memory.answer.id)
    if action.project_id not in {status.id, *status.condemned, *marked}:
        yield f"the deletion of {action.project_id!r}, which nothing of ours names"


def _rest(view: View, rest: act.Rest) -> Iterator[str]:
    if rest.status is not None:
        yield from _status(view, rest.status, forgets=False)
    for pause in (rest.wake_in, rest.recheck_in):
        if pause is not None and not 0 <= pause < 10 * view.cadence.refused_at_most:
            yield f"a pause of {pause} seconds"
    if rest.poll is not None:
        yield from _poll(view, rest.poll)


def _poll(view: View, poll: Any) -> Iterator[str]:
    if not isinstance(poll.project_id, str) or not isinstance(poll.group_ids, frozenset):
        yield f"a look at {poll.project_id!r}"
    listing = view.backend.listing if isinstance(view.backend, BackendView) else None
    if listing is not None and listing.begun_at > poll.after and not poll.group_ids:
        yield f"a look for what the listing of {view.now - listing.begun_at} seconds ago has shown"
    ahead = poll.after - view.now
    if ahead > 2 * view.timing.quarantine + view.cadence.slow:
        yield f"a look at what begins {ahead} seconds from now"
    latest = max(view.cadence.resync, (ahead if isfinite(ahead) else 0.0) + 0.5)
    if not max(0.0, ahead) <= poll.within <= latest:
        yield f"a look within {poll.within} seconds for what begins {ahead} seconds from now"


def _status(view: View, status: ProjectStatus, *, forgets: bool) -> Iterator[str]:
    before = view.project.status
    if status.observed_generation != view.project.metadata.generation:
        yield "a status of another generation"
    if status.origin not in {None, *ORIGINS}:
        yield f"a project that was {status.origin}"
    if before.id and status.id != before.id and not (forgets and before.id in status.gone_ids):
        yield "an id that is lost"
    if before.id and not status.id and (status.applied or status.observed or not status.attempt):
        yield "what is owned of a project that is gone"
    yield from _state(before, status)
    for condition in status.conditions:
        yield from unreadable(condition.message)
    if status.operation is not None and status.operation != before.operation:
        yield from _operation(view, status.operation)


def _state(before: ProjectStatus, status: ProjectStatus) -> Iterator[str]:
    state, health = status.provisioning_status, status.health_status
    if state is None and (before.provisioning_status or status.id != before.id):
        yield "a project whose state is not said"
    if state not in {None, *ProvisioningStatus} or health not in {None, *HealthStatus}:
        yield f"a project that is {state} and {health}"
    if (state is None) != (health is None):
        yield "a state without a health, or the reverse"


def _operation(view: View, operation: ProjectOperation) -> Iterator[str]:
    if operation.type not in OPERATIONS or operation.state not in STATES:
        yield f"an operation {operation.type!r} that is {operation.state!r}"
    if operation.start_time is None or operation.start_time > view.wall:
        yield "an operation that begins at no time, or later"
    if (operation.state == "Accepted") != (operation.accepted_time is not None):
        yield "an operation that was accepted at no time"
    yield from unreadable(operation.message)


KEPT: Final[dict[type, Callable[[View, Any], Iterator[str]]]] = {
    act.AddFinalizer: _intent,
    act.RemoveFinalizer: _end,
    act.WriteStatus: _write,
    act.Create: _creation,
    act.Update: _update,
    act.Delete: _deletion,
    act.Read: _read,
    act.ReadGroups: _names,
    act.ReadRoles: _names,
    act.Rest: _rest,
}
"""What each kind of action is held against; what is not here promises nothing by itself."""
