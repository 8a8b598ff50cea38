"""Faults of listings and streams, which are about every Project at once."""

from collections import Counter
from collections.abc import Callable

import pytest
from chaos.evidence import OPERATIONS
from chaos.journal import API_SERVER
from chaos.reference import BACKEND, take
from chaos.shared import SHARED, Begins, retold
from chaos.stage import Stage
from chaos.tally import Outcome, too_few

from chaos import runs


@pytest.mark.whole
@pytest.mark.timeout(2400)
@pytest.mark.parametrize("where", [BACKEND, API_SERVER])
def test_whatever_a_listing_or_a_stream_says_nothing_is_lost_or_doubled(
    where: str, stage_of: Callable[..., Stage], progress: Callable[[str], None], keep: Callable[[Outcome], None]
) -> None:
    chosen = [trouble for trouble in SHARED if trouble.where == where]
    with stage_of(f"chaos-shared-{where}") as stage:
        stage.start_operator().wait_ready()
        outcome = runs.shared(stage, take(stage), chosen, progress=progress)
        points = len(stage.sites) * len(OPERATIONS)
        entries = stage.journal.entries()
    keep(outcome)
    assert outcome.violations == ()
    assert too_few(outcome.rows, Counter({(trouble.what, where): points for trouble in chosen})) == {}
    for trouble in chosen:
        if where == API_SERVER and trouble.begins is not Begins.AFTERWARDS:
            for whole in (True, False):
                versions = retold((entry for entry in entries if entry.fault == trouble.what), whole=whole)
                assert versions, f"{trouble.what}: no listing was an old one"
                assert all(told < answered for told, answered in versions)
