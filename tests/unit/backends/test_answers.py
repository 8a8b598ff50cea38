from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_operator.backends.answers import MESSAGE_LIMIT, clipped, quotable, retry_after, unanswered
from project_operator.backends.calls import NoAnswer
from project_operator.backends.trust import Lost
from project_operator.errors import BackendUnavailable, OutcomeUnknown

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("group ID x does not exist", "group ID x does not exist"),
        ("two\nlines\tand \x00\x1b[31mmore", "two lines and [31mmore"),
        ("   ", ""),
        ("right\u202eleft", "right left"),
        ("token s3cret refused", "token [redacted] refused"),
        ("Bearer eyJhbGciOiJkaXIi.xyz-_== refused", "Bearer [redacted] refused"),
        ("grüße 漢字", "grüße 漢字"),
    ],
)
def test_what_is_quoted_is_one_line_without_a_credential(text: str, quoted: str) -> None:
    assert quotable(text, ["s3cret", ""]) == quoted


@given(st.text())
def test_whatever_is_quoted_is_printable(text: str) -> None:
    assert all(char.isprintable() for char in quotable(text))


@given(st.text(), st.integers(min_value=1, max_value=40))
def test_nothing_is_longer_than_it_may_be(text: str, limit: int) -> None:
    cut = clipped(text, limit)
    assert len(cut) <= limit
    assert cut == text or (cut[-1] == "…" and text.startswith(cut[:-1]))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0.0),
        ("7", 7.0),
        (" 120 ", 120.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0.0),
        ("Sun, 22 Nov 2026 01:00:30 +0000", 30.0),
        ("Sun, 22 Nov 2026 01:00:30", 30.0),
        ("-1", None),
        ("1.5", None),
        ("1e9", None),
        ("9" * 5000, None),
        ("soon", None),
        ("Sun, 99 Nov 2026 01:00:30 GMT", None),
        ("Sun, 22 Nov 2026 01:00:30 +9999999999", None),
    ],
)
def test_both_forms_of_retry_after_are_seconds(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


@given(st.text())
def test_no_retry_after_breaks_anything(header: str) -> None:
    wait = retry_after(header, NOW)
    assert wait is None or wait >= 0


@pytest.mark.parametrize(
    ("writes", "sent", "error"),
    [
        (False, False, BackendUnavailable),
        (False, True, BackendUnavailable),
        (True, False, BackendUnavailable),
        (True, True, OutcomeUnknown),
    ],
)
def test_only_a_write_that_was_sent_is_unknown(error: type[Exception], *, writes: bool, sent: bool) -> None:
    made = unanswered("create_project", NoAnswer(Lost.DEADLINE, sent, "no answer " * 100, "abc"), writes=writes)
    assert type(made) is error
    assert made.trace_id == "abc"
    assert str(made).startswith("create project: no answer")
    assert len(str(made)) == MESSAGE_LIMIT
