"""The operator is killed at every write of the replacement of a token."""

from collections.abc import Callable

import pytest
from chaos.oracles import judge
from chaos.reference import take
from chaos.stage import Stage
from chaos.tally import Outcome

from chaos import rotations

INTERVALS = 3
"""Of every backend object, all of which list the same server."""


@pytest.mark.whole
@pytest.mark.timeout(600)
def test_a_person_is_needed_only_where_nobody_was_shown_the_successor(
    stage_of: Callable[..., Stage], progress: Callable[[str], None], keep: Callable[[Outcome], None]
) -> None:
    with stage_of("chaos-rotation", sites=("nscale",)) as stage:
        stage.start_operator().wait_ready()
        reference = take(stage)
        objects = rotations.cut(stage)
        progress(f"killed at {len(objects)} of 9 points")
        rotations.help_out(stage, objects)
        wishes = [one.wish for one in objects]
        left = stage.wait_settled(wishes, rotations.WITHIN)
        quiet = stage.quiet_writes(INTERVALS * (len(objects) + 1))
        violations = tuple(judge(stage.evidence(quiet=quiet, unsettled=left), reference.ends))
        rows = rotations.rows(stage, objects, [violation.subject for violation in violations])
    keep(Outcome(rows, violations))
    assert violations == ()
    assert {one.name: one.helped for one in objects} == {one.name: int(one.loses) for one in objects}
