"""Stories of Projects under the name of one that let its project go, in a backend that never deletes.

The real engine, virtual time, one promise a test.
"""

import asyncio
from dataclasses import replace

from simulation.backend import Fault
from simulation.loop import run_virtually
from simulation.stories import calls, gone, nothing_happens, reason, told
from simulation.world import IN_FLIGHT_BOUND, World

from project_operator.api.marks import ORPHANED
from project_operator.backends.base import ProjectContent

never_deleting = told(keystone=True, deletes=False, ignores_case=True)
PRINCIPAL = "robot"
"""Who the simulated backend says we are."""
OTHERS = "iproj1:0123456789abcdef:0123456789abcdef:01234567:4c7d1b9e-5a80-4d0e-9b36-2f6e8a7c1d05"


async def let_go(world: World, **spec: object) -> str:
    """A Project is made and ends with `Disable`; the id of what it leaves."""
    world.apply(**{"deletionPolicy": "Disable", **spec})
    await world.ready()
    project_id = str(world.status()["id"])
    world.kube.delete("web")
    await gone(world)
    assert world.backend.truth[project_id].content.enabled is False
    return project_id


def made_by(world: World, project_id: str, who: str) -> None:
    """Let the backend say that ``who`` has made it; "": it does not tell."""
    world.backend.put(replace(world.backend.truth[project_id], created_by=who))


async def taken_up(world: World, project_id: str, uid: str) -> None:
    """The Project with ``uid`` is Ready with that project, which is switched on and carries its mark."""
    await world.ready()
    content = world.backend.truth[project_id].content
    assert (world.status()["id"], content.enabled, content.mark) == (project_id, True, world.mark(uid))
    assert world.status()["origin"] == "Resumed"
    assert world.backend.count("create") == 1
    assert len(world.backend.truth) == 1
    await nothing_happens(world)


@never_deleting
async def test_the_next_of_the_name_takes_it_up_and_switches_it_on(world: World) -> None:
    project_id = await let_go(world, description="before")
    uid = world.apply(deletionPolicy="Disable", description="after")
    await taken_up(world, project_id, uid)
    assert world.remote().content.description == "after"
    assert world.backend.count("update") == 2, "one switched it off, and one put everything right"


@never_deleting
async def test_again_and_again(world: World) -> None:
    project_id = await let_go(world)
    for _ in range(2):
        uid = world.apply(deletionPolicy="Disable")
        await taken_up(world, project_id, uid)
        world.kube.delete("web")
        await gone(world)
        assert world.backend.truth[project_id].content.enabled is False


@never_deleting
async def test_under_another_name_in_the_backend_it_is_renamed(world: World) -> None:
    project_id = await let_go(world, name="Shop")
    uid = world.apply(deletionPolicy="Disable", name="Store")
    await taken_up(world, project_id, uid)
    assert world.remote().content.name == "Store"


@never_deleting
async def test_what_is_to_be_off_stays_off(world: World) -> None:
    project_id = await let_go(world)
    world.apply(deletionPolicy="Disable", enabled=False)
    await world.ready()
    assert (world.status()["id"], world.remote().content.enabled) == (project_id, False)
    await nothing_happens(world)


@never_deleting
async def test_a_person_may_switch_it_off_again_afterwards(world: World) -> None:
    project_id = await let_go(world)
    uid = world.apply(deletionPolicy="Disable")
    await taken_up(world, project_id, uid)
    world.backend.edit(project_id, enabled=False)
    await world.until(lambda: world.status()["observed"]["enabled"] is False)
    await nothing_happens(world)
    assert world.remote().content.enabled is False


@never_deleting
async def test_a_crash_before_the_update_changes_nothing(world: World) -> None:
    project_id = await let_go(world)
    world.backend.faults.append(Fault("update"))
    uid = world.apply(deletionPolicy="Disable")
    await world.until(lambda: world.backend.count("update") == 2)
    await world.crash()
    assert world.status()["id"] == project_id
    assert world.backend.truth[project_id].content.enabled is False
    world.start()
    await taken_up(world, project_id, uid)


@never_deleting
async def test_so_does_an_operator_that_starts_later(world: World) -> None:
    project_id = await let_go(world)
    await world.crash()
    uid = world.apply(deletionPolicy="Disable")
    world.start()
    await taken_up(world, project_id, uid)


@never_deleting
async def test_one_that_may_have_sent_a_creation_is_looked_for_first(world: World) -> None:
    world.backend.faults.append(Fault("create"))
    uid = world.apply(deletionPolicy="Disable")
    await world.until(lambda: world.backend.count("create"))
    begun = asyncio.get_running_loop().time()
    left = ProjectContent("web", mark=world.mark("00000000-0000-4000-8000-0000000000ff"), enabled=False)
    project_id = world.backend.make(left).id
    made_by(world, project_id, PRINCIPAL)
    await world.until(lambda: world.status().get("id"))
    assert asyncio.get_running_loop().time() - begun > IN_FLIGHT_BOUND, "its absence had to be proved"
    await taken_up(world, project_id, uid)


@never_deleting
async def test_what_nobody_is_known_to_have_made_is_taken_up(world: World) -> None:
    project_id = await let_go(world)
    made_by(world, project_id, "")
    world.apply(deletionPolicy="Disable")
    await world.ready()
    assert (world.status()["id"], world.status()["origin"]) == (project_id, "Resumed")


@never_deleting
async def test_a_copy_that_somebody_else_made_is_not_taken_up(world: World) -> None:
    project_id = await let_go(world)
    made_by(world, project_id, "somebody")
    before = calls(world, "create", "update")
    world.apply(deletionPolicy="Disable")
    await reason(world, "Conflict")
    assert world.backend.truth[project_id].content.enabled is False
    assert calls(world, "create", "update") == before


