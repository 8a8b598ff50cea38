"""When an observer believes that something is gone."""

import asyncio

import pytest
from observing import INTERVAL, Stage, key, now, running, told

from project_operator.errors import PermissionDenied
from project_operator.reconcile.actions import Poll
from project_operator.reconcile.evidence import NEVER


def test_a_not_found_is_told_as_such() -> None:
    async def story(stage: Stage) -> None:
        async with running(stage):
            await asyncio.sleep(5.0)
            stage.observer.want(key("web"), Poll("p9", now(), 0.0))
            await asyncio.sleep(1.0)
        assert stage.audience.reads == [("p9", None)]

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
