"""A backend that gives no usable answers, from its first failure to its last: what is asked of it, what is said, and
that nothing is lost.
"""

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from simulation.backend import Fault
from simulation.stories import calls, gone, reason, settled, told
from simulation.world import IN_FLIGHT_BOUND, World

from project_operator.errors import (
    BackendError,
    BackendUnavailable,
    CredentialsRejected,
    OutcomeUnknown,
    RequestRefused,
    Throttled,
)
from project_operator.kube.resources import IDENTITY_BACKENDS, PROJECTS
from project_operator.runtime.connections import Connection

TIMEOUT = 2.0
READS = ("list", "get", "verify", "groups")
HOUR = 3600.0


def backend_status(world: World) -> dict[str, Any]:
    return dict((world.kube.look("default", IDENTITY_BACKENDS) or {}).get("status") or {})


def condition(world: World, type_: str) -> dict[str, Any]:
    found = [one for one in backend_status(world)["conditions"] if one["type"] == type_]
    return dict(found[0]) if found else {}


def fall_silent(world: World) -> None:
    world.backend.silent_for = TIMEOUT


async def opened(world: World) -> None:
    """The breaker is open, and the backend object says so."""
    await world.until(lambda: backend_status(world).get("breaker") == "Open")


def status_writes(world: World) -> dict[str, int]:
    """Writes to each Project and to the backend object."""
    found: dict[str, int] = {}
    for plural, name, _ in world.kube.writes:
        if plural in {PROJECTS.plural, IDENTITY_BACKENDS.plural}:
            found[name] = found.get(name, 0) + 1
    return found


@told()
async def test_once_it_is_open_only_one_read_at_a_time_is_sent_and_each_later(world: World) -> None:
    fall_silent(world)
    for number in range(20):
        world.apply(f"web-{number}")
    await opened(world)
    await asyncio.sleep(3 * TIMEOUT)
    begun = len(world.backend.calls)
    await asyncio.sleep(HOUR)
    probes = world.backend.calls[begun:]
    assert {operation for operation, _, _ in probes} == {"verify"}
    times = [at for _, at, _ in probes]
    pauses = [after - before for before, after in pairwise(times)]
    assert min(pauses) >= TIMEOUT, "one ends before the next begins"
    assert max(pauses) <= TIMEOUT + 60 + 1
    assert HOUR / (TIMEOUT + 61) <= len(probes) <= HOUR / 25


@told()
async def test_the_backend_object_says_it_in_its_conditions_and_by_an_event_and_so_when_it_is_over(
    world: World,
) -> None:
    assert (backend_status(world)["breaker"], condition(world, "Reachable")["status"]) == ("Closed", "True")
    fall_silent(world)
    await opened(world)
    ready, reachable = condition(world, "Ready"), condition(world, "Reachable")
    assert (ready["status"], ready["reason"]) == ("False", "BackendUnavailable")
    assert (reachable["status"], reachable["reason"]) == ("False", "BackendUnavailable")
    assert "no answer in time; no further call begins until a read is answered" in ready["message"]
    assert world.engine is not None
    assert set(world.engine.census().breakers) <= {("nscale", "open"), ("nscale", "half_open")}

    world.backend.silent_for = None
    await world.until(lambda: backend_status(world).get("breaker") == "Closed")
    assert condition(world, "Ready")["status"] == condition(world, "Reachable")["status"] == "True"
    assert world.engine.census().breakers == {("nscale", "closed"): 1}
    told_of = [(str(notice.reason), notice.reason.type) for name, notice in world.notices if name == "default"]
    assert told_of == [("BackendUnavailable", "Warning"), ("Succeeded", "Normal")]


@told()
async def test_what_is_settled_stays_and_what_is_new_says_why_it_waits(world: World) -> None:
    await settled(world)
    fall_silent(world)
    await opened(world)
    before = status_writes(world)
    world.apply("new")
    said = await reason(world, "BackendNotReady", "new", within=10)
    assert "IdentityBackend 'default' is not Ready (BackendUnavailable): " in said
    world.kube.edit("web", description="edited")
    await reason(world, "BackendNotReady", within=10)
    await asyncio.sleep(60)
    after = status_writes(world)
    await asyncio.sleep(HOUR)
    assert status_writes(world) == after, "an outage that lasts is no news"
    assert (after["web"] - before["web"], after["new"]) == (1, 1)

    world.backend.silent_for = None
    await world.ready(within=120)
    assert world.remote().content.description == "edited"
    assert len(world.backend.created) == 2


