"""Faults of what all Projects share: listings of backends, listings and streams of the API server.

Every operation is under way on every backend meanwhile, and of the creations the answer is lost: what became of them
only a listing can tell.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from waiting import wait_until

from chaos import faults
from chaos.evidence import CREATE, OPERATIONS, Wish
from chaos.faults import Fault
from chaos.journal import API_SERVER, Entry
from chaos.reference import BACKEND, prepare
from chaos.rules import Match, Rule, asks, both, but
from chaos.stage import Stage
from chaos.tally import Tried
from chaos.wire import Answer

ALL: Final = 1_000_000
BEHIND: Final = 3.0
"""Seconds by which the streams of an operator that was given an old listing are late: time to act on it."""
LISTED_LATER: Final = 10.0
"""Seconds by which backend objects are listed later than the Projects that refer to them."""
LOST_WITHIN: Final = 60.0
"""Seconds in which all creations are sent."""
ASKED_WITHIN: Final = 30.0
"""Seconds in which everything is listed that is to be listed again."""
OLD_FOR: Final = 8.0
"""Seconds for which a backend's cache is asked: past the quarantine, what is old may show no absence that is none."""
PROJECTS_PATH: Final = "/apis/identity.project-operator.dev/*/projects"
BACKENDS_PATH: Final = "/apis/identity.project-operator.dev/*/identitybackends"


class Begins(StrEnum):
    """When users begin."""

    AFTERWARDS = "when the fault is in force"
    LISTED = "when everything was listed that is listed again"
    BEFORE = "before an operator that lists it all, sends every creation, and dies; the next one meets the fault"


class Scope(StrEnum):
    """What meets a fault."""

    LISTINGS = "list"
    BACKENDS = "list backend objects"
    STREAMS = "stream"
    EVERYTHING = "all"
    """But streams."""


@dataclass(frozen=True, slots=True)
class SharedTrouble:
    """A fault that so many listings or streams in a row meet, or whatever is asked. Of the API server's listings
    that is so many of ours, of metadata, and so many of Kopf's, of everything.
    """

    name: str
    where: str
    """The API server or the backend."""
    make: Callable[[], Fault]
    count: int = 3
    scope: Scope = Scope.LISTINGS
    begins: Begins = Begins.AFTERWARDS

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
    SharedTrouble("older than before the restart", API_SERVER, faults.Stale, ALL, begins=Begins.BEFORE),
    SharedTrouble("401", BACKEND, _every(faults.refuse(faults.html(401)))),
    SharedTrouble("403", BACKEND, _every(faults.refuse(faults.html(403)))),
    SharedTrouble("404", BACKEND, _every(faults.refuse(faults.html(404)))),
    SharedTrouble("an old one", BACKEND, lambda: faults.Stale(OLD_FOR), ALL, begins=Begins.LISTED),
    SharedTrouble("401", API_SERVER, _every(faults.refuse(faults.refusal(401, "Unauthorized")))),
    SharedTrouble("403", API_SERVER, _every(faults.refuse(faults.refusal(403, "Forbidden")))),
    SharedTrouble("404", API_SERVER, _every(faults.refuse(faults.refusal(404, "NotFound")))),
    SharedTrouble("410 Gone", API_SERVER, _every(faults.refuse(faults.refusal(410, "Expired")))),
    SharedTrouble("an old one", API_SERVER, faults.Stale, begins=Begins.LISTED),
    SharedTrouble("after the Projects", API_SERVER, _every(faults.delay(LISTED_LATER)), ALL, Scope.BACKENDS),
    SharedTrouble("drop the request", API_SERVER, _every(faults.drop), scope=Scope.STREAMS),
    SharedTrouble("410 Gone in it", API_SERVER, lambda: faults.expire(3), scope=Scope.STREAMS),
    SharedTrouble("skips events", API_SERVER, lambda: faults.skip_lines(2, 5, 9, 14), scope=Scope.STREAMS),
    SharedTrouble("falls silent", API_SERVER, lambda: faults.fall_silent(5), count=1, scope=Scope.STREAMS),
)


@dataclass(slots=True)
class Happening:
    """A trouble, and whom it befalls."""

    trouble: SharedTrouble
    wishes: Sequence[Wish]
    rules: Mapping[str, Sequence[Rule]]
    """By the proxy: all of one have to come about."""
    lost: Mapping[str, Rule]
    """By Project, what loses the answer to its creation."""
    since: int = 0
    """The latest request that the operator which is to meet it has not sent."""

    def befell(self, wish: Wish) -> bool:
        """Whether it came about where this Project's operator looks, and what it is to be found out by as well."""
        where = API_SERVER if self.trouble.where == API_SERVER else wish.place
        lost = self.lost.get(wish.name)
        return all(rule.came_about(self.since) for rule in self.rules[where]) and (lost is None or lost.came_about())

    def tried(self, run: str) -> list[Tried]:
        """The points: every operation on every backend that it befell."""
        what, where = self.trouble.what, self.trouble.where
        return [
            Tried(run, "shared", what, where, wish.operation, wish.place, 1, wish.name)
            for wish in self.wishes
            if self.befell(wish)
        ]


