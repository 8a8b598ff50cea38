"""The mark in the description, for those who speak Keystone's protocol and have no tags."""

from project_operator.backends import marked_description
from project_operator.backends.base import Tag


class MarkInDescription:
    """A `MarkPlace`: the mark is a word at the end of the description. There are no tags."""

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
        tags: tuple[Tag, ...],  # noqa: ARG002 - likewise
        mark: str,
    ) -> tuple[str | None, tuple[str, ...]]:
        """See `MarkPlace.write`."""
        return marked_description.write(description, mark), ()
