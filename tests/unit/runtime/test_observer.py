import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from random import Random
from typing import cast

import pytest
from simulation.backend import Fault, SimulatedBackend
from simulation.loop import run_virtually
from simulation.views import mark_of
from simulation.world import SimulatedClock

from project_operator.backends.base import ProjectContent, RemoteProject
from project_operator.errors import BackendError, BackendUnavailable, BreakerOpen, PermissionDenied, Throttled
from project_operator.reconcile.actions import Poll
from project_operator.reconcile.credibility import Census, Judgement
from project_operator.reconcile.evidence import NEVER
from project_operator.runtime.keys import Key
from project_operator.runtime.observer import Observer

INTERVAL = 60.0


class Audience:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.named: frozenset[str] = frozenset()
        self.expected: frozenset[str] = frozenset()
        self.confirmed_gone: frozenset[str] = frozenset()
        self.noted: list[tuple[str, RemoteProject | None]] = []
        self.reads: list[tuple[str, RemoteProject | None]] = []
        self.woken: list[str] = []
        self.holders: list[str] = []
        self.owners: list[str] = []
        self.errors: list[BackendError] = []
        self.judgements: list[Judgement] = []

    def census(self) -> Census:
        return Census(named=self.named, expected=self.expected, confirmed_gone=self.confirmed_gone)

    def has_read(self, key: Key, poll: Poll, project: RemoteProject | None, *, begun_at: float) -> None:
        assert begun_at <= now()
        self.reads.append((poll.project_id, project))
        assert key.name not in self.woken
        self.woken.append(key.name)

    def note_read(self, project_id: str, project: RemoteProject | None) -> None:
        self.noted.append((project_id, project))
        if project is None:
            self.confirmed_gone |= {project_id}

    def wake(self, key: Key) -> None:
        self.woken.append(key.name)

    def wake_holders(self, project_ids: Iterable[str]) -> None:
        self.holders += project_ids

    def wake_owners(self, marks: Iterable[str]) -> None:
        self.owners += marks

    def failed(self, error: BackendError) -> None:
        self.errors.append(error)

    def judged(self, judgement: Judgement) -> None:
        self.judgements.append(judgement)


class Hiding(SimulatedBackend):
    """Its listings lack something, which a read of its id shows or refuses."""

    hidden: frozenset[str] = frozenset()
    refused = False

    async def list_projects(self) -> tuple[RemoteProject, ...]:
        return tuple(one for one in await super().list_projects() if one.id not in self.hidden)

    async def get_project(self, project_id: str, *, group_ids: frozenset[str] = frozenset()) -> RemoteProject:
        project = await super().get_project(project_id, group_ids=group_ids)
        if self.refused:
            raise PermissionDenied("may not see it", operation="get_project")
        return project


class Stage:
    """An observer at work, before its first look."""

    def __init__(self) -> None:
        random = Random(3)  # noqa: S311 - a simulation wants to be repeated
        self.backend, self.audience = Hiding(random), Audience()
        self.observer = Observer(self.backend, self.audience, SimulatedClock(random), interval=INTERVAL)

    def calls(self) -> list[str]:
        return [name for name, _, _ in self.backend.calls]

    def make(self, count: int) -> list[str]:
        return [self.backend.make(ProjectContent("web")).id for _ in range(count)]


def now() -> float:
    return asyncio.get_running_loop().time()


def key(name: str) -> Key:
    return Key("projects", "ns", name, name)


@asynccontextmanager
async def running(stage: Stage) -> AsyncIterator[None]:
    task = asyncio.ensure_future(stage.observer.run())
    yield
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def told(story: Callable[[Stage], Awaitable[None]]) -> None:
    async def tell() -> None:
        await story(Stage())

    run_virtually(tell())


