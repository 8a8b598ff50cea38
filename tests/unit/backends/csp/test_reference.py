from project_operator.backends.answer_table.rows import ANY_STATUS, ErrorDocument
from project_operator.backends.csp.errors import ALL, ANSWERS, Operation
from project_operator.backends.csp.reference import ERROR_PAGE


def test_every_answer_to_everything_has_a_row() -> None:
    for operation in Operation:
        for status in ANY_STATUS:
            for document in (None, ErrorDocument("")):
                assert ANSWERS.row_for(operation, status, document) in ANSWERS.rows


def test_every_row_is_needed_and_on_the_page() -> None:
    page = ERROR_PAGE.text()
    assert page.count("\n| ") > len(ANSWERS.rows)
    assert all(row.basis in page for row in ANSWERS.rows)
    assert all(row.operations <= ALL for row in ANSWERS.rows)
