from pathlib import Path

from project_operator.backends.keystone_v3.errors import RIGHTS, TABLE
from project_operator.backends.openstack.reference import PAGE, error_reference

ROOT = Path(__file__).parents[4]


def test_the_page_says_what_the_table_says() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == error_reference(), "run `project-operator generate`"


def test_each_row_is_a_line() -> None:
    answers, rest = error_reference().split("## Answers")[1].split("## What the policy is asked")
    assert answers.count("\n|") == len(TABLE) + 2
    assert rest.split("## No answer")[0].count("\n|") == len(RIGHTS) + 2
