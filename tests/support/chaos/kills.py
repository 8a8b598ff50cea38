"""SIGKILL at the n-th write of every operation, each with the three ways in which a write can stand at that moment.

One kill covers a crowd: each Project of it is held at another write of its own when the operator dies. The next crowd
begins while the former one still recovers.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from chaos.evidence import Wish
from chaos.faults import Passage, pass_on
from chaos.journal import API_SERVER
from chaos.reference import BACKEND_WRITE, Reference, prepare
from chaos.rules import Rule, writes_about
from chaos.stage import Stage
from chaos.tally import Tried


class Standing(StrEnum):
    """How a write stands when the operator dies."""

    UNSENT = "never arrives"
    """Held before the server, and dropped: the same as a death between the former write and this one."""
    UNANSWERED = "took effect, unanswered"
    """Done by the server; the answer was held."""
    LATE = "arrives after the death"
    """Held before the server, and let through when the successor is at work, just within ``inFlightBound``."""


STANDINGS: Final = tuple(Standing)
LATE: Final = 0.75
"""The part of ``inFlightBound`` after which a held request arrives: the rest is for a busy machine."""
AT_THE_API_SERVER: Final = 15.0
"""Seconds in which a crowd is held there, half of what its client waits for an answer."""
CROWD: Final = 60
"""Points of one kill, at first: so many stand at their writes before the first of them can be held no longer."""
SMALLEST: Final = 10
_PATIENCE: Final = 20.0
"""Seconds in which the first of a crowd is held."""


@dataclass(slots=True)
class Hold:
    """A fault that holds a request, or its answer, until the operator is dead."""

    standing: Standing
    late: float
    """Seconds after which a late request arrives, from when it was sent."""
    held: bool = False
    """Whether a request stands here, and somebody waits for it."""
    killed: bool = False

    async def __call__(self, passage: Passage) -> None:
        loop = asyncio.get_running_loop()
        sent = loop.time()
        if self.standing is Standing.UNANSWERED:
            await passage.ask()
        self.held = True
        await passage.gone.wait()
        if not self.killed:
            # The client has lost patience before the crowd was complete: this one shows nothing.
            self.held = False
        elif self.standing is Standing.LATE:
            await asyncio.sleep(max(0.0, sent + self.late - loop.time()))
            await pass_on(passage)


@dataclass(frozen=True, slots=True)
class Point:
    """A write at which an operation is cut: the ``nth`` of it, which goes ``to`` the API server or the backend."""

    place: str
    operation: str
    nth: int
    standing: Standing
    target: str
    """What is written, in a few words."""


@dataclass(slots=True)
class Cut:
    """A point that is tried on one Project."""

    point: Point
    wish: Wish
    hold: Hold
    rule: Rule

    def tried(self, run: str) -> Tried:
        """The point, as it is counted."""
        point = self.point
        what = f"killed, the write {point.standing}"
        return Tried(run, "kill", what, point.target, point.operation, point.place, point.nth, self.wish.name)


def points(reference: Reference) -> list[Point]:
    """Every write of every operation, in every standing."""
    return [
        Point(place, operation, nth, standing, words)
        for (place, operation), writes in reference.writes.items()
        for nth, words in enumerate(writes, 1)
        for standing in STANDINGS
    ]


def cut_all(
    stage: Stage, chosen: Sequence[Point], *, first_number: int, most: int, progress: Callable[[str], None]
) -> list[Cut]:
    """Kill the operator, at most so many times, until every point has come about. A busy machine misses some each time:
    crowds get smaller then.
    """
    left, size = list(chosen), CROWD
    made: list[Cut] = []
    while left and most:
        most -= 1
        # Of every backend and operation a few, so that none is busier than the others.
        crowd = left[:: -(-len(left) // size)]
        made += cut(stage, crowd, first_number=first_number + len(made), progress=progress)
        struck = {one.point for one in made if one.hold.held}
        missed = sum(point not in struck for point in crowd)
        if missed > len(crowd) / 2:
            size = max(size // 2, SMALLEST)
        left = [point for point in left if point not in struck]
    return made


def cut(stage: Stage, chosen: Sequence[Point], *, first_number: int, progress: Callable[[str], None]) -> list[Cut]:
    """Bring every point about, kill the operator there, and start the next one. What was held then has come about."""
    numbers = iter(range(first_number, first_number + len(chosen)))
    cuts = []
    for point in chosen:
        wish = stage.wish(point.place, point.operation, next(numbers))
        hold = Hold(point.standing, late=LATE * stage.bounds.in_flight)
        cuts.append(Cut(point, wish, hold, Rule(f"held: {point.standing}", writes_about(wish.name), hold, point.nth)))
    prepare(stage, [one.wish for one in cuts])
    for one in cuts:
        stage.proxies[API_SERVER].rules.add(one.rule)
        stage.proxies[one.point.place].rules.add(one.rule)
    # Those held at the API server have its client's patience, which is longer than a backend's: they come first.
    patient = [one for one in cuts if not one.point.target.endswith(BACKEND_WRITE)]
    brief = [one for one in cuts if one not in patient]
    for wave, patience in ((patient, AT_THE_API_SERVER), (brief, 0.8 * stage.bounds.timeout)):
        stage.begin([one.wish for one in wave])
        wait_held([one.hold for one in wave], patience)
    for one in cuts:
        one.hold.killed = True
    stage.kill_operator()
    progress(f"killed at {sum(one.hold.held for one in cuts)} of {len(cuts)} points")
    stage.start_operator()
    # The rules have counted what they were to count. What is held late arrives all the same.
    for name in (API_SERVER, *stage.sites):
        stage.proxies[name].rules.clear()
    return cuts


def wait_held(holds: Sequence[Hold], patience: float) -> None:
    """Return when all are held, or when the first of them can be held no longer."""
    begun = time.monotonic()
    first = None
    while not all(hold.held for hold in holds):
        now = time.monotonic()
        if first is None and any(hold.held for hold in holds):
            first = now
        if now - begun > _PATIENCE or (first is not None and now - first > patience):
            return
        time.sleep(0.05)
