"""The real engine in the simulated world: one promise a test."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from simulation.loop import run_virtually
from simulation.world import World

from project_operator.api.names import FINALIZER
from project_operator.errors import KubeUnavailable
from project_operator.kube.resources import IDENTITY_BACKENDS, NAMESPACES, PROJECTS, Resource
from project_operator.reconcile.decide import decide
from project_operator.runtime import projects
from project_operator.runtime.engine import Engine


def told(story: Callable[[World, Engine], Awaitable[None]]) -> None:
    """A story in a world whose operator is running and connected."""

    async def tell() -> None:
        async with World() as world:
            world.install()
            world.start()
            await world.until(lambda: world.backend.count("connect"))
            assert world.engine is not None
            await story(world, world.engine)

    run_virtually(tell())


def deeds(world: World) -> tuple[int, int]:
    """Writes to the API server, and calls that change the backend."""
    return len(world.kube.writes), sum(world.backend.count(one) for one in ("create", "update", "delete"))


NEWEST = 1_000_000
"""A resourceVersion that nothing here reaches."""


def live(world: World, resource: Resource = PROJECTS) -> set[tuple[str, str, str]]:
    return {("ns", raw["metadata"]["name"], raw["metadata"]["uid"]) for raw in world.kube.all(resource)}


def test_a_project_becomes_ready_with_three_writes_and_one_call() -> None:
    async def story(world: World, _: Engine) -> None:
        world.apply(description="shop")
        await world.ready()
        assert world.backend.count("create") == 1
        assert [write for write in world.kube.writes if write[1] == "web"] == [
            ("projects", "web", ""),
            ("projects", "web", "status"),
            ("projects", "web", "status"),
        ]
        assert world.remote().content.description == "shop"

    told(story)


def test_an_object_that_went_with_its_finalizer_is_not_asked_for_again() -> None:
    async def story(world: World, _: Engine) -> None:
        world.apply()
        await world.ready()
        world.kube.watch_delay = 5.0
        world.kube.delete("web")
        await world.until(lambda: not live(world))
        last = world.kube.writes[-1]
        await asyncio.sleep(1.0)
        assert world.kube.writes.count(last) == 2, "finalizer on, finalizer off"
        assert world.kube.writes[-1] == last == ("projects", "web", "")

    told(story)


def test_when_the_definition_goes_its_objects_are_forgotten_and_nothing_is_touched() -> None:
    async def story(world: World, engine: Engine) -> None:
        for name in ("web", "shop"):
            world.apply(name)
        await world.ready()
        world.kube.listener = None
        before = deeds(world)
        engine.definition_gone(PROJECTS)
        assert engine.census().projects == {}
        await asyncio.sleep(300.0)
        assert deeds(world) == before
        assert len(world.backend.living()) == 2

    told(story)


def test_when_the_definition_of_backends_goes_projects_wait_and_nothing_is_touched() -> None:
    async def story(world: World, engine: Engine) -> None:
        world.apply()
        await world.ready()
        world.kube.listener = None
        before = deeds(world)
        engine.definition_gone(IDENTITY_BACKENDS)
        await asyncio.sleep(300.0)
        assert deeds(world) == before
        assert engine.census().connections == {}

    told(story)


def test_a_sweep_that_lacks_a_project_is_checked_live_and_not_believed() -> None:
    async def story(world: World, engine: Engine) -> None:
        world.apply()
        await world.ready()
        engine.sweep(PROJECTS, set(), NEWEST)
        await asyncio.sleep(5.0)
        assert sum(engine.census().projects.values()) == 1
        world.kube.edit("web", description="still looked after")
        await world.until(lambda: world.remote().content.description == "still looked after")

    told(story)


def test_a_sweep_finds_the_project_whose_deletion_was_missed() -> None:
    async def story(world: World, engine: Engine) -> None:
        world.apply()
        await world.ready()
        listener, world.kube.listener = world.kube.listener, None
        world.kube.strip_finalizers("web")
        world.kube.delete("web")
        world.kube.listener = listener
        engine.sweep(PROJECTS, live(world), NEWEST)
        await world.until(lambda: engine.census().projects == {})
        assert world.backend.count("delete") == 0

    told(story)


def test_a_sweep_finds_the_namespaces_that_hold_no_project_any_more() -> None:
    async def story(world: World, engine: Engine) -> None:
        world.apply()
        await world.ready()
        engine.sweep(PROJECTS, live(world), NEWEST)
        assert set(engine._gatherer._namespaces) == {"ns"}
        engine.sweep(PROJECTS, set(), NEWEST)
        assert engine._gatherer._namespaces == {}

    told(story)


def test_a_sweep_drops_the_backend_object_whose_deletion_was_missed() -> None:
    async def story(world: World, engine: Engine) -> None:
        listener, world.kube.listener = world.kube.listener, None
        world.kube.strip_finalizers("default", IDENTITY_BACKENDS)
        world.kube.delete("default", IDENTITY_BACKENDS)
        world.kube.listener = listener
        engine.sweep(IDENTITY_BACKENDS, live(world, IDENTITY_BACKENDS), NEWEST)
        await world.until(lambda: engine.census().connections == {})

    told(story)


def test_a_sweep_says_nothing_of_a_backend_object_that_is_newer_than_its_listing() -> None:
    """One that was looked for live, say, while the listing was under way. Dropped, it would never be believed again."""

    async def story(world: World, engine: Engine) -> None:
        (backend,) = world.kube.all(IDENTITY_BACKENDS)
        engine.sweep(IDENTITY_BACKENDS, set(), int(backend["metadata"]["resourceVersion"]) - 1)
        world.apply()
        await world.ready()

    told(story)


def test_a_defect_is_logged_and_keeps_neither_the_worker_nor_the_key(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failed = 0

    def broken(view: Any) -> Any:
        nonlocal failed
        if view.project.metadata.name == "web" and not failed:
            failed += 1
            raise ZeroDivisionError("a defect")
        return decide(view)

    async def story(world: World, _: Engine) -> None:
        world.apply("web")
        world.apply("shop")
        await world.ready("shop", within=10)
        assert not world.is_ready("web")
        await world.ready("web", within=60)

    monkeypatch.setattr(projects, "decide", broken)
    with caplog.at_level(logging.ERROR):
        told(story)
    assert "a defect of the operator" in caplog.text


def test_a_key_that_never_rests_gives_way_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projects, "STEPS_AT_ONCE", 2)

    async def story(world: World, _: Engine) -> None:
        world.apply()
        await world.ready()
        assert world.backend.count("create") == 1

    told(story)


def test_an_api_server_that_is_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(world: World, _: Engine) -> None:
        whole, failed = world.kube.get, 0

        async def away(resource: Resource, namespace: str | None, name: str) -> dict[str, Any]:
            nonlocal failed
            if resource is NAMESPACES and failed < 3:
                failed += 1
                raise KubeUnavailable("away")
            return await whole(resource, namespace, name)

        monkeypatch.setattr(world.kube, "get", away)
        world.apply()
        await world.ready()
        assert failed == 3

    told(story)


def test_the_census_counts_by_state() -> None:
    async def story(world: World, engine: Engine) -> None:
        world.apply()
        await world.ready()
        census = engine.census()
        assert census.projects == {("provisioned", "healthy", "true"): 1}
        assert (census.not_ready, census.drifted, census.units) == ({}, {}, 2)
        assert census.connections == {("nscale", True): 1}
        assert census.queue_depth == {"changed": 0, "routine": 0}
        assert census.queue_oldest_seconds == {"changed": 0.0, "routine": 0.0}

    told(story)


def test_a_stop_gives_what_is_under_way_its_time_and_no_more() -> None:
    async def story(world: World, engine: Engine) -> None:
        world.backend.create_delay = 3.0
        world.apply("quick")
        await world.until(lambda: world.backend.count("create"))
        await engine.stop(5.0)
        assert "id" in world.status("quick")
        assert all(task.done() for task in engine.tasks())

    async def late(world: World, engine: Engine) -> None:
        world.backend.create_delay = 60.0
        world.apply("slow")
        await world.until(lambda: world.backend.count("create"))
        begun = asyncio.get_running_loop().time()
        await engine.stop(5.0)
        assert asyncio.get_running_loop().time() - begun == pytest.approx(5.0, abs=0.1)
        assert FINALIZER in (world.kube.look("slow") or {})["metadata"]["finalizers"]

    told(story)
    told(late)
