from pathlib import Path

from project_operator.backends.nscale.errors import TABLE
from project_operator.backends.nscale.reference import PAGE, error_reference

ROOT = Path(__file__).parents[4]


def test_the_page_says_what_the_table_says() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == error_reference(), "run `project-operator generate`"


def test_each_row_is_a_line() -> None:
    answers = error_reference().split("## Answers")[1].split("## No answer")[0]
    assert answers.count("\n|") == len(TABLE) + 2
