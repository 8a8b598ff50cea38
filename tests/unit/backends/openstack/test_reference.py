from pathlib import Path

from project_operator.backends.openstack.dialect import OPENSTACK
from project_operator.backends.openstack.reference import ERROR_PAGE, PAGE

ROOT = Path(__file__).parents[4]


def test_the_page_says_what_the_table_says() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == ERROR_PAGE.text(), "run `project-operator generate`"


def test_each_row_is_a_line() -> None:
    answers, rest = ERROR_PAGE.text().split("## Answers")[1].split("## What the policy is asked")
    assert answers.count("\n|") == len(OPENSTACK.answers.rows) + 2
    assert rest.split("## No answer")[0].count("\n|") == len(OPENSTACK.answers.rights) + 2
