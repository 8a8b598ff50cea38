"""An object as the API server has it, and what people call it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from project_operator.kube.resources import Resource

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stored:
    """One object of one kind."""

    resource: Resource
    raw: Raw
    """Its metadata at least."""

    @property
    def name(self) -> str:
        """As people call it: with its namespace, if it has one."""
        metadata = self.raw["metadata"]
        return "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))

    @property
    def uid(self) -> str:
        """Its uid."""
        return str(self.raw["metadata"]["uid"])
