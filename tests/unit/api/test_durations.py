"""Durations in Go's notation."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_operator.api.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0s", 0),
        ("15s", 15),
        ("90s", 90),
        ("2m", 120),
        ("2m30s", 150),
        ("500ms", 0.5),
        ("1h", 3600),
        ("1h2m3s4ms", 3723.004),
        ("1.5h", 5400),
        ("0.25s", 0.25),
    ],
)
def test_says_what_go_would(text: str, seconds: float) -> None:
    assert parse_duration(text).total_seconds() == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "s",
        "5 s",
        " 5s",
        "5s ",
        "5s\n",
        "-5s",
        "+5s",
        "5d",
        "5sec",
        "1,5s",
        "PT5S",
        "5us",
        ".5s",
        "5.s",
        "1234567s",
        "1s" * 11,
    ],
)
def test_refuses_what_the_api_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="must be a duration such as '90s'"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(), "0s"),
        (timedelta(seconds=90), "1m30s"),
        (timedelta(milliseconds=250), "250ms"),
        (timedelta(hours=25, milliseconds=1), "25h1ms"),
    ],
)
def test_writes_whole_units(length: timedelta, text: str) -> None:
    assert format_duration(length) == text


def test_has_no_words_for_the_past() -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        format_duration(timedelta(seconds=-1))


@given(st.integers(min_value=0, max_value=10**9))
def test_reads_back_what_it_wrote(milliseconds: int) -> None:
    length = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(length)) == length


def test_the_longest_that_can_be_written_is_still_a_length_of_time() -> None:
    assert parse_duration("999999h999999h99999h") < timedelta(days=292 * 365)
