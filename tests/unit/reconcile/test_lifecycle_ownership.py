"""Stories of marks: whose is a project, and what is done about a second one.

The real engine, virtual time, one promise a test.
"""

import asyncio
from dataclasses import replace
from typing import Any, Final
from unittest.mock import patch

import pytest
from simulation.backend import SimulatedBackend
from simulation.stories import gone, nothing_happens, reason, settled, told
from simulation.world import World

from project_operator.backends.base import (
    ProjectContent,
    ProvisioningStatus,
    RemoteProject,
)
from project_operator.kube.resources import IDENTITY_BACKENDS


@told()
async def test_a_lost_mark_stops_everything_and_import_mends_it(world: World) -> None:
    uid = world.apply(description="a")
    await world.ready()
    project_id = world.status()["id"]
    world.backend.edit(project_id, mark="")
    assert f"set `spec.import.id` to {project_id}" in await reason(world, "Conflict")
    world.kube.edit("web", **{"import": {"id": project_id}})
    await world.ready()
    assert world.remote().content.mark == world.mark(uid)


@told()
async def test_a_forged_mark_of_another_is_a_conflict_and_is_not_deleted(world: World) -> None:
    world.apply()
    await world.ready()
    world.backend.edit(world.status()["id"], mark=world.mark("00000000-0000-4000-8000-0000000000ff"))
    await reason(world, "Conflict")
    world.kube.delete("web")
    await world.until(lambda: "does not carry this object's mark" in world.condition()["message"])
    assert world.backend.count("delete") == 0


@pytest.mark.parametrize("kept", ["", "somebody's words"], ids=["nothing", "other words"])
def test_what_was_created_is_ours_only_when_a_read_shows_the_mark(kept: str) -> None:
    """Some answers show an id and nothing else (VMware CSP): what is there is another matter."""

    @told(repeats_creation=False)
    async def story(world: World) -> None:
        create = SimulatedBackend._create

        def careless(backend: SimulatedBackend, content: ProjectContent) -> RemoteProject:
            answered = create(backend, content)
            backend.edit(answered.id, mark=kept)
            return answered

        def is_refused() -> bool:
            assert not world.is_ready()
            return world.reason() == "Conflict"

        with patch.object(SimulatedBackend, "_create", careless):
            world.apply()
            await world.until(is_refused)
        await world.until(lambda: world.status()["provisioningStatus"] == "provisioned")
        await nothing_happens(world)
        world.kube.delete("web")
        await world.until(lambda: "does not carry this object's mark" in world.condition()["message"])
        assert world.backend.count("update") == world.backend.count("delete") == 0
        assert world.backend.count("create") == 1

    story()


def duplicate(world: World, created_by: str) -> str:
    """A second project with our mark: the bounds were broken."""
    named = world.remote()
    copied = world.backend.make(named.content)
    world.backend.put(replace(copied, created_by=created_by, provisioning_status=ProvisioningStatus.PROVISIONED))
    return copied.id


@told()
async def test_a_duplicate_is_condemned_and_reported_but_stays(world: World) -> None:
    world.apply()
    await world.ready()
    extra = duplicate(world, "robot")
    await world.until(lambda: world.status().get("condemned") == [extra])
    assert any(notice.reason == "DuplicateFound" for _, notice in world.notices)
    await world.ready()
    assert world.backend.count("delete") == 0
    world.kube.delete("web")
    await gone(world)
    assert world.backend.living() == []


STANDINGS: Final[dict[str, tuple[dict[str, Any], dict[str, Any], str]]] = {
    "drift that is left": ({"managementPolicy": "ReportDrift"}, {"description": "theirs"}, "Drifted"),
    "nothing but read": ({"managementPolicy": "Observe"}, {}, "Observed"),
    "a group that is not there": ({"groups": [{"name": "nobody"}]}, {}, "GroupNotFound"),
    "an error of the backend": ({}, {"provisioning_status": ProvisioningStatus.ERROR}, "ProvisioningFailed"),
}
"""How a Project can stand that is not simply Ready: what is edited in its spec, and outside; Ready's reason then."""


@pytest.mark.parametrize("standing", STANDINGS)
def test_a_duplicate_is_reported_however_things_stand_with_the_named_one(standing: str) -> None:
    spec, outside, wanted = STANDINGS[standing]

    @told()
    async def story(world: World) -> None:
        await settled(world, description="ours")
        world.kube.edit("web", **spec)
        named = world.remote()
        if "provisioning_status" in outside:
            world.backend.put(replace(named, **outside))
        elif outside:
            world.backend.edit(named.id, **outside)
        await reason(world, wanted)
        extra = duplicate(world, "robot")
        await world.until(lambda: world.status().get("condemned") == [extra])
        assert sum(notice.reason == "DuplicateFound" for _, notice in world.notices) == 1
        await reason(world, wanted)
        await nothing_happens(world)
        assert len(world.backend.living()) == 2

    story()


@told()
async def test_where_duplicates_are_removed_drift_that_is_left_is_no_reason_to_keep_one(world: World) -> None:
    world.kube.edit("default", IDENTITY_BACKENDS, removeDuplicates=True)
    await settled(world, description="ours", managementPolicy="ReportDrift")
    named = world.remote()
    world.backend.edit(named.id, description="theirs")
    await reason(world, "Drifted")
    duplicate(world, "robot")
    await world.until(lambda: world.status().get("condemned") and len(world.backend.living()) == 1)
    assert world.backend.living()[0].content.description == "theirs"
    assert world.status()["id"] == named.id


@pytest.mark.parametrize(("created_by", "left"), [("robot", 1), ("somebody", 2)])
def test_a_duplicate_is_removed_only_where_that_is_on_and_the_credential_made_it(created_by: str, left: int) -> None:
    @told()
    async def story(world: World) -> None:
        world.kube.edit("default", IDENTITY_BACKENDS, removeDuplicates=True)
        world.apply()
        await world.ready()
        named = world.status()["id"]
        duplicate(world, created_by)
        await world.until(lambda: world.status().get("condemned"))
        await asyncio.sleep(120)
        assert len(world.backend.living()) == left
        assert world.status()["id"] == named

    story()


@told()
async def test_a_mark_that_somebody_copied_gives_nobody_s_project_away(world: World) -> None:
    world.apply()
    await world.ready()
    named, copied = world.status()["id"], duplicate(world, "somebody")
    await world.until(lambda: world.status().get("condemned") == [copied])
    world.kube.delete("web")
    message = await reason(world, "Conflict")
    assert f"project {copied} carries this object's mark too, but 'somebody' made it, and not 'robot'" in message
    assert [one.id for one in world.backend.living()] == [copied]
    assert [detail for name, _, detail in world.backend.calls if name == "delete"] == [named]

    world.backend.edit(copied, mark="")
    await gone(world)
    assert [one.id for one in world.backend.living()] == [copied]


@told()
async def test_what_is_left_over_is_reported(world: World) -> None:
    left = world.backend.make(ProjectContent("old", mark=world.mark("00000000-0000-4000-8000-0000000000ee", "old")))
    await world.until(lambda: any(notice.reason == "LeftOver" for _, notice in world.notices))
    assert left.id in next(notice.note for _, notice in world.notices if notice.reason == "LeftOver")
    assert world.backend.count("delete") == 0
