from dataclasses import replace

import pytest
from simulation.views import a_listing, a_remote

from project_operator.api.conditions import Reason
from project_operator.reconcile.evidence import NEVER, Listing, Observation, newest
from project_operator.reconcile.memory import Announced, Failure, Intent, Memory, Refusal
from project_operator.reconcile.record import Record, Right, Timing

RECORD = Record("u", finalizer=True, attempt="", id="")
OTHER = replace(RECORD, attempt="t1")
MEMORY = Memory.first_sight(RECORD, 100.0)
TIMING = Timing(send_validity=5.0)


def facing(memory: Memory, record: Record = RECORD, *, now: float) -> Memory:
    return memory.facing(record, now=now, wall=now, timing=TIMING, jitter=0.5)


def test_the_record_clock_restarts_with_the_record_alone() -> None:
    assert facing(MEMORY, now=200.0).record_since == 100.0
    assert facing(MEMORY, OTHER, now=200.0).record_since == 200.0


def test_a_right_of_another_record_is_dropped_without_a_word() -> None:
    memory = replace(MEMORY, right=Right(199.0, 199.0, RECORD))
    after = facing(memory, OTHER, now=200.0)
    assert (after.right, after.unsent_record, after.failure) == (None, None, None)


def test_a_right_that_still_holds_is_kept() -> None:
    memory = replace(MEMORY, right=Right(199.0, 199.0, RECORD))
    assert facing(memory, now=200.0) == memory


def test_a_right_too_old_is_dropped_unsent_and_a_pause_is_made() -> None:
    after = facing(replace(MEMORY, right=Right(190.0, 190.0, RECORD)), now=200.0)
    assert (after.right, after.unsent_record, after.failures) == (None, RECORD, 1)
    assert after.failure is not None
    assert after.failure.retry_at > 200.0


def test_a_new_request_to_look_again_lifts_refusals_and_waits_once() -> None:
    held = replace(
        MEMORY,
        refusal=Refusal(1, "r", Reason.REQUEST_REFUSED, "no"),
        failure=Failure(Reason.THROTTLED, "slow", 500.0),
        failures=3,
        polls=7,
    )
    asked = held.asked("monday", now=200.0)
    assert asked.reconcile_asked == ("monday", 200.0)
    assert (asked.refusal, asked.failure, asked.failures, asked.polls) == (None, None, 0, 0)
    assert asked.asked("monday", now=300.0) is asked
    assert held.asked(None, now=200.0) is held
    assert held.asked("", now=200.0) is held


def test_reads_are_remembered_by_id_and_forgotten_one_by_one() -> None:
    one, two = Observation(1.0, a_remote("p1")), Observation(2.0, None)
    memory = MEMORY.with_read("p1", one, frozenset()).with_read("p2", two, frozenset())
    assert memory.reads == {"p1": one, "p2": two}
    assert memory.without_read("p1").reads == {"p2": two}
    assert memory.without_read("p9").reads == memory.reads


def test_another_term_of_leadership_voids_what_was_known_and_keeps_what_makes_us_wait() -> None:
    memory = Memory(
        record=OTHER,
        record_since=5.0,
        right=Right(9.0, 9.0, OTHER),
        answer=a_remote(),
        answered_at=8.0,
        answered_record=OTHER,
        unsent_record=OTHER,
        refusal=Refusal(1, "r", Reason.REQUEST_REFUSED, "no"),
        announced=Announced(Intent.UPDATE, OTHER, 1),
        last_write_at=6.0,
        updated_at=6.5,
        unanswered_update_at=7.0,
        updates=2,
        start_is_hazard=False,
        reads={"p1": Observation(4.0, None)},
        deletes_sent={"p1": 4.0},
        failures=3,
        polls=4,
        reconcile_asked=("now", 1.0),
        term=1,
    )
    assert memory.in_term(1) is memory
    assert memory.in_term(2) == Memory(
        record=OTHER,
        record_since=5.0,
        answer=a_remote(),
        answered_at=8.0,
        last_write_at=6.0,
        updated_at=6.5,
        unanswered_update_at=7.0,
        reconcile_asked=("now", 1.0),
        term=2,
    )


@pytest.mark.parametrize(
    ("listing", "kept"),
    [
        (None, True),
        (a_listing(a_remote("p1"), begun_at=200.0), False),
        (a_listing(a_remote("p1"), begun_at=199.0), True),
        (a_listing(a_remote("p2"), begun_at=201.0), True),
        (a_listing(replace(a_remote("p1"), whole=False), begun_at=201.0), True),
    ],
    ids=["no listing", "a later one", "an earlier one", "one without it", "one with a part of it"],
)
def test_at_rest_a_read_is_forgotten_where_a_later_listing_shows_as_much(listing: Listing | None, kept: bool) -> None:  # noqa: FBT001 - a column
    memory = replace(MEMORY.with_read("p1", Observation(199.5, a_remote("p1")), None), polls=3, failures=2)
    after = memory.at_rest(listing)
    assert (set(after.reads) == {"p1"}) is kept
    assert (after.polls, after.failures) == (0, 0)
    for began in (NEVER, 199.0, 200.0):
        found = [newest("p1", listing, one.reads.get("p1"), after=began, read_lag=1.0) for one in (memory, after)]
        assert found[0] == found[1]
