"""Each fault of what all Projects share is one: it tells the operator something else than the server's state, or not in
time, and to those who matter.
"""

import asyncio
from collections.abc import Callable
from itertools import count

import pytest
from chaos.evidence import CREATE, UPDATE, Wish
from chaos.faults import Fault
from chaos.journal import API_SERVER, Entry
from chaos.reference import BACKEND
from chaos.rules import Rule, RuleBook
from chaos.shared import SHARED, Begins, Happening, Scope, SharedTrouble, of_metadata, retold, rules_of
from chaos.wire import Answer, Request

from chaos import faults

OURS = (("accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json"),)
KOPFS = (("Accept", "*/*"),)
PROJECTS = "/apis/identity.project-operator.dev/v1alpha1/namespaces/web/projects"
LINES = 30


class Changing:
    """A server whose state is another one each time, and what of it the operator is told, and when."""

    def __init__(self, request: Request, version: int) -> None:
        self.request = request
        self.version = version
        self.gone = asyncio.Event()
        self.gone.set()
        self.heard: list[object] = []
        self.spoilt = True

    async def ask(self) -> Answer:
        return Answer.of(200, {"items": [self.version], "metadata": {"resourceVersion": str(self.version)}})

    async def tell(self, answer: Answer) -> None:
        self.heard.append(answer)

    async def say(self, data: bytes) -> None:
        self.heard.append(data)

    async def stream(self, passing: Callable[[bytes], bytes | None]) -> None:
        self.heard += [line for number in range(LINES) if (line := passing(str(number).encode())) is not None]

    def spare(self) -> None:
        self.spoilt = False

    def spoil(self) -> None:
        self.spoilt = True

    def close(self) -> None:
        self.heard.append("the end")

    def reset(self) -> None:
        self.heard.append("a reset")


async def struck(trouble: SharedTrouble, monkeypatch: pytest.MonkeyPatch) -> list[tuple[bool, bool]]:
    """Of each request in turn that the trouble strikes: whether the operator hears anything but the server's state at
    once, and whether that is what counts.
    """
    found = []
    fault = trouble.make()
    target = f"{PROJECTS}?watch=true" if trouble.scope is Scope.STREAMS else PROJECTS
    for version in range(1, 1 + min(trouble.count, 4)):
        spoilt, plain = (Changing(Request("GET", target), version) for _ in range(2))

        async def later(seconds: float, passage: Changing = spoilt) -> None:
            passage.heard.append(seconds)

        with monkeypatch.context() as patch:
            patch.setattr("chaos.faults.asyncio.sleep", later)
            await fault(spoilt)
        await faults.pass_on(plain)
        found.append((spoilt.heard != plain.heard, spoilt.spoilt))
    return found


async def test_every_fault_is_one_and_counts_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for trouble in SHARED:
        found = await struck(trouble, monkeypatch)
        assert any(differs for differs, _ in found), f"{trouble.what} ({trouble.where}) befalls nobody"
        assert all(differs == counts for differs, counts in found), f"{trouble.what} ({trouble.where}): {found}"
        # What is told again is the truth when it is told first.
        assert (trouble.begins is Begins.AFTERWARDS) is found[0][0], trouble.what


async def test_a_cache_that_is_asked_once_is_found_to_be_none(monkeypatch: pytest.MonkeyPatch) -> None:
    once = SharedTrouble("an old one", BACKEND, faults.Stale, count=1)
    assert await struck(once, monkeypatch) == [(False, False)]


async def test_a_cache_answers_each_in_the_form_that_it_asks_for() -> None:
    stale = faults.Stale()
    told = []
    for version, headers in enumerate([OURS, KOPFS, OURS, KOPFS], 1):
        passage = Changing(Request("GET", PROJECTS, headers), version)
        await stale(passage)
        told.append(passage.heard)
    assert told[0] == told[2] != told[1] == told[3]