@pytest.mark.parametrize(("wishes", "calls"), [(3, ["get"] * 3), (4, ["get"] * 4), (5, ["list"]), (40, ["list"])])
def test_few_wishes_are_read_one_by_one_and_many_share_a_listing(wishes: int, calls: list[str]) -> None:
    async def story(stage: Stage) -> None:
        ids = stage.make(wishes)
        stage.audience.named = frozenset(ids)
        async with running(stage):
            await asyncio.sleep(5.0)
            before = len(stage.calls())
            for project_id in ids:
                stage.observer.want(key(project_id), Poll(project_id, now(), 0.5))
            await asyncio.sleep(5.0)
        assert stage.calls()[before:] == calls
        assert sorted(stage.audience.woken) == sorted(ids)
        assert sorted(one for one, _ in stage.audience.reads) == (sorted(ids) if "get" in calls else [])

    told(story)


@pytest.mark.parametrize(("seconds", "listings"), [(0.05, 40), (1.0, 3)])
def test_listings_that_somebody_always_waits_for_take_a_part_of_the_time_alone(seconds: float, listings: int) -> None:
    async def story(stage: Stage) -> None:
        stage.audience.named = frozenset(stage.make(9))
        take = stage.backend.list_projects

        async def slowly() -> tuple[RemoteProject, ...]:
            await asyncio.sleep(seconds)
            return await take()

        stage.backend.list_projects = slowly  # type: ignore[method-assign]  # as a backend with many projects would
        async with running(stage):
            await asyncio.sleep(5.0)
            before, ends_at = len(stage.calls()), now() + 10.0
            while (moment := now()) < ends_at:
                stage.observer.want(key(f"web-{moment}"), Poll("", moment, 0.0))
                await asyncio.sleep(0.01)
            taken = len(stage.calls()) - before
        assert listings * 0.8 <= taken <= listings + 1
        assert stage.audience.woken

    told(story)


def test_a_wish_for_a_listing_is_served_by_one() -> None:
    async def story(stage: Stage) -> None:
        async with running(stage):
            await asyncio.sleep(5.0)
            stage.observer.want(key("web"), Poll("", now(), 1.0))
            await asyncio.sleep(3.0)
        assert stage.calls().count("list") == 2
        assert stage.audience.woken == ["web"]

    told(story)


def test_a_listing_begun_before_the_wish_allows_is_no_evidence_for_it() -> None:
    async def story(stage: Stage) -> None:
        async with running(stage):
            await asyncio.sleep(5.0)
            stage.observer.want(key("web"), Poll("", now() + 30.0, 1.0))
            await asyncio.sleep(20.0)
            assert stage.audience.woken == []
            await asyncio.sleep(INTERVAL)
        assert stage.audience.woken == ["web"]

    told(story)


def test_a_wish_that_was_dropped_costs_nothing() -> None:
    async def story(stage: Stage) -> None:
        async with running(stage):
            await asyncio.sleep(5.0)
            before = len(stage.calls())
            stage.observer.want(key("web"), Poll("p1", now(), 2.0))
            stage.observer.drop(key("web"))
            await asyncio.sleep(5.0)
        assert len(stage.calls()) == before

    told(story)


def test_a_not_found_is_told_as_such() -> None:
    async def story(stage: Stage) -> None:
        async with running(stage):
            await asyncio.sleep(5.0)
            stage.observer.want(key("web"), Poll("p9", now(), 0.0))
            await asyncio.sleep(1.0)
        assert stage.audience.reads == [("p9", None)]

    told(story)


@pytest.mark.parametrize(
    ("error", "silent_for"), [(BackendUnavailable("away"), 0.5), (Throttled("slower", retry_after=25.0), 24.9)]
)
def test_a_failed_listing_is_no_listing_and_is_tried_again_later(error: BackendError, silent_for: float) -> None:
    async def story(stage: Stage) -> None:
        stage.backend.faults.append(Fault("list", error=error))
        async with running(stage):
            await asyncio.sleep(silent_for)
            assert stage.audience.errors == [error]
            assert (stage.observer.listing, stage.audience.judgements) == (None, [])
            assert stage.calls() == ["list"]
            await asyncio.sleep(30.0)
        assert stage.observer.listing is not None

    told(story)


