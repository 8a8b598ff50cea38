"""What a run says of itself: the recorded one, in the words of the code that is there now."""

import dataclasses
import json
from pathlib import Path

import pytest

from bench import budgets, page, scaling
from bench.record import OPERATOR, Record, record_of

PAGES = Path(__file__).parents[3] / "docs" / "benchmarks"


@pytest.fixture(scope="module")
def recorded() -> Record:
    return record_of(json.loads((PAGES / "speed.json").read_text(encoding="utf-8")))


def test_the_page_says_what_the_record_says(recorded: Record) -> None:
    text = (PAGES / "speed.md").read_text(encoding="utf-8")

    assert page.recorded(text, recorded) == text


def test_the_cost_model_holds_for_the_recorded_run(recorded: Record) -> None:
    found = scaling.measured(recorded)

    assert [cost.what for cost in scaling.COSTS if cost not in found] == []
    assert {cost.what: figure for cost, figure in found.items() if scaling.differs(cost, figure)} == {}


def test_a_budget_that_is_missed_is_marked(recorded: Record) -> None:
    slow = dataclasses.replace(
        recorded,
        creations=[
            dataclasses.replace(one, seconds=one.seconds * (3 if one.who == OPERATOR else 1))
            for one in recorded.creations
        ],
    )

    (row,) = [row for row in budgets.table(slow) if "to the bare client" in row.what]
    assert row.verdict == budgets.MISSED


def test_a_cost_that_the_model_does_not_know_is_marked() -> None:
    assert scaling.differs(scaling.CREATION_WRITES, 4.0)
    assert not scaling.differs(scaling.CREATION_WRITES, 3.0)
