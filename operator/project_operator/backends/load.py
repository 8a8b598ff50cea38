"""How much a backend is asked to bear: what a kind of backend bears by default, and what its object says instead."""

from dataclasses import dataclass
from typing import Self

from project_operator.api.v1alpha1.backend_parts import RateLimit


@dataclass(frozen=True, slots=True)
class Load:
    """The bounds of one connection."""

    requests_per_second: int = 100
    """On average."""
    burst: int = 100
    """Requests that may come at once after a quiet time."""
    max_in_flight: int = 16
    """Requests under way at one time."""

    def limited(self, limit: RateLimit) -> Self:
        """These bounds, with those that ``limit`` names instead."""
        return type(self)(
            self.requests_per_second if limit.requests_per_second is None else limit.requests_per_second,
            self.burst if limit.burst is None else limit.burst,
            self.max_in_flight if limit.max_in_flight is None else limit.max_in_flight,
        )
