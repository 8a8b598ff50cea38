"""A creation may take effect long after its client gave up; who believes an empty listing too soon doubles it."""

from collections.abc import Callable

import pytest
from crowd import Account, Bounds, Crowd
from operator_process import OURS, Program

from project_operator.sandbox.identity.faults import Fault, FaultAction, FaultPhase

BOUNDS = Bounds(send_validity=0.5, in_flight=6.0, read_lag=0.3, timeout=1.0)
COUNT = 4
LATE = Fault(
    action=FaultAction.DELAY, operation="createProject", phase=FaultPhase.BEFORE_COMMIT, seconds=5.5, count=COUNT
)
"""Within the bound. The client waits a second; a quarantine of S and L alone is over less than two seconds later."""


def begin(crowd: Crowd, build: Program = OURS) -> None:
    crowd.identity.admin.add_fault(LATE)
    crowd.apply_projects()
    crowd.apply_backend()
    crowd.start_operator(build)


@pytest.mark.whole
def test_the_quarantine_outlasts_the_latest_effect(crowd_of: Callable[..., Crowd]) -> None:
    with crowd_of(COUNT, BOUNDS) as crowd:
        begin(crowd)
        crowd.wait_all_ready()
        crowd.wait_answered()

        assert len(crowd.creations()) == COUNT
        assert not any(creation.delivered for creation in crowd.creations())
        assert crowd.account() == Account()


@pytest.mark.parametrize(
    "rule", ["with_a_short_quarantine", pytest.param("without_the_quarantine", marks=pytest.mark.whole)]
)
def test_a_quarantine_that_ends_before_it_doubles_projects(
    rule: str, crowd_of: Callable[..., Crowd], broken: Callable[[str], Program]
) -> None:
    with crowd_of(COUNT, BOUNDS) as crowd:
        begin(crowd, broken(rule))

        crowd.wait_doubled(COUNT)
