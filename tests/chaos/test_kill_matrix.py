"""The operator is killed at every write of every operation on every backend."""

from collections.abc import Callable

import pytest
from chaos.kills import points
from chaos.reference import take
from chaos.stage import Stage
from chaos.tally import Outcome

from chaos import runs

MOST = 4
"""Kills until every point has come about: a busy machine misses some each time."""


@pytest.mark.whole
@pytest.mark.timeout(900)
def test_whatever_write_it_dies_at_nothing_is_lost_or_doubled(
    stage_of: Callable[..., Stage], progress: Callable[[str], None], keep: Callable[[Outcome], None]
) -> None:
    with stage_of("chaos-kill") as stage:
        stage.start_operator().wait_ready()
        reference = take(stage)
        outcomes: list[Outcome] = []
        left = points(reference)
        while left and len(outcomes) < MOST:
            first = 1 + 1000 * len(outcomes)
            outcome, left = runs.killed(stage, reference, left, first_number=first, progress=progress)
            keep(outcome)
            outcomes.append(outcome)
    assert [violation for outcome in outcomes for violation in outcome.violations] == []
    assert left == []
