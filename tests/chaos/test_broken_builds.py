"""Every promise is broken on purpose, one after the other, and the oracle that is for it finds it.

The broken builds of I9 and I11 are beside what catches them, in `leadership/` and `isolation/`.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chaos.evidence import CREATE, DELETE, OPERATIONS, UPDATE, Evidence
from chaos.faults import lose
from chaos.oracles import judge
from chaos.rules import Rule, asks
from chaos.stage import RIGHTS, Bounds, Stage
from chart_installation import install
from operator_process import OURS

from project_operator.api.names import ALLOW_DELETION_ANNOTATION, GROUP, PROJECT_PLURAL
from project_operator.sandbox.controlplane.plane import ControlPlane

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
LATE_READS = Bounds(read_lag=1.5)
"""Long enough for a read to be too early on a busy machine too."""
PATIENCE = 10.0
"""Seconds after which a broken build is not waited for any longer."""


@pytest.mark.parametrize(
    "rule", [pytest.param(rule, marks=() if rule in ALWAYS else pytest.mark.whole) for rule in BROKEN]
)
def test_a_broken_promise_is_found(rule: str, stage_of: Callable[..., Stage]) -> None:
    expected = set(BROKEN[rule].split())
    with stage_of(
        f"chaos-{rule.replace('_', '-')}", sites=("nscale",), bounds=LATE_READS, program=build(rule)
    ) as stage:
        stage.start_operator().wait_ready()
        found = act(stage, lambda: expected <= broken(stage.evidence()))
        assert expected <= broken(found)


@pytest.mark.whole
def test_a_sound_build_breaks_none(stage_of: Callable[..., Stage]) -> None:
    with stage_of("chaos-sound", sites=("nscale",), bounds=LATE_READS) as stage:
        stage.start_operator().wait_ready()
        assert judge(act(stage)) == []


@pytest.fixture
def expendable_plane(pytestconfig: pytest.Config) -> Iterator[ControlPlane]:
    """One whose definitions can go."""
    if pytestconfig.getoption("--kind"):
        pytest.skip("removes definitions, so it needs a control plane to itself")
    with ControlPlane.start() as plane:
        yield plane


@pytest.mark.whole
@pytest.mark.needs_real
@pytest.mark.parametrize(("rule", "expected"), [("deleting_with_the_definition", {"I14"}), ("", set())])
def test_what_deletes_with_the_definition_is_found(
    rule: str, expected: set[str], expendable_plane: ControlPlane, tmp_path: Path
) -> None:
    """I14: the CustomResourceDefinition goes, and nobody has asked for the end of the Project."""
    installation = install(expendable_plane, RIGHTS)
    program = build(rule) if rule else OURS
    with Stage(
        expendable_plane, installation, "chaos-definition", tmp_path, sites=("nscale",), program=program
    ) as stage:
        stage.start_operator().wait_ready()
        wish = stage.wish("nscale", CREATE, 1)
        stage.apply([wish])
        stage.wait_ready([wish])
        definition = f"{PROJECT_PLURAL}.{GROUP}"
        expendable_plane.kubectl("annotate", "crd", definition, f"{ALLOW_DELETION_ANNOTATION}=true")
        expendable_plane.kubectl("delete", "crd", definition, "--timeout=60s")
        assert broken(stage.evidence()) & {"I14"} == expected


def build(rule: str) -> tuple[str, ...]:
    """How to start it."""
    return (sys.executable, str(BUILD), rule)


def broken(evidence: Evidence) -> set[str]:
    """The promises that were."""
    return {violation.promise for violation in judge(evidence)}


def act(stage: Stage, enough: Callable[[], bool] = lambda: False) -> Evidence:
    """Every operation once, and the creation loses its answer; ends before when ``enough`` was seen. What a broken
    build does not do is not waited for.
    """
    # A project that was just made is not shown at once, within the bound that the operator is told.
    stage.servers["nscale"].lag(0.9 * stage.bounds.read_lag)
    wishes = [stage.wish("nscale", operation, 1) for operation in OPERATIONS]
    stage.apply([wish for wish in wishes if wish.operation in {UPDATE, DELETE}])
    stage.wait_settled([wish for wish in wishes if wish.operation == UPDATE], PATIENCE, unless=enough)
    if enough():
        return stage.evidence()
    lost = asks("POST", "*/projects", subject="nscale-create-0001")
    stage.proxies["nscale"].rules.add(Rule("lost", lost, lose))
    stage.begin(wishes)
    left = stage.wait_settled(wishes, stage.bounds.quarantine + PATIENCE, unless=enough)
    if enough():
        return stage.evidence()
    return stage.evidence(quiet=stage.quiet_writes(1, patience=PATIENCE), unsettled=left)
