"""What every decision keeps is noticed where it is broken."""

from dataclasses import replace
from typing import Any

from readable import unreadable
from simulation.views import NOW, WALL, a_backend, a_listing, a_project, a_remote, a_view
from sound_decisions import unsound

from project_operator.api.conditions import Reason
from project_operator.api.events import EventReason
from project_operator.api.v1alpha1.project_status import ProjectOperation, ProjectStatus
from project_operator.reconcile import summary
from project_operator.reconcile.actions import (
    Action,
    AddFinalizer,
    Create,
    Delete,
    Notice,
    Poll,
    Purpose,
    Read,
    ReadGroups,
    RemoveFinalizer,
    Rest,
    Update,
    WriteStatus,
)
from project_operator.reconcile.outcome import held
from project_operator.reconcile.record import Right

VIEW = a_view(
    a_project(status={"id": "p1", "provisioningStatus": "provisioned", "healthStatus": "healthy"}),
    a_backend(listing=a_listing(a_remote(), begun_at=NOW - 50.0)),
)
GOOD = summary.status(VIEW, held(Reason.CONFLICT, "a project called 'web' exists"))
BEGUN = ProjectOperation(type="Update", state="Pending", start_time=WALL, message="updating")


def but(**changes: Any) -> Rest:
    """A rest with a status in which something is otherwise."""
    return Rest(ProjectStatus(**(dict(GOOD) | changes)))


def said(message: str) -> Rest:
    """A rest that says something."""
    return Rest(summary.status(VIEW, held(Reason.CONFLICT, message)))


def test_a_sound_one_is_taken() -> None:
    at_once = Poll("p1", NOW, 0.5)
    for action in (
        Rest(GOOD),
        Rest(poll=at_once),
        but(operation=BEGUN),
        WriteStatus(GOOD, Purpose.REPORT),
        Delete("p1"),
    ):
        assert [*unsound(VIEW, action)] == []


BROKEN: tuple[Action, ...] = (
    AddFinalizer('{"name": ""}', grants_right=True),
    RemoveFinalizer(leaves_project=None),  # type: ignore[arg-type]  # broken on purpose
    WriteStatus(GOOD, Purpose.ANNOUNCE),
    Create(replace(a_remote().content, mark="other"), Right(NOW, NOW, VIEW.record)),
    Update(a_remote(), replace(a_remote().content, mark="")),
    Delete("p2"),
    Read(""),
    ReadGroups(NOW + 1.0),
    Rest(wake_in=-1.0),
    Rest(recheck_in=1e9),
    Rest(poll=Poll(None, NOW, 0.5)),  # type: ignore[arg-type]  # likewise
    Rest(poll=Poll("p1", NOW + 5.0, 0.5)),
    Rest(poll=Poll("p1", NOW, 5000.0)),
    Rest(poll=Poll("p1", NOW - 60.0, 0.5)),
    Rest(poll=Poll("p1", NOW + 5000.0, 5000.1)),
    Rest(notice=Notice(EventReason.CONFLICT, "XXReconcileXX", "a project called 'web' exists")),
    Rest(notice=Notice(EventReason.CONFLICT, "Reconcile", "")),
    but(observed_generation=7),
    but(origin="created"),
    but(id=None),
    but(provisioning_status=None, health_status=None),
    but(provisioning_status="Provisioned"),
    but(health_status=None),
    but(operation=BEGUN.model_copy(update={"type": "update"})),
    but(operation=BEGUN.model_copy(update={"start_time": None})),
    but(operation=BEGUN.model_copy(update={"state": "Accepted"})),
    but(operation=BEGUN.model_copy(update={"message": ""})),
    said("a project EXISTS"),
)


def test_one_that_is_not_is_caught() -> None:
    assert [action for action in BROKEN if not [*unsound(VIEW, action)]] == []


READABLE = (
    "a project called 'WEB' exists",
    "it waits until 2026-01-02T03:04:05Z. Set `deletionPolicy: Orphan` to let it go",
    "start the operator with PROJECT_OPERATOR_RESTORE=true",
    "IdentityBackend 'default' is not there",
)
UNREADABLE = (
    "",
    " no",
    "A PROJECT EXISTS",
    "a project XXexists",
    "it waits. set it",
    "set `deletionpolicy: Orphan`",
    "set `deletionPolicy: ORPHAN`",
    "set `NOTHING`",
    "start it with PROJECT_OPERATOR_RESTART=true",
    "start it with project_operator_restore=true",
    "it ends.",
)


def test_what_people_can_read_and_type_in_is_told_from_what_they_cannot() -> None:
    assert [message for message in READABLE if unreadable(message)] == []
    assert [message for message in UNREADABLE if not unreadable(message)] == []
