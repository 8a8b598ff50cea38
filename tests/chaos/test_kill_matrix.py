"""The operator is killed at every write of every operation on every backend."""

from collections.abc import Callable

import pytest
from chaos.kills import points
from chaos.reference import take
from chaos.stage import Stage
from chaos.tally import Outcome

from chaos import runs

MOST = 20
"""Kills until every point has come about; four do where nothing else is done."""


@pytest.mark.whole
@pytest.mark.timeout(1500)
def test_whatever_write_it_dies_at_nothing_is_lost_or_doubled(
    stage_of: Callable[..., Stage], progress: Callable[[str], None], keep: Callable[[Outcome], None]
) -> None:
    with stage_of("chaos-kill") as stage:
        stage.start_operator().wait_ready()
        reference = take(stage)
        chosen = points(reference)
        outcome, left = runs.killed(stage, reference, chosen, first_number=1, most=MOST, progress=progress)
    keep(outcome)
    assert outcome.violations == ()
    assert left == []