def happen(stage: Stage, trouble: SharedTrouble, *, number: int) -> Happening:
    """Let it happen while users do everything once on every backend, with an operator that has just been started where
    it is the API server that has trouble.
    """
    wishes = [stage.wish(site, operation, number) for site in stage.sites for operation in OPERATIONS]
    prepare(stage, wishes)
    lost = {}
    for wish in wishes:
        if wish.operation == CREATE:
            creation = asks("POST", stage.servers[wish.place].listing, subject=wish.name)
            lost[wish.name] = Rule("lost", creation, faults.lose)
            stage.proxies[wish.place].rules.add(lost[wish.name])
    if trouble.where == API_SERVER:
        stage.kill_operator()
    listings = {site: stage.servers[site].listing for site in stage.sites}
    happening = Happening(trouble, wishes, rules_of(trouble, listings), lost, stage.journal.now)
    for where, rules in happening.rules.items():
        stage.proxies[where].rules.add(*rules)
    match trouble.begins, trouble.where:
        case Begins.BEFORE, _:
            stage.begin(wishes)
            _die_with_everything_begun(stage, happening)
        case Begins.LISTED, _:
            _begin_when_listed(stage, happening)
        case _, where:
            if where == API_SERVER:
                stage.start_operator()
            stage.begin(wishes)
    return happening


def rules_of(trouble: SharedTrouble, listings: Mapping[str, str]) -> dict[str, list[Rule]]:
    """By the proxy that they are for; ``listings`` is where each backend lists its projects."""
    if trouble.where == API_SERVER:
        return {API_SERVER: [_rule(trouble, match) for match in _met_at_the_api_server(trouble.scope)]}
    if trouble.scope is Scope.LISTINGS:
        return {site: [_rule(trouble, listing_of(path))] for site, path in listings.items()}
    return {site: [_rule(trouble, asks())] for site in listings}


def _rule(trouble: SharedTrouble, match: Match) -> Rule:
    return Rule(trouble.what, match, trouble.make(), count=trouble.count)


def _met_at_the_api_server(scope: Scope) -> list[Match]:
    match scope:
        case Scope.EVERYTHING:
            return [asks(watch=False)]
        case Scope.STREAMS:
            return [asks("GET", PROJECTS_PATH, watch=True)]
        case Scope.BACKENDS:
            return [asks("GET", BACKENDS_PATH, watch=False)]
        case Scope.LISTINGS:
            # A start lists twice, and only what Kopf lists fills what the operator knows.
            listings = asks("GET", PROJECTS_PATH, watch=False)
            return [both(listings, of_metadata), but(listings, of_metadata)]


def of_metadata(entry: Entry) -> bool:
    """Whether objects are asked for without spec and status, as our own listings do."""
    return "PartialObjectMetadata" in entry.request.accept


def _begin_when_listed(stage: Stage, happening: Happening) -> None:
    """What is listed from now on is what was there before users began."""
    rules = [rule for rules in happening.rules.values() for rule in rules]
    at_the_api_server = happening.trouble.where == API_SERVER
    if at_the_api_server:
        stage.start_operator()
    wait_until(
        lambda: all(rule.struck and rule.struck[0].told for rule in rules),
        "everything to be listed",
        within=ASKED_WITHIN,
    )
    happening.since = stage.journal.now
    stage.begin(happening.wishes)
    if at_the_api_server:
        # Kopf lists but once.
        stage.kill_operator()
        for rule in rules:
            rule.count = rule.hit + happening.trouble.count
        happening.since = stage.journal.now
        stage.start_operator()


def _die_with_everything_begun(stage: Stage, happening: Happening) -> None:
    """The first operator lists what users have just written, does what it can, and dies when every creation has taken
    effect unheard; the second is given that listing again and again: no finalizer in it, and no status.
    """
    stage.start_operator()
    wait_until(
        lambda: all(rule.hit for rule in happening.lost.values()), "every creation to be sent", within=LOST_WITHIN
    )
    stage.kill_operator()
    late = asks("GET", PROJECTS_PATH, watch=True)
    stage.proxies[API_SERVER].rules.add(Rule("streams are late", late, faults.delay(BEHIND), count=ALL))
    happening.since = stage.journal.now
    stage.start_operator()


def listing_of(path: str) -> Match:
    """Listings of a backend's projects."""
    matches = asks("GET", path)

    def match(entry: Entry) -> bool:
        return matches(entry) and not entry.subject

    return match


def retold(entries: Iterable[Entry], *, whole: bool) -> list[tuple[int, int]]:
    """Of the API server's listings, Kopf's (``whole``) or ours, that the operator was told otherwise than they were:
    the resourceVersion of what it was told, and that of what the server answered.
    """
    return [
        (_version(told), _version(answered))
        for entry in entries
        if entry.place == API_SERVER and entry.instead is not None and of_metadata(entry) is not whole
        for answered, told in [entry.instead]
    ]


def _version(listing: Answer) -> int:
    return int(listing.document["metadata"]["resourceVersion"])
