"""An operator that starts is told of the backend objects long after the Projects, and some of these are to go."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from chaos.evidence import DELETE
from chaos.oracles import judge
from chaos.reference import take
from chaos.shared import SHARED, Scope, happen
from chaos.stage import Stage
from operator_process import OURS

BUILD = Path(__file__).parent / "broken_build.py"
BROKEN = (sys.executable, str(BUILD), "taking_silence_for_absence")
LATE = next(trouble for trouble in SHARED if trouble.scope is Scope.BACKENDS)


def ends_otherwise(stage: Stage) -> set[str]:
    """The Projects that go, and leave something else than they do without the fault."""
    stage.start_operator().wait_ready()
    reference = take(stage)
    happening = happen(stage, LATE, number=1)
    leaving = [wish for wish in happening.wishes if wish.operation == DELETE]
    stage.wait_settled(leaving, within=60.0)
    return {one.subject for one in judge(stage.evidence(), reference.ends) if one.promise == "end"}


@pytest.mark.parametrize(("program", "found"), [(OURS, set()), (BROKEN, {"csp-delete-0001"})], ids=["ours", "broken"])
@pytest.mark.whole
def test_what_is_let_go_meanwhile_is_left_without_the_mark(
    program: tuple[str, ...], found: set[str], stage_of: Callable[..., Stage]
) -> None:
    with stage_of(f"chaos-late-{'none' if program is OURS else 'broken'}", sites=("csp",), program=program) as stage:
        assert ends_otherwise(stage) & {"csp-delete-0001"} == found
