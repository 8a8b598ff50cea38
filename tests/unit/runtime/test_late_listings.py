"""An operator starts, and hears of the backend objects later than of the Projects that refer to them, or earlier."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from simulation.loop import run_virtually
from simulation.world import World

from project_operator.api.marks import ORPHANED
from project_operator.kube.resources import CLUSTER_IDENTITY_BACKENDS, IDENTITY_BACKENDS, PROJECTS, Resource
from project_operator.runtime.backend_objects import BackendWorker
from project_operator.runtime.engine import Engine
from project_operator.runtime.missing_backends import BELIEVED, MissingBackends

LATE = 20.0
OWN: Mapping[str, Any] = {}
CLOUD = {"backendRef": {"kind": "ClusterIdentityBackend", "name": "cloud"}}


def told(story: Callable[[World], Awaitable[None]]) -> None:
    async def tell() -> None:
        async with World() as world:
            await story(world)

    run_virtually(tell())


def late(resource: Resource) -> float:
    return LATE if resource in {IDENTITY_BACKENDS, CLUSTER_IDENTITY_BACKENDS} else 0.0


async def restarted_after_a_deletion(world: World, **tenancy: Any) -> None:
    """A Project was made and deleted, and its operator died before it heard of that."""
    world.install()
    world.install_for_all(**tenancy)
    world.start()
    await world.ready()
    await world.crash()
    world.kube.delete("web")
    world.start(late=late)


async def gone(world: World) -> None:
    await world.until(lambda: world.kube.look("web") is None)


async def orphaned(world: World) -> str:
    """The mark of what a deletion with `Orphan` has left, of an operator that was started anew meanwhile."""
    await restarted_after_a_deletion(world)
    await gone(world)
    (left,) = world.backend.truth.values()
    return left.content.mark


@pytest.mark.parametrize("ref", [OWN, CLOUD], ids=["IdentityBackend", "ClusterIdentityBackend"])
def test_what_is_let_go_loses_the_mark_all_the_same(ref: Mapping[str, Any]) -> None:
    async def story(world: World) -> None:
        world.apply(deletionPolicy="Orphan", **ref)
        assert await orphaned(world) == ORPHANED

    told(story)


def test_an_operator_that_believes_what_it_has_not_heard_leaves_the_mark_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async def believing(*_: object) -> None:
        """Does not look."""

    monkeypatch.setattr(MissingBackends, "look_for", believing)

    async def story(world: World) -> None:
        uid = world.apply(deletionPolicy="Orphan")
        assert await orphaned(world) == world.mark(uid)

    told(story)


@pytest.mark.parametrize("end", [{"deletionPolicy": "Orphan"}, {"managementPolicy": "Observe"}], ids=str)
def test_the_owner_s_rules_hold_before_the_object_with_them_was_worked_on(
    end: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(*_: object) -> float:
        """With something else."""
        return LATE

    async def story(world: World) -> None:
        world.apply(**CLOUD)
        world.install_for_all(tenancy={"allowedDeletionPolicies": ["Delete"]})
        world.start()
        await world.ready()
        await world.crash()
        world.kube.edit("web", **end)
        world.kube.delete("web")
        monkeypatch.setattr(BackendWorker, "work", busy)
        world.start(late=late)
        await world.until(lambda: world.reason() == "NotPermitted")
        assert "`tenancy.allowedDeletionPolicies`" in world.condition()["message"]
        assert world.kube.look("web") is not None

    told(story)


def test_nothing_is_said_of_a_missing_object_that_is_there() -> None:
    async def story(world: World) -> None:
        world.install()
        world.apply()
        world.start(late=late)
        await world.ready(within=LATE / 2)
        assert not [notice for name, notice in world.notices if name == "web" and "BackendNotFound" in notice.reason]

    told(story)


def test_however_many_miss_it_one_looks_and_is_believed_for_a_while() -> None:
    async def story(world: World) -> None:
        looked: list[float] = []
        get = world.kube.get

        async def counting(resource: Resource, namespace: str | None, name: str) -> dict[str, Any]:
            if resource == IDENTITY_BACKENDS:
                looked.append(asyncio.get_running_loop().time())
            return await get(resource, namespace, name)

        world.kube.get = counting  # type: ignore[method-assign]  # beside the real one
        for number in range(50):
            world.apply(f"web-{number}")
        world.start()
        await world.until(lambda: all(world.reason(name) == "BackendNotFound" for name in world.names()))
        assert world.kube.all(PROJECTS)
        assert len(looked) <= 1 + (looked[-1] - looked[0]) / BELIEVED

    told(story)


def projects_late(resource: Resource) -> float:
    return LATE if resource == PROJECTS else 0.0


def backend_status(world: World) -> Mapping[str, Any]:
    backend = world.kube.look("default", IDENTITY_BACKENDS)
    assert backend is not None
    status: Mapping[str, Any] = backend["status"]
    return status


async def restarted_without_projects(world: World, change: Callable[[], object]) -> None:
    """An operator died, something was changed, and the next one hears of Projects later than of all else."""
    world.install()
    world.apply()
    world.start()
    await world.ready()
    await world.until(lambda: backend_status(world).get("projects") == 1)
    await world.crash()
    change()
    world.start(late=projects_late)


def test_a_backend_object_whose_projects_are_not_seen_yet_is_not_let_go() -> None:
    async def story(world: World) -> None:
        await restarted_without_projects(world, lambda: world.kube.delete("default", IDENTITY_BACKENDS))
        for _ in range(2):
            await asyncio.sleep(LATE / 2 + 1.0)
            assert world.kube.look("default", IDENTITY_BACKENDS) is not None
        world.kube.delete("web")
        await gone(world)
        await world.until(lambda: world.kube.look("default", IDENTITY_BACKENDS) is None)
        assert world.backend.truth == {}

    told(story)


def test_an_operator_that_takes_unseen_projects_for_none_loses_their_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Engine, "users_of", lambda engine, key: engine._references.using(key.place))

    async def story(world: World) -> None:
        await restarted_without_projects(world, lambda: world.kube.delete("default", IDENTITY_BACKENDS))
        await world.until(lambda: world.kube.look("default", IDENTITY_BACKENDS) is None, within=LATE / 2)
        assert world.kube.look("web") is not None

    told(story)


def test_how_many_projects_there_are_is_not_said_before_they_are_seen() -> None:
    async def story(world: World) -> None:
        await restarted_without_projects(world, world.kube.writes.clear)
        await asyncio.sleep(2 * LATE)
        assert backend_status(world)["projects"] == 1
        assert [place for place in world.kube.writes if place[0] == IDENTITY_BACKENDS.plural] == []

    told(story)


@pytest.mark.parametrize("policy", ["Delete", "Orphan"])
def test_what_goes_waits_until_all_others_have_been_seen_and_what_is_new_does_not(
    policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    see_all = Engine._see_all
    monkeypatch.setattr(Engine, "_see_all", lambda _: None)

    async def story(world: World) -> None:
        world.install()
        world.apply(deletionPolicy=policy)
        world.start()
        await world.ready()
        world.kube.delete("web")
        await asyncio.sleep(LATE)
        assert world.kube.look("web") is not None
        assert world.backend.count("delete") == 0

        assert world.engine is not None
        see_all(world.engine)
        await gone(world)

    told(story)
