"""Whatever people write, in whatever order: what counts in the end is what they wrote last.

Hypothesis edits Projects (`simulation/edits.py`). What was wrong before leaves nothing behind, and what is settled is
not written any more.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from simulation.edits import Edits, machine_of
from simulation.families import FAMILIES
from spec_values import Spec, immutable, spec_schema

from project_operator.api.schema import VALIDATIONS
from project_operator.api.v1alpha1.types import Condition
from project_operator.reconcile import content, summary, upkeep
from project_operator.reconcile.outcome import Outcome

EXAMPLES, STEPS = 70, 18
"""For each kind of backend: so many worlds, of so many steps."""
SEQUENCES, COMPARED, READY = 400, 280, 200
"""For each kind of backend, at least so many sequences of edits, one of each Project, come to an end; so many of them
with a Project that is compared, as it was not deleted; and so many of these with one that is Ready: with less there is
nothing to see.
"""


@pytest.mark.parametrize("family", FAMILIES)
def test_what_counts_is_what_was_written_last(family: str) -> None:
    machine = machine_of(family)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
    assert machine.ends.total() + machine.deleted.total() >= SEQUENCES
    assert machine.ends.total() >= COMPARED
    assert machine.ends["Succeeded"] >= READY


def tell(family: str, *written: Spec) -> Edits:
    """Write these specs of one Project, each when the one before was applied."""
    machine = machine_of(family)()
    machine.start(1)
    try:
        for spec in written:
            machine.edit("shop", spec)
            machine.wait(9.0)
            machine.promises_hold()
    finally:
        machine.teardown()
    return machine


def test_a_name_in_another_case_is_the_same_where_case_does_not_count() -> None:
    """Nothing is written for it, and nothing about it is wrong (F2-3)."""
    machine = tell("k5", {"name": "web-1"}, {"name": "WEB-1"})
    assert machine.ends == {"Succeeded": 1}
    assert not machine.world.backend.count("update")


# Builds that get one thing wrong; each must fail a story that the real build survives.


def keeps_what_is_no_longer_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "_merged", lambda current, wanted, _ours: tuple(dict.fromkeys((*current, *wanted))))


def is_ready_before_it_is_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "differences", lambda *_: ())


def remembers_a_refusal_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Project that was Stalled once shows it for ever."""
    real = summary.conditions

    def conditions(outcome: Outcome, previous: Iterable[Condition], **circumstances: Any) -> tuple[Condition, ...]:
        before = tuple(previous)
        after = real(outcome, before, **circumstances)
        return (*after, *(one for one in before if one.type == "Stalled" and "Stalled" not in {a.type for a in after}))

    monkeypatch.setattr(summary, "conditions", conditions)


TAGGED: Final = ({"tags": [{"name": "a", "value": "1"}]}, {"tags": [{"name": "b", "value": ""}]})


@pytest.mark.parametrize(
    ("break_it", "family", "written"),
    [
        pytest.param(keeps_what_is_no_longer_wanted, "nscale", TAGGED, id="differential"),
        pytest.param(is_ready_before_it_is_so, "keystone", ({"description": "a"}, {"description": "b"}), id="I7"),
        pytest.param(remembers_a_refusal_for_ever, "csp", ({"enabled": True}, {"description": "b"}), id="recovery"),
    ],
)
def test_a_build_that_gets_it_wrong_is_caught(
    break_it: Callable[[pytest.MonkeyPatch], None],
    family: str,
    written: tuple[Spec, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tell(family, *written)
    break_it(monkeypatch)
    with pytest.raises(AssertionError):
        tell(family, *written)


def test_what_an_edit_must_leave_as_it_is_is_read_from_every_rule() -> None:
    """A rule about what was there before, and that this cannot read, would make specs that the API server refuses."""
    rules = [one for one in spec_schema()[VALIDATIONS] if "oldSelf" in one["rule"]]
    assert len(immutable()) == len(rules)
