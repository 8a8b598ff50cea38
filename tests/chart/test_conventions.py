"""Each row of docs/reference/chart-conventions.md names tests that are there."""

import re
from typing import Final

import helm

PAGE: Final = helm.ROOT / "docs" / "reference" / "chart-conventions.md"
TESTS: Final = helm.ROOT / "tests"
ROWS: Final = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| ---", "| question"))
]


def missing(cell: str) -> list[str]:
    """What the cell names, between commas, and is not there; a cell that names nothing is missing itself."""
    return [named for named in cell.split(", ") if not is_there(named)]


def is_there(named: str) -> bool:
    """Whether there is a test called so, written `path::function` in backticks."""
    path, _, function = named.strip("`").partition("::")
    file = TESTS / path
    return file.is_file() and bool(re.search(rf"^def {function}\(", file.read_text(encoding="utf-8"), re.MULTILINE))


def test_every_choice_is_held_by_a_test() -> None:
    assert len(ROWS) == 23
    assert [row for row in ROWS if len(row) != 4 or not row[1]] == []
    assert [named for row in ROWS for named in missing(row[3])] == []


def test_a_choice_that_no_test_holds_is_seen() -> None:
    there = "`chart/test_conventions.py::test_every_choice_is_held_by_a_test`"
    assert missing(f"{there}, {there}") == []
    for wrong in (
        "`chart/test_conventions.py::test_gone`",
        "`chart/nowhere.py::test_every_choice_is_held_by_a_test`",
        "",
    ):
        assert missing(f"{there}, {wrong}") == [wrong]
