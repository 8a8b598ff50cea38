"""The counterexamples that the protocol answers (docs/protocol.md), each told once to the core as it is and once to a
core without the rule that answers it: the story goes on to its bad end only where the rule is missing.

The stories are walked with the real decisions (tests/support/interleavings); between their steps an operator does what
it does by itself.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from interleavings import breaking
from interleavings.search import Impossible, follow, is_good, world
from interleavings.state import MARKS, State
from interleavings.step import Rules

from project_operator.api.marks import Mark
from project_operator.reconcile.evidence import Listing
from project_operator.reconcile.leftovers import leftovers

pytestmark = pytest.mark.no_cover  # as in test_interleavings.py

UNGUARDED: Final = Rules(guarded=False)
LATE_AT_WILL: Final = Rules(flight_is_bounded=False, remove_duplicates=True)

SENT: Final = ("adds the finalizer", "sends a creation")
ANSWERED: Final = "the create of a project is done and answered"
ABANDONED: Final = "nobody waits any more for the create of a project"
LATE: Final = "the create of a project takes effect late"
NAMED: Final = (*SENT, ANSWERED, "writes identity", "Ready=True/")
RESTARTED_OLD: Final = "starts again, and is told an old state"
TICK: Final = "a tick passes"
PAUSE: Final = "an operator is paused for a tick"
LONG: Final = (TICK,) * 5
"""Longer than the quarantine."""
TWO_KNOW: Final = (
    "operator 0 lists",
    "operator 1 lists",
    "operator 0 adds the finalizer",
    "operator 1's watch",
    "operator 1 takes note",
)
DELETED_OUTSIDE: Final = ("somebody deletes o1", "the backend has deleted o1")


@dataclass(frozen=True)
class Story:
    """One counterexample."""

    breaks: str
    start: State
    steps: tuple[str, ...]
    always: Callable[[], AbstractContextManager[Any]] = nullcontext
    """What is missing in both, so that the rule in question is needed at all."""
    without: Callable[[], AbstractContextManager[Any]] = nullcontext
    """The rule that is taken out of the core."""
    rules: Rules = field(default_factory=Rules)
    """The world as it is broken; the core as it is lives in the ordinary one."""
    tolerating: str = "nothing"
    ordinary: Rules = field(default_factory=Rules)


STORIES: Final = {
    "1 a finalizer added over an old state is a second right": Story(
        "I1",
        world(budget=1),
        (*SENT, ANSWERED, RESTARTED_OLD, "adds the finalizer over", "sends a creation", ANSWERED),
        rules=UNGUARDED,
    ),
    "2 a finalizer lands on the next object of the name": Story(
        "I2",
        world("delete", "re-create", budget=0),
        (
            "lists",
            "a person deletes",
            "a person makes",
            "adds the finalizer over",
            "sends a creation",
            ANSWERED,
            "writes identity",
        ),
        rules=UNGUARDED,
    ),
    "3 a creation commits after the read lag was waited out": Story(
        "I1",
        world(budget=1),
        (*SENT, ABANDONED, TICK, LATE, TICK, "lists: nothing", "writes attempt", "sends a creation", ANSWERED),
        without=lambda: breaking.quarantine_of("read_lag"),
    ),
    "4 a creation commits when its object is gone": Story(
        "I6",
        world("delete", budget=1),
        (*SENT, ABANDONED, "a person deletes", TICK, LATE, TICK, "lists: nothing", "removes the finalizer"),
        without=lambda: breaking.quarantine_of("read_lag"),
    ),
    "5 a right survives what another did meanwhile": Story(
        "I1",
        world(operators=2, budget=5),
        (
            *TWO_KNOW,
            *((PAUSE,) * 5),
            "operator 1 lists",
            "operator 1 writes attempt",
            "operator 1 sends a creation",
            ANSWERED,
            "operator 0's watch",
            "operator 0 sends a creation",
            ANSWERED,
        ),
        without=breaking.rights_outlive_their_record,
    ),
    "6 two create after the same absence": Story(
        "I1",
        world(operators=2, budget=1),
        (
            *TWO_KNOW,
            "operator 0 sends a creation",
            "fails on its way",
            *LONG,
            "operator 0 lists: nothing",
            "operator 1 lists: nothing",
            "operator 0 sends",
            "operator 1 sends",
            ANSWERED,
            ANSWERED,
        ),
        without=breaking.creations_without_an_attempt,
    ),
    "7 an old state is believed about an object that is gone": Story(
        "I2",
        world("delete", budget=2),
        (
            "lists",
            "adds the finalizer",
            "the lagging API server catches up",
            "a person deletes",
            "removes the finalizer",
            RESTARTED_OLD,
            *LONG,
            "lists: nothing",
            "sends a creation",
            ABANDONED,
            LATE,
        ),
        without=breaking.creations_without_an_attempt,
    ),
    "8 a right is used when others have believed the absence": Story(
        "I1",
        world(operators=2, budget=5),
        (
            *TWO_KNOW,
            *((PAUSE,) * 5),
            "operator 1 lists",
            "operator 1 writes attempt",
            "operator 1 sends a creation",
            ANSWERED,
            "operator 0 sends a creation",
            ANSWERED,
        ),
        without=breaking.rights_for_ever,
    ),
    "9 the quarantine is one term short": Story(
        "I1",
        world(operators=2, budget=2),
        (
            *TWO_KNOW,
            PAUSE,
            "operator 0 sends a creation",
            ABANDONED,
            TICK,
            LATE,
            TICK,
            "operator 1 lists: nothing",
            "operator 1 writes attempt",
            "operator 1 sends a creation",
            ANSWERED,
        ),
        without=lambda: breaking.quarantine_of("in_flight_bound", "read_lag"),
    ),
    "10 who has been up for long believes at once": Story(
        "I6",
        world("delete", budget=1),
        (*SENT, ABANDONED, "a person deletes", "removes the finalizer"),
        without=breaking.a_clock_from_the_start_alone,
    ),
    "11 a listing becomes evidence by waiting": Story(
        "I1",
        world(budget=2),
        (
            *SENT,
            RESTARTED_OLD,
            "watch catches up",
            "takes note",
            "lists: nothing",
            LATE,
            *LONG[:4],
            "writes attempt",
            "sends a creation",
            ANSWERED,
        ),
        without=breaking.listings_of_any_age,
    ),
    "12 an old state takes the next object's finalizer off": Story(
        "I6",
        world("delete", "re-create", budget=1),
        (
            "lists",
            "adds the finalizer",
            "a person deletes",
            "the lagging API server catches up",
            "removes the finalizer",
            "a person makes",
            *SENT,
            ANSWERED,
            RESTARTED_OLD,
            "removes the finalizer over",
        ),
        rules=UNGUARDED,
    ),
    "13 an id lands in the next object of the name": Story(
        "I2",
        world("strip", "delete", "re-create", budget=0),
        (*SENT, "a person strips", "a person deletes", "a person makes", ANSWERED, "writes identity"),
        rules=UNGUARDED,
    ),
    "14 a not-found that lags is believed": Story(
        "I1",
        world(budget=0),
        (*SENT, ANSWERED, "writes identity", "reads o1: not found", "sends a creation", ANSWERED),
        without=breaking.not_found_is_gone,
    ),
    "15 the ghost of a deleted project is taken up": Story(
        "I1",
        world("delete outside", budget=1),
        (
            *NAMED,
            *LONG,
            *DELETED_OUTSIDE,
            "reads o1: not found",
            "writes attempt",
            "sends a creation",
            ABANDONED,
            "lists: o1 'one'",
            "writes identity",
            LATE,
            *LONG,
            "reads o1: not found",
            "writes attempt",
            "sends a creation",
            ANSWERED,
        ),
        without=breaking.gone_ids_are_forgotten,
    ),
    "16 a ghost is taken up while a creation is under way": Story(
        "I6",
        world("delete", "delete outside", budget=2),
        (
            *SENT,
            ABANDONED,
            LATE,
            *LONG,
            *DELETED_OUTSIDE,
            "lists: nothing",
            "writes attempt",
            "sends a creation",
            ABANDONED,
            "lists: o1 'one'",
            "writes identity",
            "a person deletes",
            TICK,
            LATE,
            TICK,
            "lists: nothing",
            "removes the finalizer",
        ),
        without=breaking.an_id_shortens_the_wait,
    ),
    "17 an extra is taken up while its deletion is under way": Story(
        "I3",
        world("delete outside", budget=2),
        (
            *SENT,
            ABANDONED,
            *LONG,
            "lists: nothing",
            "writes attempt",
            "sends a creation",
            ANSWERED,
            LATE,
            "writes identity",
            "sends a deletion of o2",
            "nobody waits any more for the delete of o2",
            *DELETED_OUTSIDE,
            *LONG,
            "reads o1: not found",
            "writes forget",
            "writes identity: id=o2",
            "the delete of o2 takes effect late",
        ),
        without=breaking.extras_removed_on_sight,
        rules=LATE_AT_WILL,
        ordinary=LATE_AT_WILL,
        tolerating="I1",
    ),
    "18 the loser of a race is taken up while its deletion is under way": Story(
        "I3",
        world("delete outside", operators=2, budget=6),
        (
            *TWO_KNOW,
            *((PAUSE,) * 5),
            "operator 1 lists",
            "operator 1 writes attempt",
            "operator 1 sends a creation",
            ANSWERED,
            "operator 1 writes identity",
            "operator 0 sends a creation",
            ANSWERED,
            "operator 0 sends a deletion of o2",
            "nobody waits any more for the delete of o2",
            *DELETED_OUTSIDE,
            *LONG,
            "reads o1: not found",
            "writes forget",
            "writes identity: id=o2",
            "the delete of o2 takes effect",
        ),
        always=breaking.rights_for_ever,
        without=breaking.a_lost_race_deleted_on_sight,
        rules=LATE_AT_WILL,
        ordinary=LATE_AT_WILL,
        tolerating="I1",
    ),
    "19 an old update lands after Ready": Story(
        "I7",
        world("edit", "second edit", budget=1),
        (
            *NAMED,
            TICK,
            TICK,
            "a person's edit",
            "sends an update",
            "nobody waits",
            "a person's second edit",
            "sends an update",
            "the update of o1 is done and answered",
            "Ready=True/",
            "the update of o1 takes effect",
        ),
        without=breaking.ready_at_once,
    ),
    "20 an old spec is sent over a newer one": Story(
        "I7",
        world("edit", "second edit", budget=1),
        (
            *NAMED,
            TICK,
            TICK,
            "a person's edit",
            "the lagging API server catches up",
            "sends an update",
            "the update of o1 is done and answered",
            "a person's second edit",
            TICK,
            TICK,
            "sends an update",
            "the update of o1 is done and answered",
            TICK,
            TICK,
            "Ready=True/",
            RESTARTED_OLD,
            "sends an update",
            "the update of o1 is done and answered",
        ),
        without=breaking.updates_without_announcement,
    ),
}


@pytest.fixture(params=list(STORIES), ids=[name.replace(" ", "-") for name in STORIES])
def story(request: pytest.FixtureRequest) -> Story:
    return STORIES[str(request.param)]


def test_without_its_rule_the_story_ends_badly(story: Story) -> None:
    with story.always(), story.without():
        ending = follow(story.start, story.steps, story.rules, tolerating=story.tolerating)
    assert ending.broken.startswith(story.breaks)


def test_with_it_the_story_cannot_be_told(story: Story) -> None:
    try:
        with story.always():
            ending = follow(story.start, story.steps, story.ordinary, tolerating=story.tolerating)
    except Impossible:
        return
    assert ending.broken == ""


LET_GO: Final = (*SENT, ABANDONED, "a person deletes", "removes the finalizer", LATE)
TWICE: Final = (*SENT, ABANDONED, *LONG, "lists: nothing", "writes attempt", "sends a creation", ANSWERED, LATE)


def test_21_what_appears_when_all_is_over_is_reported() -> None:
    ending = follow(world("delete", budget=1), LET_GO, LATE_AT_WILL, tolerating="I6")
    assert ending.broken.startswith("I2")
    shown = [sight for one in ending.state.held for sight in one.shown() if sight is not None]
    cluster = Mark.parse(MARKS[ending.state.held[0].uid])
    assert cluster is not None
    listing = Listing.of(shown, begun_at=0.0, credible=True)
    assert [one.id for one in leftovers(listing, cluster=cluster.cluster, living=frozenset())] == ["o1"]


def test_22_of_two_projects_the_one_that_is_named_stays() -> None:
    healed = (*TWICE, *LONG, "writes condemn", "sends a deletion of o2", "the delete of o2 is done", "has deleted o2")
    ending = follow(world(budget=1), (*healed, "Ready=True/"), LATE_AT_WILL, tolerating="I1")
    assert (ending.broken, is_good(ending.state)) == ("", True)


def test_22_without_anybody_who_looks_both_stay() -> None:
    with breaking.extras_ignored():
        follow(world(budget=1), (*TWICE, *LONG, "Ready=True/"), LATE_AT_WILL, tolerating="I1")
        with pytest.raises(Impossible):
            follow(world(budget=1), (*TWICE, *LONG, "a deletion of"), LATE_AT_WILL, tolerating="I1")
