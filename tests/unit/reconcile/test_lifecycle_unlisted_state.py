"""Stories of a backend whose lists do not show in what state a project is: what is settled is believed for a while,
nothing else is.

The real engine, virtual time, one promise a test.
"""

import asyncio

from simulation.backend import Fault
from simulation.stories import calls, gone, nothing_happens, reason, told
from simulation.world import IN_FLIGHT_BOUND, World

from project_operator.api.names import RECONCILE_ANNOTATION
from project_operator.backends.base import ProjectContent
from project_operator.errors import Throttled

in_lists_without_state = told(keystone=True, lists_state=False)
MANY = 40


async def many_settled(world: World) -> None:
    world.kube.uids_apart = 1237
    for number in range(MANY):
        world.apply(f"p{number}", enabled=number % 2 == 0)
    await world.ready(within=2000)
    await world.stop()
    world.backend.calls.clear()


async def each_is_read_in_its_time(world: World) -> None:
    """Few of them soon, every one once within half an hour, and nothing is written for it."""
    await nothing_happens(world, 300)
    few = world.backend.count("get")
    await nothing_happens(world, 1800)
    assert 0 < few < MANY / 2
    assert world.backend.count("get") == MANY


@in_lists_without_state
async def test_a_restart_writes_nothing_and_reads_each_in_its_time(world: World) -> None:
    await many_settled(world)
    world.start()
    await each_is_read_in_its_time(world)


@in_lists_without_state
async def test_so_does_another_credential(world: World) -> None:
    """Whose connection knows nothing of what was read through the former one."""
    await many_settled(world)
    world.start()
    await nothing_happens(world, 2000)
    world.kube.edit("p0", description="written by this process")
    await world.ready()
    world.backend.calls.clear()
    world.kube.replace_secret("token", "bmV3")
    await each_is_read_in_its_time(world)
    assert world.backend.count("connect") == 1


@in_lists_without_state
async def test_a_person_s_look_again_is_not_kept_waiting(world: World) -> None:
    await many_settled(world)
    world.start()
    await world.until(lambda: world.backend.count("list"))
    world.backend.edit(world.status("p39")["id"], enabled=True)
    world.kube.annotate("p39", **{RECONCILE_ANNOTATION: "now"})
    await world.until(lambda: world.remote("p39").content.enabled is False, within=20)


@in_lists_without_state
async def test_what_is_new_waits_for_nothing_of_it(world: World) -> None:
    """Not a single read is answered."""
    await many_settled(world)
    world.start()
    await world.until(lambda: world.backend.count("list"))
    world.backend.faults.extend(
        Fault("get", Throttled("too many requests", operation="get_project")) for _ in range(99)
    )
    world.apply("new")
    await world.ready("new", within=10)


@in_lists_without_state
async def test_what_was_changed_while_nobody_looked_is_found(world: World) -> None:
    world.apply(enabled=True)
    await world.ready()
    await world.stop()
    world.backend.edit(world.status()["id"], enabled=False)
    world.start()
    await world.until(lambda: world.remote().content.enabled, within=1900)
    await world.ready()
    await nothing_happens(world)


@in_lists_without_state
async def test_what_is_not_settled_is_read_at_once(world: World) -> None:
    world.apply(enabled=True)
    await world.ready()
    await world.stop()
    world.kube.edit("web", enabled=False)
    world.start()
    await world.until(lambda: world.remote().content.enabled is False, within=10)


@in_lists_without_state
async def test_what_a_lost_creation_made_is_not_taken_up_on_its_way_out(world: World) -> None:
    """R6: an object that is being deleted is never adopted, be it that no list says so."""
    world.backend.faults.append(Fault("create", commit_after=1))
    world.apply()
    await reason(world, "OutcomeUnknown")
    await world.stop()
    await asyncio.sleep(2)
    (lost,) = world.backend.truth
    world.backend.blocked.add(lost)
    world.backend.begin_deletion(lost)
    world.start()
    await reason(world, "Deleting")
    assert "id" not in world.status()
    world.backend.blocked.clear()
    await world.ready()
    assert world.status()["id"] != lost
    assert calls(world, "create") == 2


@in_lists_without_state
async def test_nor_is_what_is_imported_by_its_name(world: World) -> None:
    theirs = world.backend.make(ProjectContent("theirs"))
    world.backend.blocked.add(theirs.id)
    world.backend.begin_deletion(theirs.id)
    world.apply(name="theirs", **{"import": {"byName": "Required"}})
    await reason(world, "ImportNotFound")
    assert "id" not in world.status()


@in_lists_without_state
async def test_deletion_reads_what_it_deletes(world: World) -> None:
    await many_settled(world)
    world.start()
    await world.until(lambda: world.backend.count("list"))
    world.kube.delete("p0")
    await gone(world, "p0", within=10 * IN_FLIGHT_BOUND)
    assert len(world.backend.living()) == MANY - 1
