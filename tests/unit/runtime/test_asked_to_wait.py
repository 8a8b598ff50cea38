"""A backend that asks for a long time without requests gets it, and whoever waits for that reads until when."""

import asyncio
import re
from typing import Any

import pytest
from simulation.backend import Fault
from simulation.stories import nothing_happens, settled, told
from simulation.world import World

from project_operator.errors import CredentialsRejected, Throttled
from project_operator.kube.resources import IDENTITY_BACKENDS, PROJECTS
from project_operator.runtime.circuit import Circuit

ASKED = 120.0
MANY, WORKERS = 12, 4
UNTIL = re.compile(r"1970-01-01T(\d\d):(\d\d):(\d\d)Z$")


def too_many_requests(operation: str, times: int) -> list[Fault]:
    error = Throttled("too many requests", operation=operation, status=429, retry_after=ASKED)
    return [Fault(operation, error=error)] * times


def end_of(message: str) -> float:
    """The moment that ``message`` names, in the world's seconds."""
    found = UNTIL.search(message)
    assert found is not None, message
    hours, minutes, seconds = map(int, found.groups())
    return 3600.0 * hours + 60.0 * minutes + seconds


def last_error(world: World) -> str:
    raw = world.kube.look("default", IDENTITY_BACKENDS) or {}
    return str(raw["status"].get("lastError", {}).get("message", ""))


def usable(world: World) -> bool:
    """Whether the backend object says that it is Ready."""
    raw = world.kube.look("default", IDENTITY_BACKENDS) or {}
    return ("Ready", "True") in {(one["type"], one["status"]) for one in raw["status"]["conditions"]}


async def many_wait(world: World) -> list[str]:
    """A Project is Ready; more are made, and the first creation is answered with 429. Those that wait: all but the few
    whose creations were on their way by then.
    """
    await settled(world)
    names = [f"web-{number}" for number in range(MANY)]
    world.backend.faults += too_many_requests("create", 1)
    for name in names:
        world.apply(name)
    await world.until(lambda: all(world.status(name).get("id") or says_it(world, name) for name in names), within=30)
    waiting = [name for name in names if not world.status(name).get("id")]
    assert len(waiting) >= MANY - WORKERS
    return waiting


def says_it(world: World, name: str) -> bool:
    return world.reason(name) == "Throttled"


@told()
async def test_each_project_that_waits_says_until_when_and_one_that_is_settled_says_nothing(world: World) -> None:
    begun = asyncio.get_running_loop().time()
    names = await many_wait(world)
    for name in names:
        message = world.condition(name)["message"]
        assert ASKED - 10 <= end_of(message) - begun <= ASKED + 20, message
        assert world.condition(name, "Reconciling")["status"] == "True"
    assert world.is_ready("web")
    assert "asks for fewer requests; none is sent before" in last_error(world)
    assert end_of(last_error(world)) - begun <= ASKED + 10


@told()
async def test_meanwhile_nothing_is_sent_and_nothing_is_written_again(world: World) -> None:
    await many_wait(world)
    begun = asyncio.get_running_loop().time()
    asked = len(world.backend.calls)
    await nothing_happens(world, ASKED - 20)
    assert len(world.backend.calls) == asked
    await world.ready()
    writes = [name for plural, name, _ in world.kube.writes if plural == PROJECTS.plural and name != "web"]
    assert max(map(writes.count, set(writes))) <= 6, "finalizer, wait, attempt, id, provisioned, and one to spare"
    assert len(world.backend.created) == MANY + 1
    assert asyncio.get_running_loop().time() - begun < 3 * ASKED


@told()
async def test_who_is_told_the_same_for_hours_is_written_once_for_each_answer(world: World) -> None:
    world.backend.faults += too_many_requests("create", 200)
    world.apply()
    await world.until(lambda: world.reason() == "Throttled")
    before, answered = len(world.kube.writes), world.backend.count("create")
    await asyncio.sleep(3 * 3600)
    assert world.reason() == "Throttled"
    answers = world.backend.count("create") - answered
    assert answers >= 20
    # Of the Project: the attempt and what came of it; of the backend object: what it asks for.
    assert len(world.kube.writes) - before <= 3 * answers + 3


@told()
async def test_where_the_listing_is_what_it_refuses_the_backend_object_says_so(world: World) -> None:
    await settled(world)
    world.backend.faults += too_many_requests("list", 1)
    await world.until(lambda: "asks for fewer requests" in last_error(world), within=60)
    assert world.is_ready()


@told()
async def test_a_wait_that_is_over_is_not_told_again_when_another_trouble_heals(world: World) -> None:
    await settled(world)
    world.backend.faults += too_many_requests("list", 1)
    await world.until(lambda: "asks for fewer requests" in last_error(world), within=60)
    await asyncio.sleep(3600)
    refused = CredentialsRejected("token refused", operation="list_projects", status=401)
    world.backend.faults += [Fault("list", error=refused)] * 2
    await world.until(lambda: last_error(world) == "token refused", within=600)
    await world.until(lambda: usable(world), within=600)
    await nothing_happens(world)
    assert last_error(world) == "token refused"


def test_a_build_that_waits_in_silence_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(_seconds: float) -> None:
        return None

    monkeypatch.setattr(Circuit, "held", staticmethod(silent))

    @told()
    async def story(world: World) -> None:
        await many_wait(world)

    with pytest.raises(AssertionError, match="not within"):
        story()


def test_a_pause_without_a_failure_holds_back_as_well() -> None:
    """Some calls succeed although one of their requests was answered with 429 (Open Telekom Cloud's listing)."""

    async def paused(world: World) -> None:
        await settled(world)
        pauses: list[Any] = [surroundings.pause for surroundings in world.surroundings]
        pauses[-1](ASKED)
        world.apply("late")
        await world.until(lambda: says_it(world, "late"), within=30)

    told()(paused)()
