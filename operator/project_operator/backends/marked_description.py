"""The mark as a word in the description, for backends whose projects have no tags.

There is one form in which it is written: the user's text, one space, the mark; the mark alone where there is no text.
Read is every form in which people can leave it behind, and what is not the mark keeps every character.
"""

import re
from typing import Final

from project_operator.api.marks import MARK_LENGTH, MARK_PREFIX, ORPHANED

ROOM: Final = MARK_LENGTH + 1
"""Characters that the mark takes from the description."""

CONFLICTING_MARKS: Final = "conflicting"
"""The mark of a project with several: equal to nobody's."""

_ORPHANED_WORD: Final = f"{MARK_PREFIX}{ORPHANED}"
_WORD: Final = re.compile(rf"(?<!\S){MARK_PREFIX}\S*")


def write(description: str | None, mark: str) -> str:
    """The description as the backend keeps it; "" where there is nothing to keep."""
    if not mark:
        return description or ""
    word = mark if mark.startswith(MARK_PREFIX) else f"{MARK_PREFIX}{mark}"
    return f"{description} {word}" if description else word


def read(text: str | None) -> tuple[str | None, str]:
    """The user's text (None where there is none) and the mark ("" for none); a word that begins as a mark is one,
    however damaged.
    """
    text = text or ""
    words = list(_WORD.finditer(text))
    for word in reversed(words):
        start, end = word.span()
        # One blank belongs to the mark: that before it, or that behind it where it comes first.
        start, end = (start - 1, end) if start else (start, end + 1)
        text = text[:start] + text[end:]
    return text or None, _mark({word[0] for word in words})


def _mark(words: set[str]) -> str:
    match sorted(words):
        case []:
            return ""
        case [word]:
            return ORPHANED if word == _ORPHANED_WORD else word
        case _:
            return CONFLICTING_MARKS
