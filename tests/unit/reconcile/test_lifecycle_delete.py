"""Stories of deletion: the finalizer stays until all is proved.

The real engine, virtual time, one promise a test.
"""

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any, Final

import pytest
from simulation.backend import Fault
from simulation.stories import calls, gone, nothing_happens, reason, settled, told
from simulation.world import IN_FLIGHT_BOUND, READ_LAG, World

from project_operator.api.events import EventReason
from project_operator.api.marks import ORPHANED
from project_operator.backends.base import ProvisioningStatus
from project_operator.errors import DeletionBlocked
from project_operator.kube.resources import IDENTITY_BACKENDS


def deleted_since(world: World, sent: int) -> bool:
    """Whether one more deletion than ``sent`` was sent."""
    return world.backend.count("delete") > sent


@told()
async def test_delete_ends_only_when_the_project_is_proved_gone(world: World) -> None:
    world.backend.delete_delay = 30.0
    world.apply()
    await world.ready()
    world.kube.delete("web")
    await reason(world, "Deleting")
    await world.until(lambda: not world.backend.truth)
    assert world.kube.look("web") is not None
    await gone(world)
    assert world.backend.count("delete") == 1


@told()
async def test_a_blocked_deletion_says_since_when_and_where_to_look(world: World) -> None:
    world.apply()
    await world.ready()
    world.backend.blocked.add(world.status()["id"])
    world.kube.delete("web")
    message = await reason(world, "DeletionBlocked", within=2000)
    assert "since" in message
    assert "look for resources" in message
    world.backend.blocked.clear()
    await gone(world)


@told()
async def test_a_deletion_that_comes_to_nothing_and_is_sent_again_is_blocked_all_the_while(world: World) -> None:
    """The vendor goes back to its former state, and speaks of the first deletion again after the next."""
    world.apply()
    await world.ready()
    world.backend.blocked.add(world.status()["id"])
    world.kube.delete("web")
    message = await reason(world, "DeletionBlocked", within=2000)
    (begun,) = world.backend.truth.values()
    for _ in range(2):
        sent = world.backend.count("delete")
        world.backend.put(replace(begun, deletion_time=None, provisioning_status=ProvisioningStatus.PROVISIONED))
        await world.until(partial(deleted_since, world, sent))
        world.backend.put(begun)
        await asyncio.sleep(60)
    assert world.condition()["message"] == message
    assert [notice.reason for _, notice in world.notices].count(EventReason.DELETION_BLOCKED) == 1
    world.backend.blocked.clear()
    await gone(world)


@told()
async def test_a_lost_answer_to_a_deletion_is_looked_up(world: World) -> None:
    world.apply()
    await world.ready()
    world.backend.faults.append(Fault("delete", commit_after=0.0))
    world.kube.delete("web")
    await gone(world)
    assert world.backend.count("delete") == 1


@told()
async def test_orphan_takes_the_mark_away_and_leaves_the_project(world: World) -> None:
    world.apply(deletionPolicy="Orphan")
    await world.ready()
    world.kube.delete("web")
    await gone(world)
    assert [one.content.mark for one in world.backend.living()] == ["orphaned"]
    assert world.backend.count("delete") == 0


LATE: Final = IN_FLIGHT_BOUND - 0.5


BLOCKED: Final = DeletionBlocked("not empty", operation="delete_project", status=409)


@pytest.mark.parametrize("policy", ["Orphan", "Disable"])
@pytest.mark.parametrize("last", ["an update", "an update before a Delete", "an update of a Delete", "the end itself"])
@pytest.mark.parametrize("crashes", [0, 1, 2])
def test_what_was_sent_before_and_lands_late_undoes_no_end(policy: str, last: str, crashes: int) -> None:
    """The interleaving: an update without an answer, a crash, the end by another process, then the update lands. It
    would put the mark back on what was let go, or switch on what was switched off. The end may take the place of a
    Delete that something blocks, and that took the place of the update; or took off Keystone's protection itself.
    """

    @told(keystone=True)
    async def story(world: World) -> None:
        first = "Delete" if last.endswith("Delete") else policy
        lock = {"keystone": {"immutable": True}} if last == "an update of a Delete" else {}
        await settled(world, deletionPolicy=first, description="one", enabled=True, **lock)
        project_id = world.status()["id"]
        world.backend.faults += [Fault("update", commit_after=LATE), *[Fault("delete", error=BLOCKED)] * 50]
        if last.startswith("an update") and not lock:
            world.kube.edit("web", description="two")
            await world.until(lambda: world.backend.count("update") == 1)
        if lock:
            world.kube.edit("web", keystone={"immutable": False})
        world.kube.delete("web")
        await world.until(lambda: world.backend.count("update") == 1)
        for _ in range(crashes):
            await world.crash()
            world.start()
            await asyncio.sleep(0.2)
        if first == "Delete":
            await world.until(lambda: world.status()["operation"]["type"] == "Delete")
            world.kube.edit("web", deletionPolicy=policy)
        await gone(world)
        await asyncio.sleep(2 * IN_FLIGHT_BOUND)
        content = world.backend.truth[project_id].content
        assert content.mark == ORPHANED if policy == "Orphan" else content.enabled is False

    story()


@told()
async def test_an_end_after_a_plain_life_waits_for_nothing(world: World) -> None:
    await settled(world, deletionPolicy="Orphan")
    await world.crash()
    world.start()
    await asyncio.sleep(READ_LAG)
    begun = asyncio.get_running_loop().time()
    world.kube.delete("web")
    await gone(world)
    assert asyncio.get_running_loop().time() - begun < IN_FLIGHT_BOUND


