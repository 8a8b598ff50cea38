"""The clocks of the operator's host jump while everything is under way, and the answers to creations are lost."""

import asyncio
import sys
import threading
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

import pytest
from chaos.evidence import CREATE, OPERATIONS, Wish
from chaos.faults import Fault, Passage
from chaos.reference import prepare, take
from chaos.rules import Rule, asks
from chaos.stage import Stage
from chaos.tally import Outcome, Tried, too_few

from chaos import faults, runs

BUILD = Path(__file__).parent / "jumping_clock.py"
HOUR = 3600
Clocks = tuple[int, int]
"""Seconds: by how many the wall clock, and the clock that counts through a suspend, are ahead of what they were."""
SLEPT = "the host slept for two minutes"
JUMPS: dict[str, Clocks] = {
    "the wall clock an hour ahead": (HOUR, 0),
    "the wall clock an hour back": (-HOUR, 0),
    SLEPT: (120, 120),
}
"""By how much each clock jumps: from where the jump before has left it."""


def stops() -> dict[str, Clocks]:
    """Where the clocks are after each jump."""
    walls, boots = (list(accumulate(jump[clock] for jump in JUMPS.values())) for clock in (0, 1))
    return dict(zip(JUMPS, zip(walls, boots, strict=True), strict=True))


def test_each_jump_starts_where_the_one_before_has_ended() -> None:
    former = (0, 0)
    for what, clocks in stops().items():
        assert (clocks[0] - former[0], clocks[1] - former[1]) == JUMPS[what]
        former = clocks
    assert former == JUMPS[SLEPT], "an hour ahead and an hour back"


@pytest.mark.whole
@pytest.mark.timeout(900)
def test_no_jump_of_a_clock_costs_anything(
    tmp_path: Path, stage_of: Callable[..., Stage], progress: Callable[[str], None], keep: Callable[[Outcome], None]
) -> None:
    ahead = tmp_path / "ahead"
    ahead.write_text("0 0", encoding="utf-8")
    tried = []
    with stage_of("chaos-clocks", program=(sys.executable, str(BUILD), str(ahead))) as stage:
        stage.start_operator().wait_ready()
        reference = take(stage)
        for number, (what, clocks) in enumerate(stops().items(), 1):
            progress(what)
            before = shown(ahead)
            wishes = [stage.wish(site, operation, number) for site in stage.sites for operation in OPERATIONS]
            prepare(stage, wishes)
            lost = {}
            for wish in wishes:
                if wish.operation == CREATE:
                    creation = asks("POST", stage.servers[wish.place].listing, subject=wish.name)
                    lost[wish.name] = Rule(what, creation, jumping(ahead, clocks))
                    stage.proxies[wish.place].rules.add(lost[wish.name])
            stage.begin(wishes)
            stage.wait_settled(wishes, runs.SETTLED_WITHIN)
            after = shown(ahead)
            assert (after[0] - before[0], after[1] - before[1]) == JUMPS[what]
            # The jump is everybody's; the answer that is lost meanwhile is one creation's.
            tried += [point(stage, what, one) for one in wishes if one.name not in lost or lost[one.name].came_about()]
        outcome = runs.verdict(stage, reference, tried, list(stage.wishes.values()), progress)
    keep(outcome)
    assert outcome.violations == ()
    points = len(stage.sites) * len(OPERATIONS)
    assert too_few(outcome.rows, {(what, "host"): points for what in JUMPS}) == {}


def point(stage: Stage, what: str, wish: Wish) -> Tried:
    return Tried(stage.namespace, "clock", what, "host", wish.operation, wish.place, 1, wish.name)


def shown(ahead: Path) -> Clocks:
    """What the operator's clocks go by now."""
    wall, boot = map(int, ahead.read_text(encoding="utf-8").split())
    return wall, boot


def jumping(ahead: Path, clocks: Clocks) -> Fault:
    """The clocks jump there while a creation is on its way; its answer is lost."""

    by_wall, by_boot = clocks

    def set_clocks() -> None:
        # At once: the operator looks at it all the time. Another creation's fault may be doing the same.
        fresh = ahead.with_suffix(f".{threading.get_ident()}")
        fresh.write_text(f"{by_wall} {by_boot}", encoding="utf-8")
        fresh.replace(ahead)

    async def fault(passage: Passage) -> None:
        await asyncio.to_thread(set_clocks)
        await faults.lose(passage)

    return fault
