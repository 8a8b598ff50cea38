"""Each attack in docs/threat-model.md names a test that is there."""

import re
from pathlib import Path
from typing import Final

import pytest

TESTS: Final = Path(__file__).resolve().parent.parent
PAGE: Final = TESTS.parent / "docs" / "threat-model.md"
ROWS: Final = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.read_text(encoding="utf-8").split("## Attacks")[1].split("\n## ")[0].splitlines()
    if line.startswith("| ") and "---" not in line
][1:]


def missing(named: str) -> bool:
    """Whether there is no test of that name, written `path::function`."""
    path, _, function = named.strip("`").partition("::")
    file = TESTS / path
    return not file.is_file() or not re.search(rf"^\s*(async )?def {function}\(", file.read_text("utf-8"), re.MULTILINE)


def test_there_are_as_many_attacks_as_anybody_thought_of() -> None:
    assert len(ROWS) >= 30
    assert len({row[0] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row[0][:60] for row in ROWS])
def test_each_has_an_answer_and_a_test(row: list[str]) -> None:
    attack, answer, test = (cell.strip(" |") for cell in row)
    assert attack
    assert answer
    assert not missing(test), test


@pytest.mark.parametrize(
    "named", ["unit/test_nowhere.py::test_it", "unit/test_threat_model.py::test_that_is_not_there"]
)
def test_a_test_that_is_not_there_is_noticed(named: str) -> None:
    assert missing(named)
