"""Events are few, late, bounded, and never in the way."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from waiting import WITHIN

from project_operator.api.events import EventReason
from project_operator.errors import KubeConflict, KubeForbidden, KubeNotFound, KubeUnavailable
from project_operator.kube.events import EventWriter, Pace
from project_operator.kube.resources import EVENTS, Resource

ALPHA: dict[str, Any] = {
    "apiVersion": "identity.project-operator.dev/v1alpha1",
    "kind": "Project",
    "metadata": {"namespace": "team-a", "name": "alpha", "uid": "u-1"},
}
START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass
class Api:
    """Keeps Events as the API server would; can refuse."""

    created: list[dict[str, Any]] = field(default_factory=list)
    patched: list[dict[str, Any]] = field(default_factory=list)
    failure: Exception | None = None
    patch_failure: Exception | None = None

    async def create(self, resource: Resource, namespace: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        assert resource == EVENTS
        assert namespace == body["metadata"]["namespace"]
        if self.failure is not None:
            raise self.failure
        self.created.append(dict(body))
        return {**body, "metadata": {**body["metadata"], "uid": "e", "resourceVersion": "1"}}

    async def patch(
        self, resource: Resource, obj: Mapping[str, Any], changes: Mapping[str, Any], *, subresource: str = ""
    ) -> dict[str, Any]:
        assert (resource, subresource, obj["metadata"]["uid"]) == (EVENTS, "", "e")
        if self.patch_failure is not None:
            raise self.patch_failure
        self.patched.append({"name": obj["metadata"]["name"], **changes})
        return dict(obj)


class Time:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


@dataclass
class Bench:
    api: Api = field(default_factory=Api)
    time: Time = field(default_factory=Time)
    results: list[str] = field(default_factory=list)

    def writer(self, pace: Pace | None = None) -> EventWriter:
        return EventWriter(
            self.api,
            on_result=self.results.append,
            instance="pod-0",
            pace=pace or Pace(),
            clock=self.time.clock,
            now=self.time.now,
            sleep=self.time.sleep,
        )


@pytest.fixture
def bench() -> Bench:
    return Bench()


@asynccontextmanager
async def running(writer: EventWriter) -> AsyncIterator[None]:
    task = asyncio.create_task(writer.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not condition():  # noqa: ASYNC110 - any condition, not an event of ours
            await asyncio.sleep(0.001)


async def turns() -> None:
    """As many turns of the event loop as the writer needs for what it has; nothing here waits for anything real."""
    for _ in range(10):
        await asyncio.sleep(0)


async def write_all(writer: EventWriter, bench: Bench, results: int) -> None:
    async with running(writer):
        await until(lambda: len(bench.results) >= results)


def say(
    writer: EventWriter,
    note: str = "created p-1",
    reason: EventReason = EventReason.SUCCEEDED,
    obj: Mapping[str, Any] = ALPHA,
) -> None:
    writer.publish(obj, reason, "Create", note)


async def test_an_event_as_the_api_server_gets_it(bench: Bench) -> None:
    writer = bench.writer()
    say(writer)

    await write_all(writer, bench, 1)

    (event,) = bench.api.created
    assert event.pop("metadata") == {"name": f"alpha.{int(START.timestamp() * 1e6):x}.1", "namespace": "team-a"}
    assert event == {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "eventTime": "2026-11-22T12:00:00.000000Z",
        "reportingController": "identity.project-operator.dev/project-operator",
        "reportingInstance": "pod-0",
        "type": "Normal",
        "reason": "Succeeded",
        "action": "Create",
        "note": "created p-1",
        "regarding": {
            "apiVersion": "identity.project-operator.dev/v1alpha1",
            "kind": "Project",
            "namespace": "team-a",
            "name": "alpha",
            "uid": "u-1",
        },
    }
    assert bench.results == ["written"]


async def test_an_event_about_something_cluster_wide_is_in_default(bench: Bench) -> None:
    writer = bench.writer()
    say(writer, obj={"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-a", "uid": "u-2"}})

    await write_all(writer, bench, 1)

    assert bench.api.created[0]["metadata"]["namespace"] == "default"
    assert "namespace" not in bench.api.created[0]["regarding"]


async def test_publishing_waits_for_nothing_and_needs_no_writer(bench: Bench) -> None:
    writer = bench.writer()

    say(writer)

    assert bench.api.created == []


async def test_a_note_is_one_line_of_1024_bytes(bench: Bench) -> None:
    writer = bench.writer()
    say(writer, note="a\r\n\tb\x1b[31m\u2028" + "ü" * 1000, obj=ALPHA)

    await write_all(writer, bench, 1)

    note = bench.api.created[0]["note"]
    assert note.startswith("a b [31m üüü")
    assert note.endswith("ü…")
    assert 1020 < len(note.encode()) <= 1024


async def test_a_long_name_leaves_room_for_the_events_own(bench: Bench) -> None:
    writer = bench.writer()
    obj = {**ALPHA, "metadata": {**ALPHA["metadata"], "name": "n" * 253}}
    say(writer, obj=obj)

    await write_all(writer, bench, 1)

    assert len(bench.api.created[0]["metadata"]["name"]) == 253
    assert bench.api.created[0]["regarding"]["name"] == "n" * 253


async def test_two_events_of_one_moment_have_two_names(bench: Bench) -> None:
    writer = bench.writer()
    say(writer, note="one")
    say(writer, note="two")

    await write_all(writer, bench, 2)

    assert len({event["metadata"]["name"] for event in bench.api.created}) == 2


async def test_repeats_are_counted_in_the_series_at_powers_of_two(bench: Bench) -> None:
    writer = bench.writer()
    async with running(writer):
        for expected in range(1, 101):
            say(writer)
            await turns()
            assert len(bench.results) == expected.bit_length()  # one at 1, 2, 4, 8 …

    assert len(bench.api.created) == 1
    assert [patch["series"]["count"] for patch in bench.api.patched] == [2, 4, 8, 16, 32, 64]
    assert {patch["name"] for patch in bench.api.patched} == {bench.api.created[0]["metadata"]["name"]}


async def test_repeats_before_the_first_write_are_one_write(bench: Bench) -> None:
    writer = bench.writer()
    for _ in range(5):
        say(writer)

    await write_all(writer, bench, 1)

    assert len(bench.api.created) == 1
    assert bench.api.created[0]["series"] == {"count": 5, "lastObservedTime": "2026-11-22T12:00:00.000000Z"}


async def test_something_else_is_no_repeat(bench: Bench) -> None:
    writer = bench.writer()
    say(writer)
    say(writer, note="other")
    say(writer, reason=EventReason.OBSERVED)
    say(writer, obj={**ALPHA, "metadata": {**ALPHA["metadata"], "uid": "u-9"}})
    writer.publish(ALPHA, EventReason.SUCCEEDED, "Update", "created p-1")

    await write_all(writer, bench, 5)

    assert len(bench.api.created) == 5


async def test_after_an_hour_the_same_is_said_afresh(bench: Bench) -> None:
    writer = bench.writer()
    say(writer)
    async with running(writer):
        await until(lambda: len(bench.results) == 1)
        bench.time.seconds += 3601
        say(writer)
        await until(lambda: len(bench.results) == 2)

    assert len(bench.api.created) == 2


@pytest.mark.parametrize("failure", [KubeNotFound("gone"), KubeConflict("changed")])
async def test_an_event_that_is_gone_or_changed_is_said_afresh(bench: Bench, failure: Exception) -> None:
    writer = bench.writer()
    bench.api.patch_failure = failure
    say(writer)
    async with running(writer):
        await until(lambda: len(bench.results) == 1)
        say(writer)
        await until(lambda: len(bench.results) == 2)

    assert [event.get("series", {}).get("count") for event in bench.api.created] == [None, 2]
    assert bench.results == ["written", "written"]


async def test_an_event_that_meets_a_defect_does_not_silence_the_others(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    writer = bench.writer()
    bench.api.failure = ZeroDivisionError("a defect")
    say(writer)
    async with running(writer):
        await until(lambda: bench.results == ["failed"])
        bench.api.failure = None
        say(writer, "deleted p-1")
        await until(lambda: bench.results == ["failed", "written"])
    assert "ZeroDivisionError" in caplog.text


async def test_the_pace_is_held(bench: Bench) -> None:
    writer = bench.writer(Pace(rate=2, burst=3))
    for number in range(7):
        say(writer, note=str(number))

    await write_all(writer, bench, 7)

    assert bench.time.slept == [0.5, 0.5, 0.5, 0.5]


async def test_a_full_queue_drops_its_oldest(bench: Bench) -> None:
    writer = bench.writer(Pace(capacity=3))
    for number in range(5):
        say(writer, note=str(number))
    assert bench.results == ["dropped", "dropped"]

    await write_all(writer, bench, 5)

    assert [event["note"] for event in bench.api.created] == ["2", "3", "4"]


def of(namespace: str) -> dict[str, Any]:
    return {**ALPHA, "metadata": {**ALPHA["metadata"], "namespace": namespace}}


async def test_a_noisy_namespace_drops_its_own_and_takes_nobody_s_turn(bench: Bench) -> None:
    writer = bench.writer(Pace(capacity=30, memory=60))
    say(writer, note="first", obj=of("quiet"))
    for number in range(500):
        say(writer, note=str(number), obj=of("noisy"))
    for name in ("quiet", "other"):
        say(writer, note="second", obj=of(name))
    await write_all(writer, bench, 500 + 3)

    written = [(event["metadata"]["namespace"], event["note"]) for event in bench.api.created]
    assert {one for one in written[:5] if one[0] != "noisy"} == {
        ("quiet", "first"),
        ("quiet", "second"),
        ("other", "second"),
    }
    assert len([one for one in written if one[0] == "noisy"]) == 27

    say(writer, note="first", obj=of("quiet"))
    await write_all(writer, bench, 500 + 4)
    assert [patch["series"]["count"] for patch in bench.api.patched] == [2], "the noise made nobody else forget"


async def test_the_room_is_shared_between_any_number_of_namespaces(bench: Bench) -> None:
    writer = bench.writer(Pace(capacity=4, memory=6))
    for number in range(40):
        say(writer, note=str(number), obj=of(f"ns-{number}"))
        say(writer, note=str(number), obj=of("noisy"))
        assert len(writer._queue) <= 4
        assert len(writer._said) <= 6
    await write_all(writer, bench, 80)
    assert bench.results.count("written") == 4


async def test_memory_is_bounded(bench: Bench) -> None:
    writer = bench.writer(Pace(capacity=10, memory=20))
    for number in range(1000):
        say(writer, note=str(number))

    assert len(writer._said) == 20
    assert len(writer._queue) == 10


async def test_what_is_forgotten_while_it_waits_is_dropped(bench: Bench) -> None:
    writer = bench.writer(Pace(capacity=10, memory=2))
    for number in range(3):
        say(writer, note=str(number))

    await write_all(writer, bench, 3)

    assert bench.results == ["dropped", "written", "written"]
    assert [event["note"] for event in bench.api.created] == ["1", "2"]


async def test_failures_are_counted_and_logged_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    writer = bench.writer()
    bench.api.failure = KubeForbidden("may not create events")
    async with running(writer):
        say(writer, note="one")
        say(writer, note="two")
        await until(lambda: len(bench.results) == 2)
        bench.api.failure = KubeUnavailable("away")
        say(writer, note="three")
        await until(lambda: len(bench.results) == 3)
        bench.api.failure = None
        say(writer, note="four")
        await until(lambda: len(bench.results) == 4)

    assert bench.results == ["failed", "failed", "failed", "written"]
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "an Event could not be written: may not create events"
    ]


async def test_an_object_without_metadata_does_no_harm(bench: Bench) -> None:
    writer = bench.writer()
    say(writer, obj={})

    await write_all(writer, bench, 1)

    assert bench.results == ["written"]