@told()
async def test_orphan_of_what_is_gone_already_ends(world: World) -> None:
    world.apply(deletionPolicy="Orphan")
    await world.ready()
    world.backend.begin_deletion(world.status()["id"])
    await reason(world, "Missing")
    world.kube.delete("web")
    await gone(world)


@told()
async def test_orphan_after_an_unknown_creation_unmarks_what_appears_late(world: World) -> None:
    world.backend.faults.append(Fault("create", commit_after=IN_FLIGHT_BOUND - 1))
    world.apply(deletionPolicy="Orphan")
    await reason(world, "OutcomeUnknown")
    world.kube.delete("web")
    await gone(world)
    assert [one.content.mark for one in world.backend.living()] == ["orphaned"]


@told()
async def test_protection_holds_the_deletion_until_it_is_taken_off(world: World) -> None:
    world.apply(deletionProtection=True)
    await world.ready()
    world.kube.delete("web")
    await reason(world, "DeletionProtected")
    await nothing_happens(world)
    world.kube.edit("web", deletionProtection=False)
    await gone(world)
    assert world.backend.living() == []


@told()
async def test_suspend_holds_everything(world: World) -> None:
    world.apply(description="a")
    await world.ready()
    world.kube.edit("web", suspend=True, description="b")
    await nothing_happens(world)
    world.kube.delete("web")
    await reason(world, "Suspended")
    world.kube.edit("web", suspend=False)
    await gone(world)


@told()
async def test_a_policy_that_the_backend_cannot_do_is_refused_at_deletion_too(world: World) -> None:
    world.apply()
    await world.ready()
    world.kube.edit("web", deletionPolicy="Disable")
    await asyncio.sleep(1)
    world.kube.delete("web")
    assert "deletionPolicy" in await reason(world, "Unsupported")
    assert calls(world, "update", "delete") == 0


@told()
async def test_deletion_switched_off_at_the_backend_waits_and_says_the_way_out(world: World) -> None:
    world.apply()
    await world.ready()
    world.kube.edit("default", IDENTITY_BACKENDS, capabilities={"create": True, "update": True, "delete": False})
    await asyncio.sleep(2)
    world.kube.delete("web")
    assert "Orphan" in await reason(world, "NotPermitted")
    world.kube.edit("web", deletionPolicy="Orphan")
    await gone(world)
    assert len(world.backend.living()) == 1


@told()
async def test_when_the_definition_goes_nothing_remote_is_touched(world: World) -> None:
    world.apply()
    await world.ready()
    definition = world.kube.definition()
    definition["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    world.kube.delete("web")
    await gone(world)
    assert len(world.backend.living()) == 1
    assert calls(world, "update", "delete") == 0


@told()
async def test_orphan_where_updates_are_not_allowed_says_that_the_mark_stays(world: World) -> None:
    uid = world.apply(deletionPolicy="Orphan")
    await world.ready()
    world.kube.edit("default", IDENTITY_BACKENDS, capabilities={"create": True, "update": False, "delete": True})
    await asyncio.sleep(2)
    world.kube.delete("web")
    await gone(world)
    assert [one.content.mark for one in world.backend.living()] == [world.mark(uid)]
    assert "with this object's mark" in next(notice.note for _, notice in world.notices if notice.reason == "Released")


class Minutes(list[Any]):
    """Notices, and how many deletions had been sent when each of them came."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.sent: dict[str, int] = {}
        self._world = world

    def append(self, notice: Any) -> None:
        self.sent[notice[1].reason] = self._world.backend.count("delete")
        super().append(notice)


@told(destroys="everything in it")
async def test_what_goes_with_a_project_is_said_before_the_deletion_is_sent(world: World) -> None:
    world.apply()
    await world.ready()
    project_id = world.status()["id"]
    minutes = world.notices = Minutes(world)
    world.kube.delete("web")
    await gone(world)
    assert minutes.sent["Destroying"] == 0
    (warning,) = [notice for _, notice in world.notices if notice.reason == "Destroying"]
    assert project_id in warning.note
    assert "everything in it" in warning.note
    assert "default" in warning.note, "whose word the policy is"
    assert world.backend.count("delete") == 1


@told(destroys="everything in it")
async def test_what_a_creation_left_that_nobody_named_goes_with_a_warning_too(world: World) -> None:
    """The answer to the creation was lost, and the project is found while the object ends."""
    world.backend.faults.append(Fault("create", commit_after=IN_FLIGHT_BOUND - 1))
    world.apply()
    await reason(world, "OutcomeUnknown")
    world.kube.delete("web")
    await world.until(lambda: world.backend.truth)
    (project,) = world.backend.truth.values()
    await world.until(lambda: world.backend.count("delete"))
    (warning,) = [notice.note for _, notice in world.notices if notice.reason == EventReason.DESTROYING]
    assert f"project {project.id} ('web') is deleted in the backend, and everything in it with it" in warning
    await gone(world)
    assert world.backend.count("delete") == 1


@told(destroys="everything in it")
async def test_nothing_is_said_of_what_stays(world: World) -> None:
    world.apply(deletionPolicy="Orphan")
    await world.ready()
    world.kube.delete("web")
    await gone(world)
    assert not [notice for _, notice in world.notices if notice.reason == "Destroying"]


@told(destroys="everything in it")
async def test_nor_of_what_is_gone(world: World) -> None:
    world.apply()
    await world.ready()
    world.backend.begin_deletion(world.status()["id"])
    await reason(world, "Missing")
    world.kube.delete("web")
    await gone(world)
    assert not [notice for _, notice in world.notices if notice.reason == "Destroying"]


@told()
async def test_nor_where_a_project_is_all_that_goes(world: World) -> None:
    world.apply()
    await world.ready()
    world.kube.delete("web")
    await gone(world)
    assert not [notice for _, notice in world.notices if notice.reason == "Destroying"]
