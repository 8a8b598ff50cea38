"""What passes from a watch to the sink, and what is kept count of on the way."""

import asyncio
from typing import Any

import pytest
from watching import Sink

from project_operator.handlers.feed import Feed, key_of
from project_operator.kube.resources import PROJECTS


def raw(name: str) -> dict[str, Any]:
    return {"metadata": {"namespace": "team-a", "name": name, "uid": f"u-{name}", "managedFields": [{"manager": "x"}]}}


def keys(*names: str) -> set[tuple[str, str, str]]:
    return {key_of(raw(name)) for name in names}


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def feed(sink: Sink) -> Feed:
    return Feed(PROJECTS, sink)


async def is_met(feed: Feed) -> bool:
    waiting = asyncio.create_task(feed.met())
    await asyncio.sleep(0)
    done = waiting.done()
    waiting.cancel()
    return done


async def test_managed_fields_are_left_out(feed: Feed, sink: Sink) -> None:
    feed.observe("ADDED", raw("alpha"))

    assert sink.events == [("projects", "ADDED", "alpha")]
    assert sink.raw == [{"metadata": {"namespace": "team-a", "name": "alpha", "uid": "u-alpha"}}]


async def test_expectations_are_met_one_by_one(feed: Feed) -> None:
    feed.expect(keys("alpha", "beta"))
    feed.observe(None, raw("alpha"))
    feed.observe("MODIFIED", raw("alpha"))
    assert not await is_met(feed)
    assert feed.missing == 1

    feed.observe(None, raw("beta"))
    assert await is_met(feed)


async def test_to_expect_nothing_is_to_be_met(feed: Feed) -> None:
    feed.expect(keys("alpha"))
    feed.expect(set())

    assert await is_met(feed)


async def test_another_object_of_the_same_name_does_not_meet_it(feed: Feed) -> None:
    feed.expect(keys("alpha"))
    other = raw("alpha")
    other["metadata"]["uid"] = "u-2"
    feed.observe(None, other)

    assert not await is_met(feed)


async def test_what_is_gone_is_expected_no_longer(feed: Feed) -> None:
    feed.expect(keys("alpha", "beta"))
    feed.forgo(keys("beta", "gamma"))
    assert feed.missing == 1

    feed.forgo(set())
    assert await is_met(feed)


async def test_what_is_observed_meanwhile_is_recorded(feed: Feed) -> None:
    feed.observe(None, raw("before"))
    with feed.recording() as seen:
        feed.observe("ADDED", raw("alpha"))
        feed.observe("DELETED", raw("beta"))
    feed.observe(None, raw("after"))

    assert seen == keys("alpha", "beta")


async def test_no_failure_of_the_sink_gets_out(
    feed: Feed, sink: Sink, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a defect")

    for method in ("observe", "sweep", "behind", "definition_gone"):
        monkeypatch.setattr(sink, method, fail)
    feed.expect(keys("alpha"))

    feed.observe(None, raw("alpha"))
    feed.sweep(set())
    assert feed.behind({("team-a", "alpha", "u-alpha"): 1}) == set()
    feed.definition_gone()

    assert await is_met(feed)
    assert [record.levelname for record in caplog.records] == ["ERROR"] * 4
