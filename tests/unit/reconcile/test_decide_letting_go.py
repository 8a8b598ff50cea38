"""Single decisions about a Project that goes while its project stays: what is waited for, for how long, and what people
read meanwhile.
"""

from dataclasses import replace
from typing import Any

import pytest
from simulation.views import NOW, UID, a_backend, a_listing, a_project, a_remote, a_view, mark_of
from sound_decisions import decide

from project_operator.api.names import FINALIZER
from project_operator.backends.base import ProjectContent
from project_operator.reconcile.actions import Action, Poll, Purpose, Read, RemoveFinalizer, Rest, Update, WriteStatus
from project_operator.reconcile.credibility import in_the_way
from project_operator.reconcile.evidence import Listing, Observation
from project_operator.reconcile.memory import Announced, Intent
from project_operator.reconcile.policies import backend_annotation
from project_operator.reconcile.record import Record, Timing
from project_operator.reconcile.view import Abilities, Cadence, View

MADE = {"id": "p1", "origin": "Created", "endpointID": "e1"}
REFERENCE = {"backendRef": {"kind": "IdentityBackend", "name": "default", "uid": "b1"}}
OVER = NOW - Timing().quarantine - 1.0
"""A record seen first then has its quarantine behind it."""
FAST = Cadence().after(0)


def leaving(policy: str, *, status: Any = None, memory: Any = None, **backend: Any) -> View:
    """A Project that is deleted under a deletion policy, or under `Plan`."""
    spec = {"managementPolicy": "Plan"} if policy == "Plan" else {"deletionPolicy": policy}
    project = a_project(
        spec=spec,
        status=status,
        finalizers=[FINALIZER],
        deletionTimestamp="2026-01-02T03:00:00Z",
        annotations={"identity.project-operator.dev/backend": backend_annotation(a_backend())},
    )
    return a_view(project, a_backend(**backend), memory=memory)


def unnamed(policy: str, *, since: float, listing: Listing | None = None, polls: int = 0) -> View:
    """Of which no id is known, with its record seen first at ``since``; the end of it is announced."""
    announced = (
        Announced(Intent(policy), Record(UID, finalizer=True, attempt="", id=""), 1) if policy != "Plan" else None
    )
    memory = {"record_since": since, "polls": polls, "announced": announced}
    return leaving(policy, memory=memory, listing=listing)


def told(action: Rest) -> tuple[str, str, str]:
    assert action.status is not None
    (ready,) = [one for one in action.status.conditions if one.type == "Ready"]
    return (ready.status, ready.reason, ready.message)


WAYS = ["Plan", "Orphan"]


@pytest.mark.parametrize("way", WAYS)
def test_what_may_still_appear_is_looked_for_until_the_quarantine_is_over(way: str) -> None:
    action = decide(unnamed(way, since=NOW - 10.0))
    assert isinstance(action, Rest)
    assert action.poll == Poll("", NOW, FAST)
    message = (
        "whether the last creation took effect is not known; looking for this object's mark until "
        "2026-01-02T03:05:20Z before this object goes"
    )
    assert told(action) == ("Unknown", "Deleting", message)


@pytest.mark.parametrize("way", WAYS)
def test_the_last_look_is_just_behind_the_quarantine(way: str) -> None:
    action = decide(unnamed(way, since=OVER + 1.0 + 0.25))
    assert isinstance(action, Rest)
    assert action.poll is not None
    assert action.poll.within == pytest.approx(0.26)


@pytest.mark.parametrize("way", WAYS)
def test_the_more_looks_bring_nothing_the_later_is_the_next(way: str) -> None:
    action = decide(unnamed(way, since=NOW - 10.0, polls=3))
    assert isinstance(action, Rest)
    assert action.poll == Poll("", NOW, Cadence().after(3))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("listing", [None, a_listing(begun_at=OVER + Timing().quarantine)], ids=["none", "too old"])
