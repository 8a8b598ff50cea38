"""Text of others, fit to be shown."""

import pytest

from project_operator.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("as it is: \u00fcn\u0101, \u6771, \U0001f600", "as it is: \u00fcn\u0101, \u6771, \U0001f600"),
        ("\x1b[31mred\x1b[0m", "[31mred [0m"),
        ("\x9b31mred", "31mred"),
        ("one\r\ntwo\x0bthree\u2028four\x85five", "one two three four five"),
        ("abc\u202edef\u200b", "abc def"),
        ("  a \t b  ", "a b"),
    ],
)
def test_one_line_of_what_can_be_printed(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(shown) == shown
