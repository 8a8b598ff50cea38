"""Everything that passed any proxy, in one order: what was asked, about whom, what came of it, what was told."""

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from chaos.wire import Answer, Request

READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
API_SERVER: Final = "api-server"
"""The place that is no backend."""


@dataclass(slots=True)
class Entry:
    """One request. What is not known yet is None."""

    number: int
    """1, 2, 3 … in the order in which they came, whatever proxy they came to."""
    place: str
    """The API server, or a backend by its name."""
    request: Request
    subject: str = ""
    """The Project, or else the object, that it is about; "" where it is about several or none."""
    begun: float = field(default_factory=time.monotonic)
    passed_on: int = 0
    """How often the server was asked."""
    status: int | None = None
    """What the server answered."""
    answered_at: int | None = None
    """When the server's first answer was in the proxy: after so many requests of all."""
    effects: int = 0
    """How often the server did as it was asked: more than once where it was asked more than once."""
    document: object = None
    """The JSON of the server's answer to a write."""
    told: int | None = None
    """What the operator was told whole."""
    fault: str = ""
    """The rule that struck it."""
    spoilt: bool = False
    """Whether something has befallen it. A rule may strike what a fault then lets pass: an answer of a cache that is
    not old yet, a stream of which no line was kept back.
    """
    instead: tuple[Answer, Answer] | None = None
    """What the server answered and what the operator was told, where both are whole and differ."""

    @property
    def writes(self) -> bool:
        """Whether it asks for a change."""
        return self.request.method not in READS

    @property
    def took_effect(self) -> bool:
        """Whether the server did as it was asked."""
        return self.status is not None and self.status < 400

    def __str__(self) -> str:
        met = f" [{self.fault}]" if self.fault else ""
        return (
            f"{self.number:5} {self.place:10} {self.request.method:6} {self.request.target[:110]} {self.subject}: "
            f"{self.status} told {self.told}{met}"
        )


class Journal:
    """Shared by the proxies of one stage."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._numbers: Iterator[int] = itertools.count(1)
        self.now = 0
        """Number of the latest request."""

    def begin(self, place: str, request: Request, subject: str) -> Entry:
        """A request has come."""
        self.now = next(self._numbers)
        entry = Entry(self.now, place, request, subject)
        self._entries.append(entry)
        return entry

    def answered(self, entry: Entry, answer: Answer) -> None:
        """The server has answered it. Asked twice, it counts what it has done."""
        entry.effects += answer.status < 400
        if entry.took_effect:
            return
        entry.status = answer.status
        entry.answered_at = self.now
        if entry.writes:
            entry.document = answer.document

    def entries(self, *, after: int = 0) -> list[Entry]:
        """What has come since number ``after``, in that order."""
        return [entry for entry in self._entries[:] if entry.number > after]
