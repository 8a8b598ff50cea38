"""The clocks of the operator's host jump while everything is under way, and the answers to creations are lost."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from chaos.evidence import CREATE, OPERATIONS, Wish
from chaos.faults import Fault, Passage
from chaos.reference import prepare, take
from chaos.rules import Rule, asks
from chaos.stage import Stage
from chaos.tally import Outcome, Tried

from chaos import faults, runs

BUILD = Path(__file__).parent / "jumping_clock.py"
HOUR = 3600
JUMPS = {
    "the wall clock an hour ahead": (HOUR, 0),
    "the wall clock an hour back": (-HOUR, 0),
    "the host slept for two minutes": (120, 120),
}


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
        for number, (what, jump) in enumerate(JUMPS.items(), 1):
            progress(what)
            wishes = [stage.wish(site, operation, number) for site in stage.sites for operation in OPERATIONS]
            prepare(stage, wishes)
            for wish in wishes:
                if wish.operation == CREATE:
                    creation = asks("POST", stage.servers[wish.place].listing, subject=wish.name)
                    stage.proxies[wish.place].rules.add(Rule(what, creation, jumping(ahead, jump)))
            stage.begin(wishes)
            stage.wait_settled(wishes, runs.SETTLED_WITHIN)
            tried += [point(stage, what, wish) for wish in wishes]
        outcome = runs.verdict(stage, reference, tried, list(stage.wishes.values()), progress)
    keep(outcome)
    assert outcome.violations == ()


def point(stage: Stage, what: str, wish: Wish) -> Tried:
    return Tried(stage.namespace, "clock", what, "host", wish.operation, wish.place, 1, wish.name)


def jumping(ahead: Path, jump: tuple[int, int]) -> Fault:
    """The clocks jump while a creation is on its way; its answer is lost."""

    by_wall, by_boot = jump

    def set_clocks() -> None:
        # At once: the operator looks at it all the time.
        fresh = ahead.with_suffix(".new")
        fresh.write_text(f"{by_wall} {by_boot}", encoding="utf-8")
        fresh.replace(ahead)

    async def fault(passage: Passage) -> None:
        await asyncio.to_thread(set_clocks)
        await faults.lose(passage)

    return fault
