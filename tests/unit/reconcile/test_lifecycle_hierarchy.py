"""Stories of parents and children: a child waits for its parent, a parent's end for its children.

The real engine, virtual time, one promise a test.
"""

import asyncio

import pytest
from simulation.stories import calls, gone, nothing_happens, reason, told
from simulation.world import World

from project_operator.kube.resources import IDENTITY_BACKENDS
from project_operator.reconcile import hierarchy


def parent_of(world: World, name: str) -> str | None:
    return world.remote(name).content.parent_id


async def tree(world: World) -> None:
    """A department, a team in it, and a shop in the team."""
    world.apply("shop", parentRef={"name": "team"})
    world.apply("team", parentRef={"name": "department"})
    world.apply("department")
    await world.ready()


@told(keystone=True)
async def test_a_tree_that_was_applied_in_the_wrong_order_grows_from_its_root(world: World) -> None:
    await tree(world)
    assert parent_of(world, "team") == world.status("department")["id"]
    assert parent_of(world, "shop") == world.status("team")["id"]
    assert calls(world, "create") == 3
    assert world.status("shop")["observed"]["parentID"] == world.status("team")["id"]
    await nothing_happens(world)


@told(keystone=True)
async def test_a_child_waits_for_its_parent_and_is_woken_when_it_is_ready(world: World) -> None:
    world.apply("team", parentRef={"name": "department"})
    assert "there is no Project 'department'" in await reason(world, "DependencyNotReady", "team")
    assert world.condition("team", "Reconciling")["status"] == "True"
    world.apply("department", groups=[{"name": "nobody", "roles": [{"name": "none"}]}])
    await world.until(lambda: "is not Ready" in world.condition("team").get("message", ""))
    assert calls(world, "create") == 0
    world.kube.edit("department", groups=None)
    await world.ready("department")
    await world.ready("team", within=1.0)


@told(keystone=True)
async def test_a_parent_by_id_is_just_that(world: World) -> None:
    world.apply("team", parentID="d1")
    await world.ready()
    assert parent_of(world, "team") == "d1"


@told(keystone=True)
async def test_a_child_of_what_is_being_deleted_waits(world: World) -> None:
    world.apply("department", deletionProtection=True)
    await world.ready()
    world.kube.delete("department")
    world.apply("team", parentRef={"name": "department"})
    assert "is being deleted" in await reason(world, "DependencyNotReady", "team")
    assert calls(world, "create") == 1


@told(keystone=True)
async def test_a_circle_is_refused_with_the_way_round(world: World) -> None:
    world.apply("a", parentRef={"name": "b"})
    world.apply("b", parentRef={"name": "c"})
    world.apply("c", parentRef={"name": "a"})
    assert "a -> b -> c -> a" in await reason(world, "InvalidSpec", "a")
    assert "c -> a -> b -> c" in await reason(world, "InvalidSpec", "c")
    world.apply("d", parentRef={"name": "a"})
    assert "'a' is not Ready" in await reason(world, "DependencyNotReady", "d")
    assert calls(world, "create") == 0
    world.kube.delete("a")
    await gone(world, "a")


@told(keystone=True)
async def test_its_own_parent_is_the_shortest_circle(world: World) -> None:
    world.apply("a", parentRef={"name": "a"})
    assert "a -> a" in await reason(world, "InvalidSpec", "a")


@told(keystone=True)
async def test_a_parent_with_another_backend_is_refused(world: World) -> None:
    nscale = {"url": "https://other", "auth": {"serviceAccountToken": {"secretRef": {"name": "token"}}}}
    world.kube.make(IDENTITY_BACKENDS, {"metadata": {"name": "other"}, "spec": {"nscale": nscale}})
    world.apply("department", backendRef={"name": "other"})
    world.apply("team", parentRef={"name": "department"})
    assert "another backend" in await reason(world, "InvalidSpec", "team")
    assert world.condition("team", "Stalled")["status"] == "True"


