"""Stories of a restore from a backup: the Projects are there again, in another cluster, without status.

The real engine, virtual time, one promise a test.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest
from simulation.backend import Fault
from simulation.loop import run_virtually
from simulation.stories import calls, gone, nothing_happens, reason
from simulation.world import CLUSTER, IN_FLIGHT_BOUND, READ_LAG, World

from project_operator.api.marks import cluster_digest
from project_operator.api.names import RECONCILE_ANNOTATION
from project_operator.reconcile import rest, restoring
from project_operator.reconcile.actions import Action, Poll
from project_operator.reconcile.evidence import Listing
from project_operator.reconcile.view import Cluster, View

RESTORE = Cluster(CLUSTER, restores=True)
FAMILIES: dict[str, dict[str, Any]] = {
    "asynchronous": {},
    "synchronous": {"keystone": True},
    "never deleting": {"keystone": True, "deletes": False, "ignores_case": True},
    "never repeating": {"repeats_creation": False, "deletes": False},
}
NAMES = ("web", "shop", "mail")


async def lost(world: World, names: tuple[str, ...] = NAMES, **spec: Any) -> dict[str, str]:
    """Projects that were Ready, in a cluster that is gone; their ids."""
    world.install()
    world.start()
    for name in names:
        world.apply(name, name=f"the {name}", description="as it was", **spec)
    await world.ready()
    ids = {name: str(world.status(name)["id"]) for name in names}
    await world.crash()
    for name in names:
        world.kube.strip_finalizers(name)
        world.kube.delete(name)
    world.kube.remake_namespace()
    world.backend.calls.clear()
    return ids


def restored(world: World, names: tuple[str, ...] = NAMES, **spec: Any) -> dict[str, str]:
    """The same Projects, from a backup without status; their new uids."""
    return {name: world.apply(name, name=f"the {name}", description="as it was", **spec) for name in names}


def tell(story: Callable[[World], Coroutine[Any, Any, None]], **backend: Any) -> None:
    async def told() -> None:
        async with World(**backend) as world:
            await story(world)

    run_virtually(told())


@pytest.mark.parametrize("family", FAMILIES)
def test_with_the_former_cluster_s_id_every_project_is_found(family: str) -> None:
    async def story(world: World) -> None:
        ids = await lost(world)
        uids = restored(world)
        world.cluster = RESTORE
        world.start()
        await world.ready()
        assert {name: world.status(name)["id"] for name in NAMES} == ids
        assert {name: world.remote(name).content.mark.rpartition(":")[2] for name in NAMES} == uids
        assert {world.status(name)["origin"] for name in NAMES} == {"Restored"}
        assert calls(world, "create") == 0
        assert calls(world, "update") == len(NAMES)
        await nothing_happens(world)
        # Afterwards they are Projects like others, with the setting off again.
        await world.stop()
        world.cluster = Cluster(CLUSTER)
        world.start()
        world.kube.edit("web", description="edited")
        await world.until(lambda: world.remote().content.description == "edited")

    tell(story, **FAMILIES[family])


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("told", "setting"),
    [
        (Cluster("another"), f"its cluster id (or to sha256:{cluster_digest(CLUSTER)})"),
        (Cluster("another", restores=True), "PROJECT_OPERATOR_CLUSTER_ID set to its cluster id"),
        (Cluster(CLUSTER), "PROJECT_OPERATOR_RESTORE=true"),
    ],
    ids=["neither is set", "only the restore", "only the id"],
)
def test_else_every_project_is_a_conflict_that_names_the_setting_and_none_is_created(
    family: str, told: Cluster, setting: str
) -> None:
    async def story(world: World) -> None:
        ids = await lost(world)
        before = dict(world.backend.truth)
        world.cluster = told
        restored(world)
        world.start()
        for name in NAMES:
            assert setting in await reason(world, "Conflict", name)
        await nothing_happens(world)
        assert calls(world, "create", "update", "delete") == 0
        assert dict(world.backend.truth) == before
        # It heals when the settings are right.
        await world.stop()
        world.cluster = Cluster(f"sha256:{cluster_digest(CLUSTER)}", restores=True)
        world.start()
        await world.ready()
        assert {name: world.status(name)["id"] for name in NAMES} == ids

    tell(story, **FAMILIES[family])


def test_a_cluster_that_is_known_to_live_on_is_in_nobody_s_way() -> None:
    async def story(world: World) -> None:
        ids = await lost(world)
        world.cluster = Cluster("another", neighbours=frozenset({cluster_digest(CLUSTER)}))
        restored(world)
        world.start()
        await world.ready()
        assert {world.status(name)["id"] for name in NAMES}.isdisjoint(ids.values())

    tell(story)


def test_an_import_is_restored_too_and_refused_without_the_setting() -> None:
    async def story(world: World) -> None:
        ids = await lost(world, ("web",))
        restored(world, ("web",), **{"import": {"id": ids["web"]}})
        world.start()
        assert "PROJECT_OPERATOR_RESTORE=true" in await reason(world, "Conflict")
        await world.stop()
        world.cluster = RESTORE
        world.start()
        await world.ready()
        assert (world.status()["id"], world.status()["origin"]) == (ids["web"], "Imported")

    tell(story)


def test_plan_shows_the_claim_and_makes_none() -> None:
    async def story(world: World) -> None:
        ids = await lost(world, ("web",))
        world.cluster = RESTORE
        restored(world, ("web",), managementPolicy="Plan")
        world.start()
        await reason(world, "Planned")
        assert [call["target"] for call in world.status()["plan"]] == [f"/projects/{ids['web']}"]
        await nothing_happens(world)
        assert calls(world, "update") == 0

    tell(story)


def test_nothing_is_named_before_the_mark_has_stayed() -> None:
    async def story(world: World) -> None:
        ids = await lost(world, ("web",))
        world.cluster = RESTORE
        uid = restored(world, ("web",))["web"]
        world.start()
        await world.until(lambda: calls(world, "update"))
        written_at = world.backend.calls[-1][1]
        await world.until(lambda: world.status().get("id"))
        assert asyncio.get_running_loop().time() > written_at + IN_FLIGHT_BOUND + READ_LAG
        assert world.status()["id"] == ids["web"]
        assert world.remote().content.mark.endswith(f":{uid}")

    tell(story)


def test_whoever_starts_in_between_waits_as_long() -> None:
    async def story(world: World) -> None:
        await lost(world, ("web",))
        world.cluster = RESTORE
        restored(world, ("web",))
        world.start()
        await world.until(lambda: calls(world, "update"))
        await world.crash()
        started_at = asyncio.get_running_loop().time()
        world.start()
        await world.until(lambda: world.status().get("id"))
        assert asyncio.get_running_loop().time() > started_at + IN_FLIGHT_BOUND + READ_LAG
        assert world.status()["origin"] == "Restored"
        await world.ready()

    tell(story)


def test_a_mark_that_comes_back_is_somebody_s_who_lives() -> None:
    async def story(world: World) -> None:
        ids = await lost(world, ("web",))
        former = world.backend.truth[ids["web"]].content.mark
        world.cluster = RESTORE
        restored(world, ("web",))
        world.start()
        await world.until(lambda: calls(world, "update"))
        await world.until(lambda: world.backend.truth[ids["web"]].content.mark != former)
        world.backend.edit(ids["web"], mark=former)
        assert "lives on" in await reason(world, "Conflict")
        await nothing_happens(world)
        assert calls(world, "update") == 1
        assert "id" not in world.status()
        # It has been stopped, says a person.
        world.kube.annotate("web", **{RECONCILE_ANNOTATION: "1"})
        await world.ready()
        assert world.status()["id"] == ids["web"]

    tell(story)


@pytest.mark.parametrize(("made_by", "meant"), [("robot", False), ("somebody", True)])
def test_of_two_the_one_that_this_credential_made_is_meant_or_a_person_says(made_by: str, *, meant: bool) -> None:
    async def story(world: World) -> None:
        ids = await lost(world, ("web",))
        double = world.backend.make(world.backend.truth[ids["web"]].content)
        world.backend.put(replace(double, created_by=made_by))
        before = world.backend.truth[double.id].content
        world.cluster = RESTORE
        restored(world, ("web",))
        world.start()
        if meant:
            await world.ready()
            assert world.status()["id"] == ids["web"]
        else:
            assert double.id in await reason(world, "Conflict")
            await nothing_happens(world)
            assert calls(world, "update") == 0
        assert world.backend.truth[double.id].content == before
        assert calls(world, "create") == 0

    tell(story)


def test_an_answer_that_is_lost_is_waited_out_and_the_project_found() -> None:
    async def story(world: World) -> None:
        ids = await lost(world, ("web",))
        world.cluster = RESTORE
        restored(world, ("web",))
        world.backend.faults.append(Fault("update", commit_after=IN_FLIGHT_BOUND - 0.5))
        world.start()
        await world.ready()
        assert world.status()["id"] == ids["web"]
        assert calls(world, "create") == 0

    tell(story)


def test_a_project_that_is_deleted_amid_its_claim_leaves_nothing_of_ours_behind() -> None:
    async def story(world: World) -> None:
        await lost(world, ("web",))
        world.cluster = RESTORE
        restored(world, ("web",), deletionPolicy="Delete")
        world.start()
        await world.until(lambda: calls(world, "update"))
        world.kube.delete("web")
        await gone(world)
        assert world.backend.living() == []

    tell(story)


def test_what_was_never_made_is_made_during_a_restore_as_ever() -> None:
    async def story(world: World) -> None:
        await lost(world, ("web",))
        world.cluster = RESTORE
        world.apply("afresh")
        world.start()
        await world.ready()
        assert calls(world, "create") == 1

    tell(story)


def test_a_claim_that_does_not_wait_for_the_mark_to_stay_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_soon(view: View, listing: Listing | None) -> Action | None:
        after = view.memory.last_write_at
        return None if listing is not None and listing.begun_at > after else rest.unchanged(poll=Poll("", after, 0.0))

    monkeypatch.setattr(restoring, "_read_back", too_soon)
    with pytest.raises(AssertionError):
        test_nothing_is_named_before_the_mark_has_stayed()
