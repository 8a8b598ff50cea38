"""Points are counted one by one, and what is broken for nobody in particular is not lost."""

import json
from dataclasses import replace

import pytest
from chaos.evidence import CREATE, Evidence, Wish
from chaos.oracles import Violation
from chaos.tally import Row, Tried, by_operation, raw, read, table, tally, too_few, totals

TRIED = Tried("run", "kill", "killed", "status", CREATE, "nscale", 1, "web")
OTHER = Tried("run", "kill", "killed", "object", CREATE, "csp", 2, "shop")


def evidence(*, words: int = 0, unsettled: bool = False) -> Evidence:
    given = {"web": words, "shop": 0}
    wishes = {name: Wish(name, "nscale", CREATE, (), {}, {}, "Delete", count) for name, count in given.items()}
    return Evidence(
        wishes,
        (),
        {},
        frozenset(),
        {},
        {},
        {},
        (),
        {},
        frozenset(),
        unsettled={"web": "Progressing"} if unsettled else {},
    )


@pytest.mark.parametrize(
    ("promises", "facts", "expected"),
    [
        pytest.param((), {}, Row(1, 1), id="survived"),
        pytest.param((), {"words": 1}, Row(1, 1, needs_a_person=1), id="with a person's help"),
        pytest.param(("I1",), {}, Row(1, 0, duplicates=1), id="doubled"),
        pytest.param(("I2", "I6"), {}, Row(1, 0, leaks=1), id="leaked"),
        pytest.param(("I8",), {"unsettled": True}, Row(1, 0, stuck=1), id="stuck"),
        pytest.param(("I8",), {}, Row(1, 0, broken=1), id="restless"),
        pytest.param(("I7", "end"), {}, Row(1, 0, broken=1), id="otherwise"),
    ],
)
def test_a_point_is_what_came_of_its_project(promises: tuple[str, ...], facts: dict[str, int], expected: Row) -> None:
    found = [Violation(promise, "web", "") for promise in promises]
    outcome = tally([TRIED, OTHER], evidence(**facts), found)  # type: ignore[arg-type]  # each fact of its own type
    assert outcome.rows[TRIED] == expected
    assert outcome.rows[OTHER] == Row(1, 1)
    assert outcome.clean is not bool(promises)


def test_what_is_broken_for_nobody_in_particular_is_not_clean() -> None:
    outcome = tally([TRIED], evidence(), [Violation("I3", "a stranger", "")])
    assert outcome.total == Row(1, 1)
    assert not outcome.clean


def test_tables_sum_up() -> None:
    rows = {TRIED: Row(1, 1), OTHER: Row(1, 0, duplicates=1)}
    assert totals(rows) == "2 tried, 1 survived, 1 duplicates, 0 leaks, 0 stuck, 0 needs a person, 0 broken otherwise"
    assert "| kill | killed | object | 1 | 0 | 1 | 0 | 0 | 0 | 0 |" in table(rows)
    assert "| csp | 1 |" in by_operation(rows)


def test_what_was_told_as_json_is_read_as_it_was() -> None:
    rows = {TRIED: Row(1, 1), OTHER: Row(1, 0, duplicates=1)}
    assert read(json.loads(json.dumps(raw(rows)))) == rows


def test_a_fault_that_hardly_came_about_is_told() -> None:
    rows = [TRIED, replace(TRIED, subject="other")]
    assert too_few(rows, {("killed", "status"): 4}) == {}
    assert too_few(rows, {("killed", "status"): 5, ("killed", "object"): 1}) == {
        ("killed", "status"): "2 of 5",
        ("killed", "object"): "0 of 1",
    }
