"""Stories of import and of reading only: look first, take what is free.

The real engine, virtual time, one promise a test.
"""

from simulation.backend import Fault
from simulation.stories import calls, gone, reason, told
from simulation.world import IN_FLIGHT_BOUND, World

from project_operator.backends.base import (
    ProjectContent,
    Tag,
)


@told()
async def test_import_by_id_marks_and_manages(world: World) -> None:
    made = world.backend.make(ProjectContent("legacy", "old", (Tag("theirs", "1"),)))
    uid = world.apply(description="new", **{"import": {"id": made.id}})
    await world.ready()
    content = world.remote().content
    assert (content.mark, content.description, content.tags) == (world.mark(uid), "new", (Tag("theirs", "1"),))
    assert world.status()["origin"] == "Imported"
    assert world.backend.count("create") == 0


@told()
async def test_import_waits_for_what_is_not_there(world: World) -> None:
    world.apply(**{"import": {"id": "nope"}})
    assert "no project nope" in await reason(world, "ImportNotFound")
    assert world.backend.count("create") == 0


@told()
async def test_import_of_what_is_being_deleted_waits(world: World) -> None:
    world.backend.delete_delay = 10_000.0
    made = world.backend.make(ProjectContent("legacy"))
    world.backend.begin_deletion(made.id)
    world.apply(**{"import": {"id": made.id}})
    assert "being deleted" in await reason(world, "ImportNotFound")


@told()
async def test_import_of_a_neighbours_project_is_a_conflict_and_writes_nothing(world: World) -> None:
    world.apply("other")
    await world.ready()
    theirs = world.status("other")["id"]
    world.apply(**{"import": {"id": theirs}})
    await reason(world, "Conflict")
    assert world.backend.count("update") == 0


@told()
async def test_two_observers_of_one_project_the_second_is_told(world: World) -> None:
    made = world.backend.make(ProjectContent("legacy"))
    world.apply("one", managementPolicy="Observe", **{"import": {"id": made.id}})
    await world.ready("one")
    world.apply("two", managementPolicy="Observe", **{"import": {"id": made.id}})
    assert "ns/one" in await reason(world, "Conflict", "two")


@told()
async def test_import_by_name_takes_the_only_one(world: World) -> None:
    made = world.backend.make(ProjectContent("legacy"))
    world.apply(name="legacy", **{"import": {"byName": "Required"}})
    await world.ready()
    assert world.status()["id"] == made.id


@told()
async def test_import_by_name_of_several_names_them(world: World) -> None:
    ids = [world.backend.make(ProjectContent("legacy")).id for _ in range(2)]
    world.apply(name="legacy", **{"import": {"byName": "Required"}})
    message = await reason(world, "ImportAmbiguous")
    assert all(one in message for one in ids)


@told()
async def test_import_by_name_required_and_absent_waits_and_creates_nothing(world: World) -> None:
    world.apply(name="legacy", **{"import": {"byName": "Required"}})
    await reason(world, "ImportNotFound")
    assert world.backend.count("create") == 0
    world.backend.make(ProjectContent("legacy"))
    await world.ready()


@told()
async def test_import_by_name_if_present_creates_what_is_absent(world: World) -> None:
    world.apply(name="legacy", **{"import": {"byName": "IfPresent"}})
    await world.ready()
    assert world.status()["origin"] == "Created"


@told()
async def test_import_by_name_if_present_survives_an_unknown_outcome(world: World) -> None:
    world.backend.faults.append(Fault("create", commit_after=IN_FLIGHT_BOUND - 1))
    world.apply(name="legacy", **{"import": {"byName": "IfPresent"}})
    await world.ready()
    assert len(world.backend.living()) == 1


@told()
async def test_import_by_name_of_anothers_is_a_conflict(world: World) -> None:
    world.apply("other", name="legacy")
    await world.ready()
    world.apply(name="legacy", **{"import": {"byName": "Required"}})
    assert "carries the mark of another" in await reason(world, "Conflict")


@told()
async def test_observe_reads_only_and_lets_go_without_a_call(world: World) -> None:
    made = world.backend.make(ProjectContent("legacy", "theirs"))
    world.apply(description="ours", managementPolicy="Observe", **{"import": {"id": made.id}})
    await reason(world, "Observed")
    assert world.status()["drift"][0]["field"] == "name"
    assert (world.kube.look("web") or {})["metadata"].get("finalizers") is None
    world.kube.delete("web")
    await gone(world)
    assert calls(world, "create", "update", "delete") == 0


@told()
async def test_a_managed_project_that_becomes_observed_is_released_without_a_call(world: World) -> None:
    world.apply()
    await world.ready()
    world.kube.edit("web", managementPolicy="Observe")
    await reason(world, "Observed")
    world.kube.delete("web")
    await gone(world)
    assert len(world.backend.living()) == 1
    assert calls(world, "update", "delete") == 0
