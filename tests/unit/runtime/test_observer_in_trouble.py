"""What an observer does when looks fail, and when an outage is over."""

import asyncio
from typing import cast

import pytest
from observing import Stage, key, now, running, told
from simulation.backend import Fault

from project_operator.errors import BackendError, BackendUnavailable, BreakerOpen, Throttled
from project_operator.reconcile.actions import Poll


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
