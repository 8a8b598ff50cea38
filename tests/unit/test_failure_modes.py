"""Each row of docs/failure-modes.md names a test that is there and has its name, and only what there is to be seen."""

import re
from pathlib import Path
from typing import Final

import pytest

from project_operator.api.conditions import Reason
from project_operator.api.events import EventReason

TESTS: Final = Path(__file__).resolve().parent.parent
DOCS: Final = TESTS.parent / "docs"
ROWS: Final = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in (DOCS / "failure-modes.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| ---", "| what breaks"))
]
METRICS: Final = (DOCS / "reference" / "metrics.md").read_text(encoding="utf-8")
AS_IT_SHOULD_BE: Final = {"Answering", "Observed", "Planned", "Progressing", "ProgressingWithRetry", "Suspended"}
"""Reasons of conditions that nothing broken leads to."""
_NAMED: Final = re.compile(r"`([A-Z][A-Za-z]+)`")


def missing(named: str) -> bool:
    """Whether there is no test of that name, written `path::function`."""
    path, _, function = named.strip("`").partition("::")
    file = TESTS / path
    return not file.is_file() or not re.search(rf"^(async )?def {function}\(", file.read_text("utf-8"), re.MULTILINE)


def has_its_name(what: str, named: str) -> bool:
    """Whether the test, or the file it is in, is called what the row is called."""
    words = re.sub(r"[^a-z0-9]+", "_", re.split("[,:]", what.lower())[0]).strip("_")
    whole = re.sub(r"[^a-z0-9]+", "_", what.lower()).strip("_")
    path, _, function = named.strip("`").partition("::")
    file, test = Path(path).stem.removeprefix("test_"), function.removeprefix("test_")
    return words.startswith(file) or test in {words, whole} or test.startswith(words)


def test_there_is_a_row_for_whatever_anybody_thought_of() -> None:
    assert len(ROWS) >= 35
    assert len({row[0] for row in ROWS}) == len(ROWS)


def test_every_reason_that_tells_of_trouble_is_in_a_row() -> None:
    told = {name for row in ROWS for name in _NAMED.findall(row[1])}
    assert {str(one) for one in Reason} - told == AS_IT_SHOULD_BE


@pytest.mark.parametrize("row", ROWS, ids=[row[0][:60] for row in ROWS])
def test_each_has_a_test_of_its_name_and_shows_what_there_is(row: list[str]) -> None:
    what, condition, event, metric, answer, test = row
    assert answer
    assert not missing(test), test
    assert has_its_name(what, test), (what, test)
    reasons = {str(one) for one in Reason} | {"Orphan", "Ready", "Recreate", "Terminating"}
    assert set(_NAMED.findall(condition)) <= reasons
    assert set(_NAMED.findall(event)) <= {str(one) for one in EventReason}
    named = metric.strip("`")
    assert named == "none" or named.startswith("process_") or f"`{named}`" in METRICS


@pytest.mark.parametrize(
    ("what", "test"),
    [
        ("Backend down", "scenarios/test_backend_missing.py::test_a_backend_that_comes_later_is_enough"),
        ("Restart", "kill/test_kill.py::test_nothing_is_doubled_or_lost_when_the_operator_is_killed"),
    ],
)
def test_a_test_of_another_name_is_noticed(what: str, test: str) -> None:
    assert not has_its_name(what, test)
    assert not missing(test)


def test_a_test_that_is_not_there_is_noticed() -> None:
    assert missing("unit/test_failure_modes.py::test_that_is_not_there")