@told()
async def test_status_is_written_once_for_each_project_that_waits_and_never_for_one_that_is_settled(
    world: World,
) -> None:
    settled_ones = [f"settled-{number}" for number in range(10)]
    for name in settled_ones:
        world.apply(name)
    await world.ready()
    await asyncio.sleep(60)
    before = status_writes(world)
    fall_silent(world)
    for number in range(30):
        world.apply(f"new-{number}")
    await opened(world)
    await asyncio.sleep(HOUR)
    grown = {name: count - before.get(name, 0) for name, count in status_writes(world).items()}
    assert {grown[name] for name in settled_ones} == {0}
    # Its finalizer, what came of its call if there was one, and that it waits.
    assert max(grown.values()) <= 3
    assert grown["default"] == 1


@told()
async def test_a_creation_without_an_answer_keeps_its_record_clock_through_the_outage(world: World) -> None:
    """It took effect, nobody heard of it: found when reads are answered again, and not made once more."""
    world.backend.faults.append(Fault("create", commit_after=1.0))
    world.apply()
    await world.until(lambda: world.backend.count("create"))
    fall_silent(world)
    await opened(world)
    await asyncio.sleep(20 * IN_FLIGHT_BOUND)
    world.backend.silent_for = None
    await world.ready(within=120)
    assert world.backend.count("create") == 1
    assert len(world.backend.truth) == 1


@told()
async def test_a_creation_that_the_breaker_stopped_was_not_sent_and_waits_for_no_quarantine(world: World) -> None:
    """Sixteen are under way when it opens, and more wait for the limiter."""
    world.kube.edit("default", IDENTITY_BACKENDS, rateLimit={"maxInFlight": 1}, breaker={"failureThreshold": 1})
    await world.until(lambda: world.backend.count("connect") == 2)
    await asyncio.sleep(1)
    fall_silent(world)
    for number in range(4):
        world.apply(f"web-{number}")
    await opened(world)
    assert world.backend.count("create") == 1
    await asyncio.sleep(10)
    world.backend.silent_for = None
    await world.until(lambda: backend_status(world).get("breaker") == "Closed", within=61)
    # The one that was sent is looked for; the others go on at once.
    closed_at = asyncio.get_running_loop().time()
    await world.until(lambda: len(world.backend.created) == 3, within=IN_FLIGHT_BOUND / 2)
    await world.ready()
    assert asyncio.get_running_loop().time() > closed_at
    assert len(world.backend.created) == 4


@told()
async def test_a_deletion_says_what_it_waits_for_and_goes_on_by_itself(world: World) -> None:
    await settled(world)
    fall_silent(world)
    await opened(world)
    world.kube.delete("web")
    said = await reason(world, "BackendNotReady", within=10)
    assert said.startswith("the deletion waits: IdentityBackend 'default' is not Ready (BackendUnavailable): ")
    assert world.backend.count("delete") == 0
    world.backend.silent_for = None
    await gone(world, within=120)
    assert world.backend.truth == {}


@told()
async def test_the_first_probe_that_is_answered_is_the_end_of_it_for_everybody(world: World) -> None:
    fall_silent(world)
    for number in range(20):
        world.apply(f"web-{number}")
    await opened(world)
    await asyncio.sleep(HOUR)
    world.backend.silent_for = None
    begun = asyncio.get_running_loop().time()
    await world.until(lambda: backend_status(world).get("breaker") == "Closed", within=61)
    assert asyncio.get_running_loop().time() - begun <= 60
    await world.ready(within=3 * IN_FLIGHT_BOUND)
    assert len(world.backend.created) == 20


def refused_for(kind: type[BackendError], **facts: Any) -> list[Fault]:
    return [Fault("create", error=kind("for this one", operation="create_project", **facts)) for _ in range(30)]


@pytest.mark.parametrize("kind", [RequestRefused, OutcomeUnknown])
def test_what_is_wrong_with_one_project_is_not_the_endpoints_fault(kind: type[BackendError]) -> None:
    """Be it refused again and again, or met with an error of the server each time: reads are answered in between."""

    @told()
    async def story(world: World) -> None:
        world.backend.faults += refused_for(kind)
        world.apply("poison")
        await asyncio.sleep(HOUR / 4)
        assert calls(world, "create") >= 2
        assert [notice for name, notice in world.notices if name == "default"] == []
        assert backend_status(world)["breaker"] == "Closed"

    story()