def test_a_listing_begun_after_the_quarantine_is_asked_for_at_once(way: str, listing: Listing | None) -> None:
    assert decide(unnamed(way, since=OVER, listing=listing)) == Rest(poll=Poll("", OVER + Timing().quarantine, 0.0))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("in_doubt", "why"),
    [
        ((), "the backend's listing lacks what Projects name, which is looked for first"),
        (
            ("p8", "p9"),
            in_the_way(("p8", "p9")),
        ),
    ],
    ids=["not looked for yet", "in doubt"],
)
def test_a_listing_that_lacks_too_much_keeps_the_object(way: str, in_doubt: tuple[str, ...], why: str) -> None:
    listing = Listing.of([], begun_at=NOW, credible=False, in_doubt=in_doubt)
    action = decide(unnamed(way, since=OVER, listing=listing))
    assert isinstance(action, Rest)
    assert action.poll == Poll("", NOW, FAST)
    message = f"whether the last creation took effect is not known, and this object stays: {why}"
    assert told(action) == ("Unknown", "Deleting", message)


@pytest.mark.parametrize("way", WAYS)
def test_a_credible_listing_without_our_mark_lets_it_go(way: str) -> None:
    action = decide(unnamed(way, since=OVER, listing=a_listing()))
    assert isinstance(action, RemoveFinalizer)
    assert action.leaves_project
    assert action.notice is not None
    assert "`" + ("managementPolicy: Plan" if way == "Plan" else "deletionPolicy: Orphan") + "`" in action.notice.note


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("Orphan", "letting the project go (`deletionPolicy: Orphan`)"),
        ("Disable", "disabling the project (`deletionPolicy: Disable`)"),
    ],
)
def test_the_end_is_announced_in_words(policy: str, message: str) -> None:
    view = leaving(policy, status=MADE | REFERENCE, abilities=Abilities(disable=True))
    action = decide(view)
    assert isinstance(action, WriteStatus)
    assert action.purpose is Purpose.ANNOUNCE
    (ready,) = [one for one in action.status.conditions if one.type == "Ready"]
    assert (ready.reason, ready.message) == ("Deleting", message)
    assert action.announces is not None
    assert action.announces.intent == policy


def announced(policy: str, project: Any, **memory: Any) -> View:
    """Of which ``project`` was read after the end was announced."""
    record = Record(UID, finalizer=True, attempt="", id="p1")
    known: dict[str, Any] = {
        "announced": Announced(Intent(policy), record, 1, at=NOW - 50.0),
        "reads": {"p1": Observation(NOW - 1.0, project)},
    }
    return leaving(
        policy,
        status=MADE | REFERENCE,
        memory=known | memory,
        abilities=Abilities(disable=True),
        listing=a_listing(project),
    )


OURS = a_remote(mark=mark_of(), created_by="robot")


def test_the_mark_is_taken_off_and_nothing_else_is_changed() -> None:
    action = decide(announced("Orphan", OURS))
    assert action == Update(OURS, ProjectContent("web", mark="orphaned"))


def test_the_project_is_switched_off_and_nothing_else_is_changed() -> None:
    action = decide(announced("Disable", OURS))
    assert action == Update(OURS, ProjectContent("web", mark=mark_of(), enabled=False))


@pytest.mark.parametrize("policy", ["Orphan", "Disable"])
def test_an_update_that_was_sent_is_read_back_before_another(policy: str) -> None:
    soon = NOW + 3.0
    assert decide(announced(policy, OURS, updated_at=soon - Timing().read_lag)) == Rest(poll=Poll("p1", soon, 3.01))
    # A listing that was begun since has answered the poll; what counts is a read.
    assert decide(announced(policy, OURS, updated_at=NOW - 1.0 - Timing().read_lag)) == Read("p1")


@pytest.mark.parametrize(("policy", "left"), [("Orphan", {"mark": "orphaned"}), ("Disable", {"enabled": False})])
def test_when_no_update_can_take_effect_any_more_it_is_read_once_more(policy: str, left: dict[str, Any]) -> None:
    let_be = replace(OURS, content=replace(OURS.content, **left))
    bounds = Timing().in_flight_bound + Timing().read_lag

    def at(calm: float) -> Action:
        return decide(announced(policy, let_be, unanswered_update_at=calm - bounds))

    waiting = at(NOW + 3.0)
    assert isinstance(waiting, Rest)
    assert waiting.poll == Poll("p1", NOW + 3.0, 3.01)
    assert at(NOW - 0.5) == Read("p1")
    assert isinstance(at(NOW - 1.5), RemoveFinalizer), "it was read since"
