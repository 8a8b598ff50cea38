"""Among many that are looked at as a matter of course, those for whom somebody waits go first."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from simulation.backend import SimulatedBackend
from simulation.loop import run_virtually
from simulation.world import World

from project_operator.backends.base import ConnectionFacts, RemoteProject
from project_operator.kube.resources import PROJECTS
from project_operator.reconcile.actions import Poll
from project_operator.reconcile.evidence import Observation
from project_operator.runtime import engine, urgency
from project_operator.runtime.keys import Key
from project_operator.runtime.projects import ProjectWorker

CROWD = tuple(f"old-{number:02}" for number in range(40))


def told(story: Callable[[World], Awaitable[None]]) -> None:
    async def tell() -> None:
        async with World() as world:
            world.install()
            world.start()
            await world.until(lambda: world.backend.count("connect"))
            await story(world)

    run_virtually(tell())


def order_after_the_first_listing(monkeypatch: pytest.MonkeyPatch, *, signing_in: float = 0.0) -> list[str]:
    """An operator starts with a crowd that is settled, and one that is new: who was looked at, in which order, from
    when it had seen what the backend has until the new one's project was made.

    ``signing_in``: how many seconds the connection takes. Long before they are over status says what is waited for.
    """
    order: list[str] = []
    connect = SimulatedBackend.connect

    async def connect_late(self: SimulatedBackend) -> ConnectionFacts:
        await asyncio.sleep(signing_in)
        return await connect(self)

    async def story(world: World) -> None:
        for name in CROWD:
            world.apply(name)
        await world.ready(*CROWD)
        await world.crash()
        world.apply("young")
        shown, work, list_projects = False, ProjectWorker.work, SimulatedBackend.list_projects

        async def show(self: SimulatedBackend) -> tuple[RemoteProject, ...]:
            nonlocal shown
            found = await list_projects(self)
            shown = True
            return found

        async def noted(self: ProjectWorker, key: Key) -> float | None:
            if shown and world.backend.count("create") == len(CROWD):
                order.append(key.name)
            return await work(self, key)

        monkeypatch.setattr(SimulatedBackend, "connect", connect_late)
        monkeypatch.setattr(SimulatedBackend, "list_projects", show)
        monkeypatch.setattr(ProjectWorker, "work", noted)
        world.start()
        if signing_in:
            await world.until(lambda: world.status("young").get("observedGeneration") == 1)
            assert not shown
        await world.ready("young")

    told(story)
    return order


@pytest.mark.parametrize("signing_in", [0.0, 5.0])
def test_at_a_start_a_new_project_does_not_wait_for_a_look_at_all_the_others(
    signing_in: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert order_after_the_first_listing(monkeypatch, signing_in=signing_in).index("young") == 0


@pytest.mark.parametrize(
    ("signing_in", "waits"),
    [(0.0, lambda _: False), (5.0, lambda _: False), (5.0, urgency.is_unanswered)],
    ids=["at once", "late", "late, and an answer is all that is waited for"],
)
def test_an_engine_that_wakes_all_alike_is_caught(
    signing_in: float, waits: Callable[[Mapping[str, Any] | None], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "somebody_waits", waits)
    assert order_after_the_first_listing(monkeypatch, signing_in=signing_in).index("young") >= len(CROWD) - 1


@pytest.mark.parametrize(
    ("ready", "waits"),
    [("Unknown", {"changed": 1, "routine": 0}), ("True", {"changed": 0, "routine": 1})],
)
def test_a_read_of_what_somebody_waits_for_is_dealt_with_first(ready: str, waits: dict[str, int]) -> None:
    async def story(world: World) -> None:
        world.backend.provision_delay = 3.0
        uid = world.apply()
        await world.until(lambda: "id" in world.status() and world.condition()["status"] == ready)
        assert world.engine is not None
        key = Key(PROJECTS.plural, "ns", "web", uid)
        project = world.remote()
        poll = Poll(project.id, 0.0, 0.0)
        world.engine.has_read(key, poll, Observation(asyncio.get_running_loop().time(), project))
        assert world.engine.census().queue_depth == waits

    told(story)
