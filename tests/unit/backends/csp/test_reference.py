from project_operator.backends.csp.errors import ALL, ANY_STATUS, TABLE, Operation
from project_operator.backends.csp.reference import error_reference


def test_every_answer_to_everything_has_a_row() -> None:
    for operation in Operation:
        for status in ANY_STATUS:
            for own in (True, False):
                assert any(row.fits(operation, status, own=own) for row in TABLE)


def test_every_row_is_needed_and_on_the_page() -> None:
    page = error_reference()
    assert page.count("\n| ") > len(TABLE)
    assert all(row.basis in page for row in TABLE)
    assert all(row.operations <= ALL for row in TABLE)
