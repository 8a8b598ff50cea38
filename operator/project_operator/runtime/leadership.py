"""Who is in charge of what: the port between the workers and whatever decides it.

The unit of leadership is a backend object, by its uid: one process at a time talks to its backend, with one credential,
and writes about its Projects. Projects whose backend object does not exist are a unit of their own, `NOBODYS`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from project_operator.errors import NotLeading
from project_operator.runtime.clock import Clock

NOBODYS: Final = ""
"""The unit of Projects without a backend object."""


@dataclass(frozen=True, slots=True)
class Term:
    """An unbroken time in charge of one unit. What a process knew and was about to do in another term is void (R5)."""

    number: int
    """Never the same twice in a process; from 1 on."""
    since: float
    """Monotonic seconds."""


class Leadership(Protocol):
    """Who is in charge, as far as this process is concerned. Answers at once, by the clock."""

    def term(self, unit: str) -> Term | None:
        """The present term; None where another process is in charge, or may be."""

    def standing(self) -> tuple[int, int]:
        """Of how many units this process is in charge, and how many replicas it sees, itself included."""


class Crew(Protocol):
    """The workers, as they are led."""

    def units(self) -> Iterable[tuple[str, str]]:
        """Every unit there is, with a name for people; `NOBODYS` is among them."""

    def leadership_changed(self, unit: str) -> None:
        """A term of ``unit`` began or ended."""

    async def wind_down(self, unit: str, grace: float) -> None:
        """Return when nothing of ``unit`` is under way any more: what has begun is given ``grace`` seconds, then it is
        cut off. Nothing new begins, since the term is over.
        """


class Alone:
    """Implements `Leadership` for the only process there is."""

    def __init__(self, clock: Clock) -> None:
        self._term = Term(1, clock.now())

    def term(self, unit: str) -> Term:  # noqa: ARG002 - of all
        """See `Leadership.term`: always, from the beginning."""
        return self._term

    def standing(self) -> tuple[int, int]:
        """See `Leadership.standing`; what this process does not share it does not count."""
        return 0, 0


def make_sure(leadership: Leadership, unit: str, term: Term) -> None:
    """The last thing before the bytes of a request to a backend leave.

    Raises:
        NotLeading: ``term`` is over, or may be.
    """
    if leadership.term(unit) != term:
        raise NotLeading("another process may be in charge of this backend by now; nothing was sent")