@never_deleting
async def test_a_plan_shows_it_and_does_nothing(world: World) -> None:
    project_id = await let_go(world)
    before = calls(world, "create", "update")
    world.apply(deletionPolicy="Disable", managementPolicy="Plan")
    await world.until(lambda: world.status().get("plan"))
    assert [call["target"] for call in world.status()["plan"]] == [f"/projects/{project_id}"]
    assert calls(world, "create", "update") == before
    world.kube.edit("web", managementPolicy="Manage")
    await world.ready()
    assert world.remote().content.enabled is True


@never_deleting
async def test_what_is_not_off_is_shown_to_a_person(world: World) -> None:
    project_id = await let_go(world)
    world.backend.edit(project_id, enabled=True)
    await asyncio.sleep(30)
    before = calls(world, "create", "update")
    world.apply(deletionPolicy="Disable")
    message = await reason(world, "Conflict")
    assert f"`spec.import.id: {project_id}`" in message
    assert "delete it" not in message
    await nothing_happens(world)
    assert calls(world, "create", "update") == before


@never_deleting
async def test_of_several_none_is_chosen(world: World) -> None:
    project_id = await let_go(world)
    world.backend.make(world.backend.truth[project_id].content)
    await asyncio.sleep(30)
    world.apply(deletionPolicy="Disable")
    await reason(world, "Conflict")
    await nothing_happens(world)


@never_deleting
async def test_somebody_elses_is_never_taken_up(world: World) -> None:
    theirs = world.backend.make(ProjectContent("web", mark=OTHERS, enabled=False))
    unmarked = world.backend.make(ProjectContent("web", enabled=False))
    await asyncio.sleep(30)
    world.apply(deletionPolicy="Disable")
    await world.ready()
    assert world.status()["id"] not in {theirs.id, unmarked.id}
    assert world.backend.truth[theirs.id] == theirs
    assert world.backend.truth[unmarked.id] == unmarked


@never_deleting
async def test_nor_is_one_of_a_namespace_that_was_made_anew(world: World) -> None:
    project_id = await let_go(world)
    before = world.backend.truth[project_id]
    world.kube.remake_namespace()
    await asyncio.sleep(30)
    world.apply(deletionPolicy="Disable")
    assert "in an earlier namespace of that name; no second one is created" in await reason(world, "Conflict")
    await nothing_happens(world)
    assert world.backend.truth[project_id] == before


@told(keystone=True)
async def test_where_it_could_be_deleted_a_person_says_what_is_to_become_of_it(world: World) -> None:
    project_id = await let_go(world)
    world.apply(deletionPolicy="Disable")
    assert f"`spec.import.id: {project_id}`" in await reason(world, "Conflict")
    await nothing_happens(world)
    assert world.backend.truth[project_id].content.enabled is False


# Names without case.


@never_deleting
async def test_a_name_in_another_case_is_no_difference(world: World) -> None:
    world.apply(name="Shop")
    await world.ready()
    world.backend.edit(world.status()["id"], name="SHOP")
    await world.until(lambda: world.status()["name"] == "SHOP")
    await nothing_happens(world)
    assert (world.remote().content.name, calls(world, "update")) == ("SHOP", 0)


@told(keystone=True)
async def test_where_case_counts_it_is_one(world: World) -> None:
    world.apply(name="Shop")
    await world.ready()
    world.backend.edit(world.status()["id"], name="SHOP")
    await world.until(lambda: world.remote().content.name == "Shop")


@never_deleting
async def test_an_import_by_name_finds_it_in_any_case(world: World) -> None:
    there = world.backend.make(ProjectContent("SHOP", enabled=True))
    world.apply(name="shop", **{"import": {"byName": "Required"}})
    await world.ready()
    assert world.status()["id"] == there.id
    assert world.remote().content.name == "SHOP"


@told(keystone=True)
async def test_where_case_counts_it_does_not(world: World) -> None:
    world.backend.make(ProjectContent("SHOP", enabled=True))
    world.apply(name="shop", **{"import": {"byName": "Required"}})
    await reason(world, "ImportNotFound")


# Tenants.


def test_a_tenant_who_may_import_nothing_gets_back_what_it_had() -> None:
    async def story() -> None:
        async with World(7, keystone=True, deletes=False) as world:
            world.install_for_all(tenancy={"allowedDeletionPolicies": ["Disable"]})
            world.default_backend = ("ClusterIdentityBackend", "cloud")
            world.start()
            project_id = await let_go(world)
            uid = world.apply(deletionPolicy="Disable")
            await taken_up(world, project_id, uid)

    run_virtually(story())


@never_deleting
async def test_one_that_lost_its_mark_is_not_written_any_more(world: World) -> None:
    project_id = await let_go(world)
    uid = world.apply(deletionPolicy="Disable")
    await taken_up(world, project_id, uid)
    world.backend.edit(project_id, mark="", description="by hand")
    assert "has lost this object's mark" in await reason(world, "Conflict")
    await nothing_happens(world)
    assert world.remote().content.description == "by hand"


@never_deleting
async def test_let_go_before_it_was_changed_it_is_nobodys(world: World) -> None:
    """Taken up, and not written to yet: `Orphan` takes the predecessor's mark off, so the next of the name has none."""
    project_id = await let_go(world)
    world.backend.faults.append(Fault("update"))
    world.apply(deletionPolicy="Orphan", deletionProtection=True)
    await world.until(lambda: world.status().get("origin") == "Resumed")
    world.kube.edit("web", deletionProtection=False)
    world.kube.delete("web")
    await gone(world)
    assert world.backend.truth[project_id].content.mark == ORPHANED
    assert world.backend.truth[project_id].content.enabled is False, "the project stays as it is"
