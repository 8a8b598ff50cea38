"""Every fault, at the API server and at the backends, at the n-th answer of every operation.

The faults of one batch are tried side by side: each Project meets one of them, once, at another of its answers.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from chaos import faults
from chaos.evidence import Wish
from chaos.faults import Fault, Passage
from chaos.journal import API_SERVER
from chaos.reference import BACKEND, Reference, prepare
from chaos.rules import Rule, about, asks, but
from chaos.stage import Stage
from chaos.tally import Tried

MATRIX: Final = "fault"
LONG_AGO: Final = "Thu, 01 Jan 2026 00:00:00 GMT"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault that one request meets."""

    name: str
    where: str
    """The API server or the backend."""
    make: Callable[[], Fault]
    place: str = ""
    """The one backend that has it; "" for all."""
    spares: bool = False
    """Whether a creation is spared where the backend would make a second project of the name: no operator is told, and
    what it does then is another test's.
    """


def _fixed(fault: Fault) -> Callable[[], Fault]:
    return lambda: fault


def _both(name: str, fault: Fault) -> list[Trouble]:
    return [Trouble(name, where, _fixed(fault)) for where in (API_SERVER, BACKEND)]


LATER: Final = 6.0
"""Seconds, more than a backend's ``timeout`` and less than its ``inFlightBound``."""

TROUBLES: Final[tuple[Trouble, ...]] = (
    *_both("drop the request", faults.drop),
    *_both("reset before it arrives", faults.reset),
    *_both("commit, then lose the answer", faults.lose),
    *_both("commit, then reset", faults.lose_by_reset),
    *_both("truncate the answer", faults.truncate),
    *_both("the answer twice", faults.answer_twice),
    *_both("the answer late", faults.delay_answer(1.0)),
    *_both("the answer byte by byte", faults.trickle(1.5)),
    *_both("429 with Retry-After", faults.refuse(faults.throttled("1"))),
    *_both("429 without Retry-After", faults.refuse(faults.throttled())),
    *_both("500 HTML", faults.refuse(faults.html(500))),
    *_both("commit, then 502 HTML", faults.answer_otherwise(faults.html(502))),
    *_both("502 HTML", faults.refuse(faults.html(502))),
    *_both("503 with Retry-After", faults.refuse(faults.throttled("1", 503))),
    Trouble("the request twice", API_SERVER, _fixed(faults.ask_twice)),
    Trouble("401", API_SERVER, _fixed(faults.refuse(faults.refusal(401, "Unauthorized")))),
    Trouble("403", API_SERVER, _fixed(faults.refuse(faults.refusal(403, "Forbidden")))),
    Trouble("409", API_SERVER, _fixed(faults.refuse(faults.refusal(409, "Conflict")))),
    Trouble("410 Gone", API_SERVER, _fixed(faults.refuse(faults.refusal(410, "Expired")))),
    Trouble("the request twice", BACKEND, _fixed(faults.ask_twice), spares=True),
    Trouble("hang", BACKEND, _fixed(faults.hang)),
    Trouble("commit, then hang", BACKEND, _fixed(faults.hang_after)),
    Trouble("arrives when nobody waits", BACKEND, _fixed(faults.delay(LATER))),
    Trouble("429 with a date of the past", BACKEND, _fixed(faults.refuse(faults.throttled(LONG_AGO)))),
    Trouble("401", BACKEND, _fixed(faults.refuse(faults.html(401)))),
    Trouble("403", BACKEND, _fixed(faults.refuse(faults.html(403)))),
    Trouble("409", BACKEND, _fixed(faults.refuse(faults.html(409)))),
)
HANGS: Final = tuple(Trouble(name, API_SERVER, _fixed(fault)) for name, fault in {
    "hang": faults.hang,
    "commit, then hang": faults.hang_after,
}.items())  # fmt: skip
"""As long as the API server's client is patient: half a minute."""


@dataclass(slots=True)
class Trial:
    """A trouble that one Project meets."""

    trouble: Trouble
    wish: Wish
    rule: Rule

    def tried(self, run: str) -> Tried:
        """The point, as it is counted."""
        trouble, wish = self.trouble, self.wish
        return Tried(run, MATRIX, trouble.name, trouble.where, wish.operation, wish.place, self.rule.nth, wish.name)


def trials(stage: Stage, chosen: Sequence[Trouble], reference: Reference, *, first_number: int) -> list[Trial]:
    """Every trouble at every answer of every operation on every backend, each with a Project of its own."""
    made = []
    number = first_number
    for trouble in chosen:
        for (place, operation, where), count in reference.asked.items():
            if where != trouble.where or trouble.place not in {"", place}:
                continue
            for nth in range(1, count + 1):
                wish = stage.wish(place, operation, number)
                number += 1
                match = about(wish.name)
                if trouble.spares and not stage.servers[place].unique_names:
                    match = but(match, asks("POST", stage.servers[place].listing))
                made.append(Trial(trouble, wish, Rule(trouble.name, match, trouble.make(), nth)))
    return made


def intended(chosen: Sequence[Trouble], reference: Reference) -> Counter[tuple[str, str]]:
    """By fault, and where: how many points there are."""
    counts: Counter[tuple[str, str]] = Counter()
    for trouble in chosen:
        for (place, _, where), count in reference.asked.items():
            if where == trouble.where and trouble.place in {"", place}:
                counts[trouble.name, trouble.where] += count
    return counts


def meet(stage: Stage, batch: Sequence[Trial]) -> None:
    """Let all of them happen."""
    prepare(stage, [trial.wish for trial in batch])
    for trial in batch:
        where = API_SERVER if trial.trouble.where == API_SERVER else trial.wish.place
        stage.proxies[where].rules.add(trial.rule)
    stage.begin([trial.wish for trial in batch])


def ending_sessions(stage: Stage) -> list[Trouble]:
    """Every token of a backend ends just before a request arrives there; where the Secret held it, a user writes the
    next one there.
    """
    one_at_a_time = threading.Lock()

    def end(site: str, shown: set[str]) -> None:
        with one_at_a_time:
            if fresh := stage.servers[site].end_tokens(shown):
                stage.replace_credential(site, fresh)

    def ending(site: str) -> Fault:
        async def fault(passage: Passage) -> None:
            shown = {
                value
                for entry in stage.journal.entries()
                if entry.place == site
                for name, value in entry.request.headers
                if name.lower() == "x-auth-token"
            }
            await asyncio.to_thread(end, site, shown)
            await faults.pass_on(passage)

        return fault

    return [Trouble("the token ends", BACKEND, _fixed(ending(site)), site) for site in stage.sites]


def clear(stage: Stage) -> None:
    """Let everything pass again."""
    for proxy in stage.proxies.values():
        proxy.rules.clear()
