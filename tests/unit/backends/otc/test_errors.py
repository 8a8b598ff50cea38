"""The two forms of the error document, and the table."""

import json

import pytest

from project_operator.backends.answer_table.rows import ANY_STATUS, ErrorDocument
from project_operator.backends.keystone_v3.errors import ALL, Operation
from project_operator.backends.otc.errors import ANSWERS, THROTTLED_FOR, read_error
from project_operator.backends.otc.reference import ERROR_PAGE


def iam(code: str, message: str) -> bytes:
    return json.dumps({"error_code": code, "error_msg": message, "request_id": "a"}).encode()


def test_either_form_is_read() -> None:
    """T2-1, T2-2, T2-3, T2-11."""
    for code in ("IAM.0001", "IAM.0066", "IAM.0006"):
        assert read_error(iam(code, "no")) == ErrorDocument("no", code)
    assert read_error(b'{"error": {"code": 403, "message": "no"}}') == ErrorDocument("no")
    assert read_error(iam("IAM.0003", "no")) == ErrorDocument("no", "IAM.0003")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"error_msg": "no"}',
        b'{"error_code": "IAM.0003"}',
        b'{"error_code": "17", "error_msg": "no"}',
        b'{"error_code": "<script>.1", "error_msg": "no"}',
        b'{"message": "no"}',
    ],
)
def test_what_anybody_says_is_neither(body: bytes) -> None:
    """T2-13."""
    assert read_error(body) is None


@pytest.mark.parametrize(
    ("code", "message", "seconds"),
    [
        ("IAM.0012", "threshold 10 times per 45 seconds", 45.0),
        ("IAM.0012", "too many", THROTTLED_FOR),
        ("APIGW.0308", "The throttling threshold has been reached", THROTTLED_FOR),
        ("IAM.0011", "threshold 10 times per 45 seconds", None),
    ],
)
def test_the_pause_that_a_document_asks_for(code: str, message: str, seconds: float | None) -> None:
    """T2-8, T2-9, T8-11."""
    document = read_error(iam(code, message))
    assert document is not None
    assert document.retry_after == seconds


def test_every_answer_to_everything_has_a_row() -> None:
    for operation in Operation:
        for status in ANY_STATUS:
            for document in (None, ErrorDocument("")):
                assert ANSWERS.row_for(operation, status, document) in ANSWERS.rows


def test_every_row_is_on_the_page() -> None:
    page = ERROR_PAGE.text()
    assert all(row.basis in page for row in ANSWERS.rows)
    assert all(row.operations <= ALL for row in ANSWERS.rows)
