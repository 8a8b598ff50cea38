"""Two operators begin with the same Projects at once: without a guard on every write, projects are doubled."""

from collections.abc import Callable

import pytest
from crowd import Account, Bounds, Crowd
from operator_process import OURS, Program

BOUNDS = Bounds(send_validity=2.0, in_flight=1.5, read_lag=0.3, timeout=1.5)
COUNT = 20


def begin(crowd: Crowd, build: Program = OURS) -> None:
    """Both have seen every Project without a finalizer when the backend appears; all their workers start at once."""
    crowd.apply_projects()
    for _ in range(2):
        crowd.start_operator(build, WORKERS=str(COUNT))
    for operator in crowd.operators:
        operator.wait_ready()
    crowd.apply_backend()


@pytest.mark.whole
def test_of_two_operators_one_gets_the_right_to_create(crowd_of: Callable[..., Crowd]) -> None:
    with crowd_of(COUNT, BOUNDS) as crowd:
        begin(crowd)
        crowd.wait_all_ready()
        crowd.wait_answered()

        assert crowd.account() == Account()


@pytest.mark.whole
def test_without_the_guards_both_create(crowd_of: Callable[..., Crowd], broken: Callable[[str], Program]) -> None:
    with crowd_of(COUNT, BOUNDS) as crowd:
        begin(crowd, broken("without_the_guards"))

        crowd.wait_doubled(1, more=True)
