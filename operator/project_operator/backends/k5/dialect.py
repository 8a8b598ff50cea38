"""How Fujitsu K5 speaks Keystone's protocol."""

from typing import Final

from project_operator.backends import marked_description
from project_operator.backends.base import Tag
from project_operator.backends.k5.errors import ANSWERS
from project_operator.backends.keystone_v3.dialect import Dialect


class MarkInDescription:
    """A `MarkPlace`: the mark is a word of the description, as there are no tags."""

    def read(
        self,
        description: str | None,
        tags: tuple[str, ...],  # noqa: ARG002 - there are none
    ) -> tuple[str | None, tuple[Tag, ...], str]:
        """See `MarkPlace.read`."""
        text, mark = marked_description.read(description)
        return text, (), mark

    def write(
        self,
        description: str | None,
        tags: tuple[Tag, ...],  # noqa: ARG002 - refused before any call
        mark: str,
    ) -> tuple[str | None, tuple[str, ...]]:
        """See `MarkPlace.write`."""
        return marked_description.write(description, mark), ()


K5: Final = Dialect(answers=ANSWERS, mark_place=MarkInDescription(), page_limit=0)
"""Lists have no pages (F6-1), so no limit is ever sent."""
