"""Tags as Keystone has them, plain strings, and the mark among them.

A tag is ``name=value``, or ``name`` where the value is empty. Reading loses nothing: a string that would not be
written back as it was keeps its whole text as the name. The mark is a tag that is the token itself.
"""

from typing import Final

from project_operator.api.marks import MARK_PREFIX, ORPHANED
from project_operator.backends.base import Tag

ORPHANED_TAG: Final = f"{MARK_PREFIX}{ORPHANED}"

CONFLICTING_MARKS: Final = "conflicting"
"""The mark of a project with several: equal to nobody's."""


def wire_tag(tag: Tag) -> str:
    """``tag`` as Keystone keeps it."""
    return f"{tag.name}={tag.value}" if tag.value else tag.name


def parse_tag(text: str) -> Tag:
    """What `wire_tag` makes ``text`` of."""
    name, _, value = text.partition("=")
    return Tag(name, value) if name and value else Tag(text, "")


class MarkInTag:
    """A `MarkPlace`: the mark is a tag of its own, the description is left alone."""

    def read(self, description: str | None, tags: tuple[str, ...]) -> tuple[str | None, tuple[Tag, ...], str]:
        """See `MarkPlace.read`."""
        marks = {text for text in tags if text.startswith(MARK_PREFIX)}
        # Sorted, for Keystone keeps no order: a listing names them in another one than a GET does.
        others = tuple(sorted(parse_tag(text) for text in tags if not text.startswith(MARK_PREFIX)))
        match sorted(marks):
            case []:
                return description, others, ""
            case [mark]:
                return description, others, ORPHANED if mark == ORPHANED_TAG else mark
            case _:
                return description, others, CONFLICTING_MARKS

    def write(self, description: str | None, tags: tuple[Tag, ...], mark: str) -> tuple[str | None, tuple[str, ...]]:
        """See `MarkPlace.write`."""
        words = [wire_tag(tag) for tag in tags]
        if mark:
            words.append(mark if mark.startswith(MARK_PREFIX) else f"{MARK_PREFIX}{mark}")
        # Keystone refuses a list that names a tag twice (K6-12).
        return description, tuple(dict.fromkeys(words))
