"""Faults of listings and streams, which are about every Project at once."""

from collections.abc import Callable

import pytest
from chaos.journal import API_SERVER
from chaos.reference import BACKEND, take
from chaos.shared import SHARED
from chaos.stage import Stage
from chaos.tally import Outcome

from chaos import runs


@pytest.mark.whole
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("where", [BACKEND, API_SERVER])
def test_whatever_a_listing_or_a_stream_says_nothing_is_lost_or_doubled(
    where: str, stage_of: Callable[..., Stage], progress: Callable[[str], None], keep: Callable[[Outcome], None]
) -> None:
    chosen = [trouble for trouble in SHARED if trouble.where == where]
    with stage_of(f"chaos-shared-{where}") as stage:
        stage.start_operator().wait_ready()
        outcome = runs.shared(stage, take(stage), chosen, progress=progress)
    keep(outcome)
    assert outcome.violations == ()
