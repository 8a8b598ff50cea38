"""The kill test catches a build that does not look for what its predecessor made."""

from collections.abc import Callable

import pytest
from crowd import Account, Bounds, Crowd
from kill_run import Plan, kill_in_the_middle, run
from operator_process import Program

BOUNDS = Bounds()
COUNT = 60
PLAN = Plan.of(0, COUNT, BOUNDS)


@pytest.mark.whole  # every seed of the kill test shows it of more Projects
def test_whoever_looks_for_the_mark_finds_what_the_dead_made(crowd_of: Callable[..., Crowd]) -> None:
    with crowd_of(COUNT, BOUNDS) as crowd:
        done = run(crowd, PLAN)

    assert done.at_the_kill.committed_unanswered >= 5
    assert done.account == Account()


@pytest.mark.whole
def test_without_the_look_up_every_unanswered_creation_is_doubled(
    crowd_of: Callable[..., Crowd], broken: Callable[[str], Program]
) -> None:
    build = broken("without_the_look_up")
    with crowd_of(COUNT, BOUNDS) as crowd:
        left, _ = kill_in_the_middle(crowd, PLAN, build)
        crowd.start_operator(build)

        crowd.wait_doubled(left.committed_unanswered)
