"""Stories of creations whose outcome is not known, in a backend of a kind that cannot tell: no second one by itself.

The real engine, virtual time, one promise a test.
"""

import asyncio
from typing import Any

import pytest
from simulation.backend import Fault
from simulation.stories import gone, nothing_happens, reason, told
from simulation.world import IN_FLIGHT_BOUND, READ_LAG, World

from project_operator.api.marks import ORPHANED
from project_operator.api.names import REPEAT_CREATION_ANNOTATION
from project_operator.errors import RequestRefused

LONG = 10 * (IN_FLIGHT_BOUND + READ_LAG)


async def held(world: World) -> str:
    """Wait until a person is asked; the word that the message gives."""
    await world.until(lambda: world.condition(type_="Stalled").get("reason") == "OutcomeUnknown")
    message = str(world.condition()["message"])
    assert "spec.import.id" in message
    assert REPEAT_CREATION_ANNOTATION in message
    return message.rpartition("to '")[2].partition("'")[0]


async def going(world: World, **spec: object) -> str:
    """A Project whose creation got no answer is deleted, and held for a person; the word that the message gives."""
    world.apply(**spec)
    await held(world)
    world.kube.delete("web")
    await world.until(lambda: str(world.condition(type_="Stalled").get("message")).startswith("the deletion waits"))
    assert world.reason() == "OutcomeUnknown"
    message = str(world.condition()["message"])
    assert "`deletionPolicy: Orphan`" in message
    return message.rpartition("to '")[2].partition("'")[0]


def repeat(world: World, word: str) -> None:
    """A person has looked and says so."""
    world.kube.annotate("web", **{REPEAT_CREATION_ANNOTATION: word})


def last_words(world: World) -> str:
    """What the last Event says."""
    return world.notices[-1][1].note


@told(repeats_creation=False)
async def test_what_was_created_is_found_by_its_mark(world: World) -> None:
    world.backend.faults.append(Fault("create", commit_after=1.0))
    world.apply()
    await world.ready()
    assert world.backend.count("create") == 1


@told(repeats_creation=False)
async def test_what_is_not_found_is_never_created_again_by_itself(world: World) -> None:
    world.backend.faults.append(Fault("create"))
    world.apply()
    await held(world)
    await nothing_happens(world, 3600)
    assert world.backend.count("create") == 1


@told()
async def test_where_the_backend_can_tell_it_is(world: World) -> None:
    world.backend.faults.append(Fault("create"))
    world.apply()
    await world.ready()
    assert world.backend.count("create") == 2


@told(repeats_creation=False)
async def test_what_appears_far_too_late_is_taken_up(world: World) -> None:
    world.backend.faults.append(Fault("create", commit_after=LONG))
    world.apply()
    await held(world)
    await world.ready()
    assert world.backend.count("create") == 1
    assert not world.condition(type_="Stalled")


@told(repeats_creation=False)
async def test_a_persons_word_is_good_for_one_more(world: World) -> None:
    world.backend.faults += [Fault("create"), Fault("create")]
    world.apply()
    first = await held(world)
    repeat(world, first)
    await world.until(lambda: world.backend.count("create") == 2)
    await asyncio.sleep(LONG)
    second = await held(world)
    assert second != first
    await nothing_happens(world)
    repeat(world, second)
    await world.ready()
    assert world.backend.count("create") == 3
    assert len(world.backend.living()) == 1


@told(repeats_creation=False)
async def test_any_other_word_is_none(world: World) -> None:
    world.backend.faults.append(Fault("create"))
    world.apply()
    await held(world)
    repeat(world, "true")
    await nothing_happens(world)
    assert world.backend.count("create") == 1


@told(repeats_creation=False)
async def test_after_a_crash_nobody_knows_either(world: World) -> None:
    world.backend.faults.append(Fault("create"))
    world.apply()
    await world.until(lambda: world.backend.count("create"))
    await world.crash()
    world.start()
    await held(world)
    assert world.backend.count("create") == 1


@told(repeats_creation=False)
async def test_a_clean_refusal_is_known(world: World) -> None:
    world.backend.faults.append(Fault("create", error=RequestRefused("`displayName`: too long")))
    world.apply()
    await reason(world, "RequestRefused")
    world.kube.edit("web", description="new")
    await world.ready()
    assert world.backend.count("create") == 2


@told(repeats_creation=False)
async def test_what_is_proved_gone_is_created_anew(world: World) -> None:
    world.apply(missingPolicy="Recreate")
    await world.ready()
    first = world.status()["id"]
    world.backend.begin_deletion(first)
    await world.until(lambda: world.status().get("id") not in {None, first})
    await world.ready()
    assert world.backend.count("create") == 2


@told(repeats_creation=False)
async def test_a_lost_answer_to_that_is_not_known_again(world: World) -> None:
    world.apply(missingPolicy="Recreate")
    await world.ready()
    world.backend.faults.append(Fault("create"))
    world.backend.begin_deletion(world.status()["id"])
    await held(world)
    await nothing_happens(world)
    assert world.backend.count("create") == 2


@told(repeats_creation=False)
async def test_nor_is_its_absence_believed_when_the_object_is_deleted(world: World) -> None:
    world.backend.faults.append(Fault("create", commit_after=LONG))
    await going(world)
    await gone(world, within=2 * LONG)
    assert world.backend.living() == []
    assert world.backend.count("delete") == 1
    assert last_words(world) == "project p1 is gone from the backend"


