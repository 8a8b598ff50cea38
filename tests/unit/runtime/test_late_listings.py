"""An operator starts, and hears of the backend objects later than of the Projects that refer to them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from simulation.loop import run_virtually
from simulation.world import World

from project_operator.api.marks import ORPHANED
from project_operator.kube.resources import CLUSTER_IDENTITY_BACKENDS, IDENTITY_BACKENDS, PROJECTS, Resource
from project_operator.runtime.backend_objects import BackendWorker
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
