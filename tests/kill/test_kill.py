"""The operator is killed in the middle of three hundred creations: no project is doubled, none is lost."""

from concurrent.futures import Future

import pytest
from crowd import Account
from crowd_identity import VENDORS
from kill_run import Run

ENOUGH = 5
STORIES = [*(("nscale", seed) for seed in range(10)), *((vendor, 0) for vendor in VENDORS if vendor != "nscale")]
"""What survives a kill is the core's affair, so of the other vendors one seed shows that theirs keeps it."""
ALWAYS = 1
"""So many seeds of nscale are a part of every run of the tests, which kills at many other points as well
(`tests/chaos`); `make kill` runs all stories.
"""


@pytest.mark.slow
@pytest.mark.timeout(600)  # the first seed waits beside others, and the machine may have more to do
@pytest.mark.parametrize(
    "story",
    [
        pytest.param(story, marks=() if number < ALWAYS else pytest.mark.whole, id=f"{story[0]}-{story[1]}")
        for number, story in enumerate(STORIES)
    ],
)
def test_nothing_is_doubled_or_lost_when_the_operator_is_killed(
    story: tuple[str, int], runs: dict[tuple[str, int], Future[Run]]
) -> None:
    run = runs[story].result()

    # Else the seed has shown nothing.
    assert run.at_the_kill.committed_unanswered >= ENOUGH
    assert run.at_the_kill.finalizer_without_id >= ENOUGH
    assert run.at_the_kill.named > 0
    assert run.at_the_kill.untouched > 0
    # Each is found by its mark, or a person is asked about it.
    assert run.held == Account(lost=run.held.lost)
    assert set(run.held.lost) == set(run.asked)
    assert run.hasty == ()
    if VENDORS[run.vendor].repeats_creation:
        assert run.asked == ()
    else:
        assert run.asked
        assert run.repeated == run.repeated_on_word
    # And where one was asked, the answer has brought the rest.
    assert run.account == Account()
