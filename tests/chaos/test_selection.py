"""A few deaths and one fault everywhere, in every run of the tests; `make chaos` tries them all."""

from collections.abc import Callable

import pytest
from chaos.kills import points
from chaos.matrix import TROUBLES
from chaos.reference import take
from chaos.stage import Stage
from chaos.tally import Outcome

from chaos import runs

FAULT = "commit, then lose the answer"
EVERY = 6
"""Of the points of a kill every so manieth: standings, writes and backends take turns."""
ENOUGH = (8, 25)
"""Points of the deaths, and of the faults, that come about however busy the machine is."""


@pytest.mark.timeout(300)
def test_deaths_and_faults_cost_nothing(
    stage_of: Callable[..., Stage], progress: Callable[[str], None], keep: Callable[[Outcome], None]
) -> None:
    with stage_of("chaos-selection", sites=("nscale", "csp")) as stage:
        stage.start_operator().wait_ready()
        reference = take(stage)
        chosen = points(reference)[::EVERY]
        killed, _ = runs.killed(stage, reference, chosen, first_number=1, most=1, progress=progress)
        outcomes = [
            killed,
            runs.troubled(
                stage,
                reference,
                [trouble for trouble in TROUBLES if trouble.name == FAULT],
                first_number=1000,
                progress=progress,
            ),
        ]
        for outcome in outcomes:
            keep(outcome)
            assert outcome.violations == ()
        assert [outcome.total.tried >= least for outcome, least in zip(outcomes, ENOUGH, strict=True)] == [True, True]