def test_a_failed_read_keeps_the_wish() -> None:
    async def story(stage: Stage) -> None:
        (project_id,) = stage.make(1)
        async with running(stage):
            await asyncio.sleep(5.0)
            stage.backend.faults.append(Fault("get", error=BackendUnavailable("away")))
            stage.observer.want(key("web"), Poll(project_id, now(), 0.0))
            await asyncio.sleep(20.0)
        assert len(stage.audience.errors) == 1
        assert stage.audience.woken == ["web"]

    told(story)


def test_too_much_vanishing_at_once_is_judged_suspicious_and_not_credible() -> None:
    async def story(stage: Stage) -> None:
        stage.audience.named = frozenset(f"gone-{number}" for number in range(10))
        async with running(stage):
            await asyncio.sleep(5.0)
        (judgement,) = stage.audience.judgements
        assert (judgement.suspicious, judgement.credible) == (10, False)
        assert stage.observer.listing is not None
        assert not stage.observer.listing.credible

    told(story)


def test_an_empty_answer_without_the_right_to_read_is_not_credible() -> None:
    async def story(stage: Stage) -> None:
        stage.backend.readable = False
        async with running(stage):
            await asyncio.sleep(5.0)
        assert [type(error) for error in stage.audience.errors] == [PermissionDenied]
        assert stage.observer.listing is not None
        assert not stage.observer.listing.credible
        assert stage.observer.read_verified_at == NEVER

    told(story)


def test_a_known_project_in_the_listing_proves_the_right_to_read() -> None:
    async def story(stage: Stage) -> None:
        stage.audience.named = frozenset(stage.make(1))
        async with running(stage):
            await asyncio.sleep(5.0)
        assert stage.calls() == ["list"]
        assert stage.observer.read_verified_at > NEVER

    told(story)


def test_holders_are_woken_when_theirs_looks_different_and_owners_when_nobody_names_it() -> None:
    async def story(stage: Stage) -> None:
        same, changed, unknown = stage.make(3)
        stage.backend.make(ProjectContent("web", mark=mark_of()))
        stage.audience.named = frozenset({same, changed, unknown})
        await asyncio.sleep(2.0)
        for project_id in (same, changed):
            stage.observer.settled_on(project_id, stage.backend.truth[project_id])
        stage.backend.edit(changed, description="somebody's")
        async with running(stage):
            await asyncio.sleep(5.0)
        assert sorted(stage.audience.holders) == [changed, unknown]
        assert stage.audience.owners == [mark_of()]

    told(story)


def test_what_nobody_names_any_more_is_forgotten() -> None:
    async def story(stage: Stage) -> None:
        kept, left = stage.make(2)
        stage.audience.named = frozenset({kept, left})
        await asyncio.sleep(2.0)
        for project_id in (kept, left):
            stage.observer.settled_on(project_id, stage.backend.truth[project_id])
        async with running(stage):
            await asyncio.sleep(5.0)
            assert stage.audience.holders == []
            stage.audience.named = frozenset({kept})
            await asyncio.sleep(2 * INTERVAL)
            stage.audience.named = frozenset({kept, left})
            await asyncio.sleep(2 * INTERVAL)
        assert set(stage.audience.holders) == {left}, "named anew, it is looked at anew"

    told(story)


def test_one_listing_an_interval_is_all_that_a_settled_backend_is_asked() -> None:
    async def story(stage: Stage) -> None:
        stage.audience.named = frozenset(stage.make(100))
        async with running(stage):
            await asyncio.sleep(10 * INTERVAL)
        assert set(stage.calls()) == {"list"}
        assert 9 <= len(stage.calls()) <= 12

    told(story)


def test_what_nobody_looks_for_is_looked_for_when_it_is_missed_a_second_time() -> None:
    async def story(stage: Stage) -> None:
        (shown,) = stage.make(1)
        stage.audience.named = frozenset({shown, "gone"})
        async with running(stage):
            await asyncio.sleep(5.0)
            assert stage.calls() == ["list"], "its own Project may do so"
            await asyncio.sleep(INTERVAL * 1.2)
            assert stage.audience.noted == [("gone", None)]
            await asyncio.sleep(INTERVAL * 3)
        assert stage.calls().count("get") == 1
        assert stage.observer.listing is not None
        assert stage.observer.listing.credible
        assert stage.audience.judgements[1].credible is False

    told(story)