@told(repeats_creation=False)
async def test_nor_after_a_crash(world: World) -> None:
    world.backend.faults.append(Fault("create", commit_after=LONG))
    await going(world)
    await world.crash()
    world.start()
    await gone(world, within=2 * LONG)
    assert world.backend.living() == []


@told(repeats_creation=False)
async def test_a_persons_word_ends_that_for_this_record_alone(world: World) -> None:
    world.backend.faults.append(Fault("create"))
    word = await going(world)
    await nothing_happens(world, 3600)
    repeat(world, "true")
    await nothing_happens(world)
    repeat(world, word)
    await gone(world)
    assert world.backend.count("create") == 1
    assert (
        last_words(world)
        == f"nothing of this object is in the backend, as the annotation `{REPEAT_CREATION_ANNOTATION}` says"
    )


@told(repeats_creation=False)
async def test_so_does_who_lets_whatever_there_is_stay(world: World) -> None:
    world.backend.faults.append(Fault("create", commit_after=LONG))
    await going(world)
    mark = world.mark((world.kube.look("web") or {})["metadata"]["uid"])
    world.kube.edit("web", deletionPolicy="Orphan")
    await gone(world)
    assert "whether the last creation made one is not known" in last_words(world)
    assert last_words(world).endswith(f"look in the backend for a project 'web' with the mark {mark}")
    await world.until(lambda: world.notices[-1][1].reason == "LeftOver", within=2 * LONG)
    world.apply(deletionPolicy="Orphan")
    assert "p1 was made for an earlier Project of this name" in await reason(world, "Conflict")
    assert world.backend.count("create") == 1


@pytest.mark.parametrize("spec", [{"deletionPolicy": "Orphan"}, {"managementPolicy": "Plan"}], ids=["orphan", "plan"])
def test_who_gives_up_may_go_and_hears_what_is_not_known(spec: dict[str, Any]) -> None:
    @told(repeats_creation=False)
    async def story(world: World) -> None:
        world.backend.faults.append(Fault("create"))
        world.apply()
        await held(world)
        world.kube.edit("web", **spec)
        world.kube.delete("web")
        await gone(world)
        assert world.backend.count("create") == 1
        assert "whether the last creation made one is not known" in last_words(world)
        assert "the project stays" not in last_words(world)

    story()


@told(repeats_creation=False)
async def test_what_orphan_finds_in_time_stays_and_is_known(world: World) -> None:
    world.backend.faults.append(Fault("create", commit_after=IN_FLIGHT_BOUND - 1))
    world.apply(deletionPolicy="Orphan")
    await reason(world, "OutcomeUnknown")
    world.kube.delete("web")
    await gone(world)
    assert last_words(world) == "`deletionPolicy: Orphan`: the project stays, without this object's mark"
    assert [one.content.mark for one in world.backend.living()] == [ORPHANED]


@told(repeats_creation=False)
async def test_a_clean_refusal_holds_no_deletion(world: World) -> None:
    world.backend.faults.append(Fault("create", error=RequestRefused("`displayName`: too long")))
    world.apply()
    await reason(world, "RequestRefused")
    world.kube.delete("web")
    await gone(world, within=READ_LAG)
    assert last_words(world) == "nothing of this object is in the backend"


@told(repeats_creation=False)
async def test_nor_does_a_creation_anew_that_was_never_sent(world: World) -> None:
    world.apply(missingPolicy="Recreate")
    await world.ready()
    first = world.status()["id"]
    world.backend.begin_deletion(first)
    await world.until(lambda: world.status().get("goneIDs") == [first])
    world.kube.delete("web")
    await gone(world)
    assert world.backend.count("create") == 1


@told()
async def test_where_the_backend_can_tell_no_deletion_is_held(world: World) -> None:
    world.backend.faults.append(Fault("create"))
    world.apply()
    await reason(world, "OutcomeUnknown")
    world.kube.delete("web")
    await gone(world)
    assert last_words(world) == "nothing of this object is in the backend"


@told()
async def test_what_appears_late_is_found_deleted_and_named(world: World) -> None:
    world.backend.faults.append(Fault("create", commit_after=IN_FLIGHT_BOUND - 1))
    world.apply()
    await reason(world, "OutcomeUnknown")
    world.kube.delete("web")
    await gone(world)
    assert world.backend.living() == []
    assert last_words(world) == "project p1 is gone from the backend"


@told(deletes=False)
async def test_where_projects_are_not_deleted_the_deletion_waits_for_another_policy(world: World) -> None:
    world.apply(deletionPolicy="Delete")
    await world.ready()
    world.kube.delete("web")
    assert "set 'Orphan'" in await reason(world, "Unsupported")
    await nothing_happens(world)
    world.kube.edit("web", deletionPolicy="Orphan")
    await gone(world)
    assert not world.backend.count("delete")
    assert len(world.backend.living()) == 1


@told(deletes=False, create_delay=1.0)
async def test_what_was_made_for_an_object_that_is_gone_is_left_over(world: World) -> None:
    world.apply()
    await world.until(lambda: world.backend.count("create"))
    world.kube.strip_finalizers("web")
    world.kube.delete("web")
    await world.until(world.backend.living)
    await asyncio.sleep(LONG)
    assert world.backend.count("delete") == 0
    assert len(world.backend.living()) == 1
