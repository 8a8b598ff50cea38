"""The state machine: what opens it, for how long, and what closes it again."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_operator import errors
from project_operator.errors import BackendError
from project_operator.runtime.breaker import LONGEST_ASKED, Breaker, Ended, Limits, State, meaning

LIMITS = Limits(failure_threshold=3, longest_pause=60.0)
CLOSED = Breaker(LIMITS)


def after(
    breaker: Breaker, *how: Ended, now: float = 100.0, jitter: float = 0.5, asked: float | None = None
) -> Breaker:
    """After calls that were begun in the state in which they ended."""
    for one in how:
        breaker = breaker.ended(breaker.turn, one, now=now, jitter=jitter, retry_after=asked)
    return breaker


OPEN = after(CLOSED, *[Ended.FAILED] * 3)
HALF_OPEN = OPEN.tried(OPEN.probe_at)


def test_failures_in_a_row_open_it_and_one_answer_between_them_does_not_let_it_come_to_that() -> None:
    two = after(CLOSED, Ended.FAILED, Ended.FAILED)
    assert two.state is State.CLOSED
    assert after(two, Ended.FAILED).state is State.OPEN
    assert after(two, Ended.ANSWERED, Ended.FAILED, Ended.FAILED).state is State.CLOSED
    assert after(two, Ended.NEITHER, Ended.FAILED).state is State.OPEN, "what says nothing changes nothing"


def test_a_call_counts_for_the_state_in_which_it_was_begun() -> None:
    late = replace(OPEN)
    for how in Ended:
        late = late.ended(CLOSED.turn, how, now=101.0, jitter=0.5)
    assert late == OPEN, "what was under way neither closes it nor opens it for longer"
    closed_again = after(HALF_OPEN, Ended.ANSWERED)
    for _ in range(10):
        closed_again = closed_again.ended(CLOSED.turn, Ended.FAILED, now=110.0, jitter=0.5)
    assert closed_again.state is State.CLOSED
    assert closed_again.failures == 0


def test_it_is_tried_when_the_pause_is_over_and_not_before() -> None:
    assert OPEN.tried(OPEN.probe_at - 0.001) == OPEN
    assert HALF_OPEN.state is State.HALF_OPEN
    assert after(HALF_OPEN, Ended.ANSWERED).state is State.CLOSED
    assert after(HALF_OPEN, Ended.FAILED).state is State.OPEN
    assert CLOSED.tried(1e9) == CLOSED


def pauses(jitter: float, times: int = 10) -> list[float]:
    """How long it stays open, when every probe fails."""
    found, breaker = [], after(CLOSED, *[Ended.FAILED] * 3, jitter=jitter)
    for _ in range(times):
        found.append(breaker.probe_at - breaker.since)
        breaker = after(breaker.tried(breaker.probe_at), Ended.FAILED, now=breaker.probe_at, jitter=jitter)
    return found


def test_each_pause_is_at_most_twice_the_one_before_and_never_more_than_the_longest() -> None:
    assert pauses(1.0) == pytest.approx([1, 2, 4, 8, 16, 32, 60, 60, 60, 60])
    assert pauses(0.5) == pytest.approx([0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30])
    assert pauses(0.0) == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6, 6, 6, 6])


def test_a_probe_that_says_nothing_leaves_it_open_and_the_pause_no_longer() -> None:
    again = after(HALF_OPEN, Ended.NEITHER)
    assert (again.state, again.openings) == (State.OPEN, OPEN.openings)
    assert after(HALF_OPEN, Ended.NEITHER, asked=20.0, now=200.0).probe_at == 220.0


def test_a_backend_that_says_when_to_come_back_is_believed_at_once() -> None:
    asked = after(CLOSED, Ended.FAILED, asked=30.0)
    assert (asked.state, asked.probe_at) == (State.OPEN, 130.0)
    assert after(CLOSED, Ended.FAILED, asked=1e6).probe_at == 100.0 + LONGEST_ASKED
    assert after(CLOSED, Ended.FAILED, asked=0.0).state is State.CLOSED, "to come back at once is no reason to stop"
    assert after(CLOSED, Ended.NEITHER, asked=30.0).state is State.CLOSED, "the limiter pauses for what is throttled"


def test_what_opens_soon_again_stays_open_for_longer_and_a_quiet_time_is_a_new_beginning() -> None:
    closed = after(HALF_OPEN, Ended.ANSWERED, now=101.0)
    soon = after(closed, *[Ended.FAILED] * 3, now=150.0)
    assert soon.openings == OPEN.openings + 1
    assert after(closed, *[Ended.FAILED] * 3, now=162.0).openings == 1


KINDS: dict[type[BackendError], Ended] = {
    errors.ProjectNotFound: Ended.ANSWERED,
    errors.RequestRefused: Ended.ANSWERED,
    errors.NameTaken: Ended.ANSWERED,
    errors.DeletionBlocked: Ended.ANSWERED,
    errors.WriteConflict: Ended.ANSWERED,
    errors.CredentialsRejected: Ended.ANSWERED,
    errors.PermissionDenied: Ended.ANSWERED,
    errors.Throttled: Ended.NEITHER,
    errors.HeldBack: Ended.NEITHER,
    errors.BackendUnavailable: Ended.FAILED,
    errors.BreakerOpen: Ended.NEITHER,
    errors.CredentialNotKept: Ended.NEITHER,
    errors.OutcomeUnknown: Ended.FAILED,
    errors.RightExpired: Ended.NEITHER,
    errors.NotLeading: Ended.NEITHER,
    errors.ConnectionRefused: Ended.FAILED,
}


def subclasses(kind: type[BackendError]) -> set[type[BackendError]]:
    return {one for sub in kind.__subclasses__() for one in {sub, *subclasses(sub)}}


def test_every_way_to_fail_has_its_meaning() -> None:
    assert set(KINDS) == subclasses(BackendError)
    for kind, how in KINDS.items():
        error = kind("x", field="f") if issubclass(kind, errors.ConnectionRefused) else kind("x")
        assert meaning(error, of_one=True) is meaning(error, of_one=False) is how, kind


@pytest.mark.parametrize("kind", [errors.BackendUnavailable, errors.OutcomeUnknown])
@pytest.mark.parametrize(
    ("status", "of_one", "of_all"),
    [
        (None, Ended.FAILED, Ended.FAILED),
        (200, Ended.FAILED, Ended.FAILED),
        (302, Ended.FAILED, Ended.FAILED),
        (404, Ended.NEITHER, Ended.FAILED),
        (408, Ended.FAILED, Ended.FAILED),
        (413, Ended.NEITHER, Ended.FAILED),
        (499, Ended.NEITHER, Ended.FAILED),
        (500, Ended.FAILED, Ended.FAILED),
        (503, Ended.FAILED, Ended.FAILED),
    ],
)
def test_a_client_error_about_one_project_is_not_the_endpoints_fault(
    kind: type[BackendError], status: int | None, of_one: Ended, of_all: Ended
) -> None:
    """Of a listing it is: something in front of the backend has no route, say."""
    error = kind("x", status=status)
    assert meaning(error, of_one=True) is of_one
    assert meaning(error, of_one=False) is of_all


steps = st.tuples(st.sampled_from([*Ended, None]), st.floats(0, 100), st.sampled_from([None, 0.0, 7.0]), st.booleans())


@given(st.lists(steps, max_size=60))
def test_whatever_comes_it_lets_calls_through_again_once_the_backend_answers(
    story: list[tuple[Ended | None, float, float | None, bool]],
) -> None:
    breaker, now, last_turn = CLOSED, 0.0, 0
    for how, pause, asked, late in story:
        now += pause
        turn = last_turn if late else breaker.turn
        last_turn = breaker.turn
        breaker = (
            breaker.tried(now) if how is None else breaker.ended(turn, how, now=now, jitter=0.3, retry_after=asked)
        )
        assert breaker.turn >= last_turn
        if breaker.state is State.OPEN:
            assert breaker.since < breaker.probe_at <= breaker.since + LIMITS.longest_pause
        if breaker.state is State.CLOSED:
            assert breaker.failures < LIMITS.failure_threshold
    healed = breaker.tried(max(now, breaker.probe_at))
    assert after(healed, Ended.ANSWERED).state is State.CLOSED