def test_what_is_missed_is_looked_for_a_few_at_a_time_and_never_where_it_is_suspicious() -> None:
    async def story(stage: Stage) -> None:
        lost = frozenset(f"gone-{number}" for number in range(10))
        stage.audience.named = lost
        async with running(stage):
            await asyncio.sleep(INTERVAL * 3)
            assert "get" not in stage.calls()
            stage.audience.expected = lost
            before = len(stage.calls())
            await asyncio.sleep(INTERVAL * 6)
        since = stage.calls()[before:]
        looks = "".join("g" if name == "get" else "l" for name in since if name in {"get", "list"}).split("l")
        assert max(map(len, looks)) == 4
        assert sorted(one for one, _ in stage.audience.noted) == sorted(lost)

    told(story)


@pytest.mark.parametrize("refused", [False, True])
def test_what_is_missed_and_not_found_gone_stays_in_doubt(*, refused: bool) -> None:
    async def story(stage: Stage) -> None:
        (hidden,) = stage.make(1)
        stage.audience.named = stage.backend.hidden = frozenset({hidden})
        stage.backend.refused = refused
        async with running(stage):
            await asyncio.sleep(INTERVAL * 4)
            assert stage.observer.listing is not None
            assert (stage.observer.listing.in_doubt, stage.observer.listing.credible) == ((hidden,), False)
            assert (len(stage.audience.errors) > 0) is refused
            stage.audience.confirmed_gone = frozenset({hidden})
            await asyncio.sleep(INTERVAL * 2)
            assert (stage.observer.listing.in_doubt, stage.observer.listing.credible) == ((), True)

    told(story)


def test_a_defect_in_a_look_holds_the_observer_up_and_does_not_end_it() -> None:
    async def story(stage: Stage) -> None:
        stage.backend.faults += [Fault("list", error=cast("BackendError", RuntimeError("a defect")))] * 2
        async with running(stage):
            await asyncio.sleep(29.0)
            assert stage.calls() == ["list"]
            assert stage.audience.errors == [], "a defect of ours says nothing about the backend"
            await asyncio.sleep(60.0)
        assert stage.calls().count("list") == 3
        assert len(stage.audience.judgements) == 1

    told(story)


def test_after_an_outage_it_looks_at_once_and_not_when_its_backoff_is_over() -> None:
    async def story(stage: Stage) -> None:
        (project_id,) = stage.make(1)
        stage.audience.named = frozenset({project_id})
        async with running(stage):
            await asyncio.sleep(5.0)
            stage.backend.silent_for = 1.0
            stage.observer.want(key(project_id), Poll(project_id, now(), 0.5))
            # Eight failures in a row: the next look would be 15 to 30 s away.
            await asyncio.sleep(100.0)
            stage.backend.silent_for = None
            await asyncio.sleep(1.0)
            stage.observer.resume()
            await asyncio.sleep(1.0)
            assert stage.audience.woken == [project_id]

    told(story)


def test_what_is_wanted_later_is_not_looked_at_before_when_an_outage_is_over() -> None:
    async def story(stage: Stage) -> None:
        (project_id,) = stage.make(1)
        stage.audience.named = frozenset({project_id})
        async with running(stage):
            await asyncio.sleep(5.0)
            stage.observer.want(key(project_id), Poll(project_id, now() + 20.0, 20.5))
            stage.observer.resume()
            await asyncio.sleep(20.0)
            assert stage.audience.woken == []
            await asyncio.sleep(1.0)
            assert stage.audience.woken == [project_id]

    told(story)


def test_a_read_that_the_breaker_stopped_is_no_failure_and_comes_when_it_may() -> None:
    async def story(stage: Stage) -> None:
        stage.backend.faults.append(Fault("list", error=BreakerOpen("not asked", retry_after=40.0)))
        async with running(stage):
            await asyncio.sleep(39.0)
            assert stage.calls() == ["list"]
            await asyncio.sleep(2.0)
            assert stage.calls()[:2] == ["list", "list"]
        assert stage.audience.errors == []

    told(story)
