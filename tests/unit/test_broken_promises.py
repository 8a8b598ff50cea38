"""Each promise has an operator that breaks it on purpose and a test that catches it, by docs/benchmarks/chaos.md."""

import re
from pathlib import Path
from typing import Final

import pytest

TESTS: Final = Path(__file__).resolve().parent.parent
PAGE: Final = (TESTS.parent / "docs" / "benchmarks" / "chaos.md").read_text(encoding="utf-8")
ROWS: Final = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.partition("## That it can fail")[2].partition("## ")[0].splitlines()
    if line.startswith("| I")
]
BUILDS: Final = (TESTS / "chaos" / "broken_build.py").read_text(encoding="utf-8")
TABLE: Final = (TESTS / "chaos" / "test_broken_builds.py").read_text(encoding="utf-8")


def test_no_promise_is_left_out() -> None:
    assert {promise for row in ROWS for promise in row[0].split(", ")} == {f"I{number}" for number in range(1, 15)}


@pytest.mark.parametrize("row", ROWS, ids=[f"{row[0]}: {row[1][:40]}" for row in ROWS])
def test_each_is_broken_by_a_build_that_is_there_and_caught_by_a_test_that_is_there(row: list[str]) -> None:
    promises, broken, caught = row
    path, _, function = caught.strip("`").partition("::")
    assert re.search(rf"^(async )?def {function or 'test_'}", (TESTS / path).read_text(encoding="utf-8"), re.MULTILINE)
    if rule := re.match(r"`(\w+)`", broken):
        assert f"\ndef {rule[1]}() -> None:" in BUILDS
        if function == "test_a_broken_promise_is_found":
            assert f'"{rule[1]}": "{promises.replace(",", "")}"' in TABLE