async def a_tree_is_deleted(world: World) -> None:
    await tree(world)
    ids = [world.status(name)["id"] for name in ("shop", "team", "department")]
    world.kube.delete("department")
    assert "delete Project team" in await reason(world, "DependencyNotReady", "department")
    await nothing_happens(world)
    assert calls(world, "delete") == 0
    world.kube.delete("team")
    assert "delete Project shop" in await reason(world, "DependencyNotReady", "team")
    world.kube.delete("shop")
    await gone(world, "department", within=20.0)
    assert [detail for name, _, detail in world.backend.calls if name == "delete"] == ids


test_a_parents_deletion_waits_for_its_children_names_them_and_goes_on_when_they_are_gone = told(keystone=True)(
    a_tree_is_deleted
)


def test_a_build_that_deletes_a_parent_before_its_children_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hierarchy, "held_by_children", lambda _view: None)
    with pytest.raises(AssertionError):
        told(keystone=True)(a_tree_is_deleted)()


@told(keystone=True)
async def test_children_that_never_came_to_be_do_not_hold_a_parent(world: World) -> None:
    world.apply("department")
    await world.ready()
    world.apply("team", parentRef={"name": "department"}, groups=[{"name": "nobody", "roles": [{"name": "none"}]}])
    await reason(world, "GroupNotFound", "team")
    world.kube.delete("department")
    await gone(world, "department")


@told(keystone=True)
async def test_an_orphan_leaves_its_children_where_they_are(world: World) -> None:
    await tree(world)
    world.kube.edit("department", deletionPolicy="Orphan")
    world.kube.delete("department")
    await gone(world, "department")
    await world.ready("team", "shop")
    assert parent_of(world, "team") in world.backend.truth
    await nothing_happens(world)


@told(keystone=True)
async def test_children_that_are_no_projects_of_ours_are_told_by_the_backend_and_asked_again(world: World) -> None:
    world.apply("department")
    await world.ready()
    content = world.remote("department").content
    child = world.backend.make(type(content)("foreign", parent_id=world.status("department")["id"]))
    world.kube.delete("department")
    assert "it has children" in await reason(world, "RequestRefused", "department")
    assert calls(world, "delete") == 1
    world.backend.begin_deletion(child.id)
    await gone(world, "department", within=400)
    assert calls(world, "delete") == 2


@told(keystone=True)
async def test_disabling_a_tree_begins_with_its_leaves(world: World) -> None:
    for name, above in (("department", None), ("team", "department")):
        world.apply(name, deletionPolicy="Disable", **({"parentRef": {"name": above}} if above else {}))
    await world.ready()
    world.kube.delete("department")
    await reason(world, "DependencyNotReady", "department")
    world.kube.delete("team")
    await gone(world, "department", within=20.0)
    assert [project.content.enabled for project in world.backend.living()] == [False, False]


@told(keystone=True)
async def test_a_parent_that_is_busy_does_not_trouble_children_that_are_there(world: World) -> None:
    await tree(world)
    world.backend.faults.clear()
    world.kube.edit("department", description="new")
    await asyncio.sleep(0.01)
    world.kube.edit("team", description="new too")
    await world.ready()
    assert [note.reason for name, note in world.notices if name == "shop"][-1] == "Succeeded"


@told(keystone=True)
async def test_a_restart_knows_the_tree(world: World) -> None:
    await tree(world)
    await world.crash()
    world.start()
    await asyncio.sleep(5)
    world.kube.delete("department")
    assert "team" in await reason(world, "DependencyNotReady", "department")
    assert calls(world, "delete") == 0


@told(keystone=True)
async def test_an_import_below_another_parent_is_refused(world: World) -> None:
    world.apply("department")
    await world.ready()
    elsewhere = world.backend.make(type(world.remote("department").content)("team"))
    world.apply("team", parentRef={"name": "department"}, **{"import": {"id": elsewhere.id}})
    assert "`spec.parentRef`" in await reason(world, "Unsupported", "team")
    assert "id" not in world.status("team")
