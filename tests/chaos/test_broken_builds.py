"""Every promise is broken on purpose, one after the other, and the oracle that is for it finds it."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from chaos.evidence import DELETE, OPERATIONS, UPDATE, Evidence
from chaos.faults import lose
from chaos.oracles import judge
from chaos.rules import Rule, asks
from chaos.stage import Stage

BUILD = Path(__file__).parent / "broken_build.py"
ALWAYS = ("without_the_finalizer",)
"""Shown in every run of the tests."""
BROKEN = {
    "without_the_look_up": "I1",
    "releasing_at_once": "I2 I6",
    "writing_to_another": "I3",
    "believing_at_once": "I4",
    "without_the_finalizer": "I5",
    "ready_without_writing": "I7",
    "never_resting": "I8",
    "telling_the_token": "I10",
    "going_back": "I12",
    "labelling": "I13",
}
PATIENCE = 10.0
"""Seconds after which a broken build is not waited for any longer."""


@pytest.mark.parametrize(
    "rule", [pytest.param(rule, marks=() if rule in ALWAYS else pytest.mark.whole) for rule in BROKEN]
)
def test_a_broken_promise_is_found(rule: str, stage_of: Callable[..., Stage]) -> None:
    build = (sys.executable, str(BUILD), rule)
    with stage_of(f"chaos-{rule.replace('_', '-')}", sites=("nscale",), program=build) as stage:
        stage.start_operator().wait_ready()
        found = {violation.promise for violation in judge(act(stage))}
    assert set(BROKEN[rule].split()) <= found


@pytest.mark.whole
def test_a_sound_build_breaks_none(stage_of: Callable[..., Stage]) -> None:
    with stage_of("chaos-sound", sites=("nscale",)) as stage:
        stage.start_operator().wait_ready()
        assert judge(act(stage)) == []


def act(stage: Stage) -> Evidence:
    """Every operation once, and the creation loses its answer. What a broken build does not do is not waited for."""
    # A project that was just made is not shown at once, within the bound that the operator is told.
    stage.servers["nscale"].lag(0.9 * stage.bounds.read_lag)
    wishes = [stage.wish("nscale", operation, 1) for operation in OPERATIONS]
    stage.apply([wish for wish in wishes if wish.operation in {UPDATE, DELETE}])
    stage.wait_settled([wish for wish in wishes if wish.operation == UPDATE], PATIENCE)
    lost = asks("POST", "*/projects", subject="nscale-create-0001")
    stage.proxies["nscale"].rules.add(Rule("lost", lost, lose))
    stage.begin(wishes)
    left = stage.wait_settled(wishes, stage.bounds.quarantine + PATIENCE)
    return stage.evidence(quiet=stage.quiet_writes(1, patience=PATIENCE), unsettled=left)
