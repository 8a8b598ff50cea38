from pathlib import Path

from project_operator.backends.nscale.errors import ANSWERS
from project_operator.backends.nscale.reference import ERROR_PAGE, PAGE

ROOT = Path(__file__).parents[4]


def test_the_page_says_what_the_table_says() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == ERROR_PAGE.text(), "run `project-operator generate`"


def test_each_row_is_a_line() -> None:
    answers = ERROR_PAGE.text().split("## Answers")[1].split("## Which right")[0]
    assert answers.count("\n|") == len(ANSWERS.rows) + 2