@pytest.mark.parametrize("kind", [CredentialsRejected, Throttled])
def test_a_refused_credential_and_too_many_requests_open_nothing(kind: type[BackendError]) -> None:
    @told()
    async def story(world: World) -> None:
        world.backend.faults += refused_for(kind)
        for number in range(10):
            world.apply(f"web-{number}")
        await asyncio.sleep(30)
        assert world.backend.count("create") >= 5
        assert backend_status(world)["breaker"] == "Closed"
        assert condition(world, "Reachable")["status"] == "True"

    story()


@told()
async def test_a_backend_that_says_when_to_come_back_is_not_asked_before(world: World) -> None:
    world.backend.faults.append(Fault("create", error=OutcomeUnknown("busy", operation="create", retry_after=40.0)))
    begun = asyncio.get_running_loop().time()
    world.apply()
    await opened(world)
    opened_at = world.backend.calls[-1][1]
    await world.until(lambda: backend_status(world).get("breaker") == "Closed")
    later = [at for _, at, _ in world.backend.calls if at > opened_at]
    assert opened_at - begun < 1
    assert later[0] - opened_at >= 40.0
    await world.ready()
    assert len(world.backend.created) == 1


@told()
async def test_an_endpoint_that_comes_and_goes_is_left_alone_for_longer_each_time(world: World) -> None:
    """Its object is not written at each turn."""
    await settled(world)
    before = status_writes(world)["default"]

    closings = 0

    async def come_and_go() -> None:
        nonlocal closings
        while True:
            # Answers one probe, and nothing after it.
            world.backend.silent_for = None
            await world.until(lambda: backend_status(world).get("breaker") == "Closed")
            closings += 1
            fall_silent(world)
            for number in range(5):
                world.kube.annotate("web", **{"identity.project-operator.dev/reconcile-requested-at": f"{number}"})
                await asyncio.sleep(TIMEOUT)
            await opened(world)

    flapping = asyncio.ensure_future(come_and_go())
    await asyncio.sleep(HOUR)
    flapping.cancel()
    await asyncio.gather(flapping, return_exceptions=True)
    assert 10 <= closings <= HOUR / 30
    assert status_writes(world)["default"] - before <= 2 * closings + 2


@told()
async def test_the_end_of_a_connection_ends_the_knocking(world: World) -> None:
    fall_silent(world)
    await opened(world)
    await asyncio.sleep(HOUR)
    world.backend.silent_for = None
    world.kube.delete("default", IDENTITY_BACKENDS)
    await world.until(lambda: world.kube.look("default", IDENTITY_BACKENDS) is None)
    asked = len(world.backend.calls)
    await asyncio.sleep(HOUR)
    assert len(world.backend.calls) == asked
    assert not [task for task in asyncio.all_tasks() if "knock" in task.get_name()]


def test_a_build_without_a_breaker_asks_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin of the first test."""
    monkeypatch.setattr("project_operator.runtime.circuit.Circuit._lets_through", lambda _: True)
    monkeypatch.setattr(Connection, "not_ready", None)

    @told()
    async def story(world: World) -> None:
        fall_silent(world)
        for number in range(20):
            world.apply(f"web-{number}")
        await asyncio.sleep(3 * TIMEOUT)
        begun = len(world.backend.calls)
        await asyncio.sleep(HOUR / 4)
        assert {operation for operation, _, _ in world.backend.calls[begun:]} & {"create", "list"}

    story()


@told()
async def test_client_errors_about_single_projects_open_nothing_however_many(world: World) -> None:
    """Keystone's 404 for a group that is gone, say."""
    world.backend.faults += refused_for(BackendUnavailable, status=404)
    for number in range(10):
        world.apply(f"web-{number}")
    await world.until(lambda: world.backend.count("create") >= 10)
    await asyncio.sleep(5)
    assert backend_status(world)["breaker"] == "Closed"
    assert [notice for name, notice in world.notices if name == "default"] == []


@told()
async def test_reads_that_fail_open_it_as_well_as_writes(world: World) -> None:
    await settled(world)
    world.backend.faults += [Fault("list", error=BackendUnavailable("HTTP 502", operation="list", status=502))] * 5
    await opened(world)
    assert world.is_ready(), "an outage says nothing new about what is settled"
    await world.until(lambda: backend_status(world).get("breaker") == "Closed")
