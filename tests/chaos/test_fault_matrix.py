"""Every fault, at the API server and at the backends, at every answer of every operation."""

from collections.abc import Callable, Sequence

import pytest
from chaos.journal import API_SERVER
from chaos.matrix import HANGS, TROUBLES, Trouble, ending_sessions, intended
from chaos.reference import BACKEND, take
from chaos.stage import Stage
from chaos.tally import Outcome, too_few

from chaos import runs

AT_ONCE = 5


def batches(where: str) -> list[Sequence[Trouble]]:
    chosen = [trouble for trouble in TROUBLES if trouble.where == where]
    return [chosen[start : start + AT_ONCE] for start in range(0, len(chosen), AT_ONCE)]


@pytest.mark.whole
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("where", [BACKEND, API_SERVER])
def test_whatever_breaks_and_where_it_ends_as_if_it_had_not(
    where: str, stage_of: Callable[..., Stage], progress: Callable[[str], None], keep: Callable[[Outcome], None]
) -> None:
    outcomes = []
    with stage_of(f"chaos-faults-{where}") as stage:
        stage.start_operator().wait_ready()
        reference = take(stage)
        last = HANGS if where == API_SERVER else ending_sessions(stage)
        chosen = [*batches(where), last]
        for number, batch in enumerate(chosen):
            outcome = runs.troubled(stage, reference, batch, first_number=1 + 1000 * number, progress=progress)
            keep(outcome)
            outcomes.append(outcome)
    assert [violation for outcome in outcomes for violation in outcome.violations] == []
    rows = [one for outcome in outcomes for one in outcome.rows]
    assert too_few(rows, intended([trouble for batch in chosen for trouble in batch], reference)) == {}
