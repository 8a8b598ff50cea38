"""A request that is computed and sent nowhere yet: a plan shows the very request that a call then sends."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from project_operator.backends.base import PlannedCall

Asked = TypeVar("Asked")


@dataclass(frozen=True, slots=True)
class Request(Generic[Asked]):
    """One request, without what every request has."""

    asked: Asked
    """What was asked, as far as it decides what an answer means."""
    method: str
    target: str
    """Path and query, beginning with a slash."""
    summary: str = ""
    """What it would do, for people."""
    body: bytes | None = field(default=None, repr=False)

    def planned(self) -> PlannedCall:
        """As a plan shows it."""
        return PlannedCall(self.method, self.target, self.summary)
