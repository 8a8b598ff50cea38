"""What is queued: one object of one kind, told apart from an earlier one of the same name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self


class Place(NamedTuple):
    """Where an object is, whichever object that is at the time."""

    plural: str
    namespace: str
    """"" for kinds that are in none."""
    name: str


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """``plural`` is the kind's resource name, as in `kube.resources`."""

    plural: str
    namespace: str
    name: str
    uid: str

    @classmethod
    def of(cls, plural: str, raw: Mapping[str, Any]) -> Self:
        """The key of an object as the API server sends it."""
        metadata = raw["metadata"]
        return cls(plural, metadata.get("namespace", ""), metadata["name"], metadata["uid"])

    @property
    def place(self) -> Place:
        """Without the uid."""
        return Place(self.plural, self.namespace, self.name)

    def __str__(self) -> str:
        return f"{self.plural}/{self.namespace}/{self.name}"
