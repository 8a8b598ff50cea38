"""Where a vendor keeps the mark."""

from typing import Protocol

from project_operator.backends.base import Tag


class MarkPlace(Protocol):
    """Where the mark is kept, and with it how tags and description go over the wire."""

    def read(self, description: str | None, tags: tuple[str, ...]) -> tuple[str | None, tuple[Tag, ...], str]:
        """Description and tags without the mark, and the mark ("" for none)."""

    def write(self, description: str | None, tags: tuple[Tag, ...], mark: str) -> tuple[str | None, tuple[str, ...]]:
        """The same the other way round."""
