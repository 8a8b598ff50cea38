from pathlib import Path

from project_operator.backends.k5.dialect import K5
from project_operator.backends.k5.reference import ERROR_PAGE, PAGE

ROOT = Path(__file__).parents[4]


def test_the_page_says_what_the_table_says() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == ERROR_PAGE.text(), "run `project-operator generate`"


def test_each_row_is_a_line() -> None:
    answers, _ = ERROR_PAGE.text().split("## Answers")[1].split("## What the policy is asked")
    assert answers.count("\n|") == len(K5.answers.rows) + 2


def test_its_own_rows_come_first() -> None:
    first = ERROR_PAGE.text().split("## Answers")[1].splitlines()[4]
    assert "501" in first
    assert "`RequestRefused`" in first