async def test_a_cache_is_asked_for_so_long_and_no_longer() -> None:
    stale: Fault = faults.Stale(lasts=0.0)
    passages = [Changing(Request("GET", PROJECTS), version) for version in (1, 2)]
    for passage in passages:
        await stale(passage)
    assert [passage.heard for passage in passages] == [[await passage.ask()] for passage in passages]


def entry(number: int, request: Request) -> Entry:
    return Entry(number, API_SERVER, request)


def test_at_the_api_server_so_many_listings_of_ours_and_of_kopf_are_struck() -> None:
    """However often ours are listed, Kopf's own meet it too."""
    numbers = count(1)
    for trouble in (one for one in SHARED if one.where == API_SERVER and one.scope is Scope.LISTINGS):
        book = RuleBook()
        (rules,) = rules_of(trouble, {}).values()
        book.add(*rules)
        for headers, least in ((OURS, 1), (KOPFS, 0)):
            asked = [entry(next(numbers), Request("GET", PROJECTS, headers)) for _ in range(5)]
            met = [one for one in asked if book.strike(one) is not None]
            assert len(met) == min(trouble.count, len(asked)), trouble.what
            assert all(of_metadata(one) is bool(least) for one in met)
        assert book.strike(entry(next(numbers), Request("GET", f"{PROJECTS}?watch=true", KOPFS))) is None


def test_a_point_counts_where_the_fault_befell_what_its_operator_asks() -> None:
    trouble = next(one for one in SHARED if one.where == API_SERVER and one.begins is Begins.BEFORE)
    wishes = [Wish(f"web-{operation}", "nscale", operation, (), {}, {}, "Delete") for operation in (CREATE, UPDATE)]
    rules = rules_of(trouble, {})
    ours, kopfs = rules[API_SERVER]
    lost = Rule("lost", lambda _: True, faults.lose)
    happening = Happening(trouble, wishes, rules, {wishes[0].name: lost}, since=10)

    def counted() -> list[str]:
        return [one.subject for one in happening.tried("run")]

    for rule in (ours, kopfs):
        # The first operator's are what is told again; and what was struck but passed as it was is no fault.
        rule.struck.append(Entry(9, API_SERVER, Request("GET", PROJECTS), spoilt=True))
        rule.struck.append(Entry(11, API_SERVER, Request("GET", PROJECTS)))
    assert counted() == []
    ours.struck.append(Entry(12, API_SERVER, Request("GET", PROJECTS), spoilt=True))
    assert counted() == [], "Kopf's own was told as it was"
    kopfs.struck.append(Entry(13, API_SERVER, Request("GET", PROJECTS), spoilt=True))
    assert counted() == [wishes[1].name], "the answer to the creation was not lost"
    lost.struck.append(Entry(8, "nscale", Request("POST", "/"), spoilt=True))
    assert counted() == [one.name for one in wishes]


def test_a_backend_that_met_nothing_has_no_points() -> None:
    trouble = next(one for one in SHARED if one.where == BACKEND)
    rules = rules_of(trouble, {"nscale": "/projects", "csp": "/orgs"})
    wishes = [Wish(f"{place}-one", place, UPDATE, (), {}, {}, "Delete") for place in rules]
    rules["csp"][0].struck.append(Entry(1, "csp", Request("GET", "/orgs"), spoilt=True))
    assert [one.place for one in Happening(trouble, wishes, rules, {}).tried("run")] == ["csp"]


def test_the_journal_tells_which_listing_was_an_older_one() -> None:
    def listing(version: int) -> Answer:
        return Answer.of(200, {"items": [], "metadata": {"resourceVersion": str(version)}})

    entries = [
        Entry(1, API_SERVER, Request("GET", PROJECTS, OURS), instead=(listing(8), listing(3))),
        Entry(2, API_SERVER, Request("GET", PROJECTS, KOPFS), instead=(listing(9), listing(4))),
        Entry(3, API_SERVER, Request("GET", PROJECTS, KOPFS)),
    ]
    assert retold(entries, whole=True) == [(4, 9)]
    assert retold(entries, whole=False) == [(3, 8)]
