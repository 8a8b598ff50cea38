"""Faults of what all Projects share: listings of backends, listings and streams of the API server.

Every operation is under way on every backend meanwhile, and of the creations the answer is lost: what became of them
only a listing can tell.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from waiting import wait_until

from chaos import faults
from chaos.evidence import CREATE, OPERATIONS, Wish
from chaos.faults import Fault
from chaos.journal import API_SERVER, Entry
from chaos.reference import BACKEND, prepare
from chaos.rules import Match, Rule, asks
from chaos.stage import Stage
from chaos.tally import Tried

ALL: Final = 1_000_000
BEHIND: Final = 3.0
"""Seconds by which the streams of an operator that was given an old listing are late: time to act on it."""
LOST_WITHIN: Final = 60.0
"""Seconds in which all creations are sent."""
PROJECTS_PATH: Final = "/apis/identity.project-operator.dev/*/projects"


class Scope(StrEnum):
    """What meets a fault."""

    LISTINGS = "list"
    STREAMS = "stream"
    EVERYTHING = "all"
    """But streams."""


@dataclass(frozen=True, slots=True)
class SharedTrouble:
    """A fault that so many listings or streams in a row meet, or whatever is asked."""

    name: str
    where: str
    """The API server or the backend."""
    make: Callable[[], Fault]
    count: int = 3
    scope: Scope = Scope.LISTINGS
    dies: bool = False
    """Whether the operator dies with everything begun, and the next one meets it."""

    @property
    def what(self) -> str:
        """What it is called in a table."""
        return f"{self.scope}: {self.name}"


def _every(fault: Fault) -> Callable[[], Fault]:
    return lambda: fault


def _both(name: str, fault: Fault) -> list[SharedTrouble]:
    return [SharedTrouble(name, where, _every(fault)) for where in (BACKEND, API_SERVER)]


SHARED: Final[tuple[SharedTrouble, ...]] = (
    *_both("empty 200", faults.empty_list),
    *_both("drop the request", faults.drop),
    *_both("truncate the answer", faults.truncate),
    *_both("byte by byte", faults.trickle(2.0)),
    *_both("429 with Retry-After", faults.refuse(faults.throttled("1"))),
    *_both("500 HTML", faults.refuse(faults.html(500))),
    *_both("502 HTML", faults.refuse(faults.html(502))),
    *_both("503 with Retry-After", faults.refuse(faults.throttled("1", 503))),
    SharedTrouble("hang", BACKEND, _every(faults.hang)),
    SharedTrouble("hang", API_SERVER, _every(faults.hang), count=1),
    SharedTrouble("answers take a second", BACKEND, _every(faults.delay_answer(1.0)), ALL, Scope.EVERYTHING),
    SharedTrouble("answers take a second", API_SERVER, _every(faults.delay_answer(1.0)), ALL, Scope.EVERYTHING),
    SharedTrouble("older than before the restart", API_SERVER, faults.Stale, dies=True),
    SharedTrouble("401", BACKEND, _every(faults.refuse(faults.html(401)))),
    SharedTrouble("403", BACKEND, _every(faults.refuse(faults.html(403)))),
    SharedTrouble("404", BACKEND, _every(faults.refuse(faults.html(404)))),
    SharedTrouble("an old one", BACKEND, faults.Stale, count=1),
    SharedTrouble("401", API_SERVER, _every(faults.refuse(faults.refusal(401, "Unauthorized")))),
    SharedTrouble("403", API_SERVER, _every(faults.refuse(faults.refusal(403, "Forbidden")))),
    SharedTrouble("404", API_SERVER, _every(faults.refuse(faults.refusal(404, "NotFound")))),
    SharedTrouble("410 Gone", API_SERVER, _every(faults.refuse(faults.refusal(410, "Expired")))),
    SharedTrouble("an old one", API_SERVER, faults.Stale),
    SharedTrouble("drop the request", API_SERVER, _every(faults.drop), scope=Scope.STREAMS),
    SharedTrouble("410 Gone in it", API_SERVER, lambda: faults.expire(3), scope=Scope.STREAMS),
    SharedTrouble("skips events", API_SERVER, lambda: faults.skip_lines(2, 5, 9, 14), scope=Scope.STREAMS),
    SharedTrouble("falls silent", API_SERVER, lambda: faults.fall_silent(5), count=1, scope=Scope.STREAMS),
)


def happen(stage: Stage, trouble: SharedTrouble, *, number: int) -> list[Wish]:
    """Let it happen while users do everything once on every backend, with an operator that has just been started where
    it is the API server that has trouble.
    """
    wishes = [stage.wish(site, operation, number) for site in stage.sites for operation in OPERATIONS]
    prepare(stage, wishes)
    lost = []
    for wish in wishes:
        if wish.operation == CREATE:
            creation = asks("POST", stage.servers[wish.place].listing, subject=wish.name)
            lost.append(Rule("lost", creation, faults.lose))
            stage.proxies[wish.place].rules.add(lost[-1])
    if trouble.where == API_SERVER:
        stage.kill_operator()
        stage.proxies[API_SERVER].rules.add(
            Rule(trouble.what, _met_at_the_api_server(trouble.scope), trouble.make(), count=trouble.count)
        )
        if not trouble.dies:
            stage.start_operator()
    else:
        for site in stage.sites:
            listings = trouble.scope is Scope.LISTINGS
            match = listing_of(stage.servers[site].listing) if listings else asks()
            stage.proxies[site].rules.add(Rule(trouble.what, match, trouble.make(), count=trouble.count))
    stage.begin(wishes)
    if trouble.dies:
        _die_with_everything_begun(stage, lost)
    return wishes


def _met_at_the_api_server(scope: Scope) -> Match:
    if scope is Scope.EVERYTHING:
        return asks(watch=False)
    return asks("GET", PROJECTS_PATH, watch=scope is Scope.STREAMS)


def _die_with_everything_begun(stage: Stage, lost: Sequence[Rule]) -> None:
    """The first operator lists what users have just written, does what it can, and dies when every creation has taken
    effect unheard; the second is given that listing once more: no finalizer in it, and no status.
    """
    stage.start_operator()
    wait_until(lambda: all(rule.hit for rule in lost), "every creation to be sent", within=LOST_WITHIN)
    stage.kill_operator()
    late = asks("GET", PROJECTS_PATH, watch=True)
    stage.proxies[API_SERVER].rules.add(Rule("streams are late", late, faults.delay(BEHIND), count=ALL))
    stage.start_operator()


def listing_of(path: str) -> Match:
    """Listings of a backend's projects."""
    matches = asks("GET", path)

    def match(entry: Entry) -> bool:
        return matches(entry) and not entry.subject

    return match


def tried(run: str, trouble: SharedTrouble, wishes: Sequence[Wish]) -> list[Tried]:
    """The points: every operation on every backend."""
    return [Tried(run, "shared", trouble.what, trouble.where, one.operation, one.place, 1, one.name) for one in wishes]
