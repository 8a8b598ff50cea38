"""What a look costs, and whom it wakes."""

import asyncio

import pytest
from observing import INTERVAL, Stage, key, now, running, told
from simulation.views import mark_of

from project_operator.backends.base import ProjectContent, RemoteProject
from project_operator.reconcile.actions import Poll


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
