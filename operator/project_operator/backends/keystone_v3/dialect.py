"""Where those who speak Keystone's protocol differ."""

from dataclasses import dataclass
from typing import Protocol

from project_operator.backends.base import Tag


class MarkPlace(Protocol):
    """Where the mark is kept, and with it how tags and description go over the wire."""

    def read(self, description: str | None, tags: tuple[str, ...]) -> tuple[str | None, tuple[Tag, ...], str]:
        """Description and tags without the mark, and the mark ("" for none)."""

    def write(self, description: str | None, tags: tuple[Tag, ...], mark: str) -> tuple[str | None, tuple[str, ...]]:
        """The same the other way round."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the code of this package has to know of a vendor."""

    spec_path: str
    """Where in a backend object the vendor's member stands: ``spec.keystone``."""
    mark_place: MarkPlace
    page_limit: int
    """Items asked for in a page; why a limit is always named: docs/backends/keystone.md, K5-1."""
    deleted: frozenset[int]
    """Statuses that say that a deletion was done."""

    @property
    def url_field(self) -> str:
        """For messages."""
        return f"{self.spec_path}.url"

    @property
    def ca_field(self) -> str:
        """For messages."""
        return f"{self.spec_path}.caBundle"

    @property
    def domain_field(self) -> str:
        """For messages."""
        return f"{self.spec_path}.domain"
