"""Stories of projects that were deleted outside: only proof is absence.

The real engine, virtual time, one promise a test.
"""

import asyncio

from simulation.stories import nothing_happens, reason, told
from simulation.world import World

from project_operator.api.names import (
    ACCEPT_ABSENCE_ANNOTATION,
)
from project_operator.backends.base import (
    ProjectContent,
)
from project_operator.kube.resources import IDENTITY_BACKENDS


@told()
async def test_deleted_outside_is_reported_and_not_recreated(world: World) -> None:
    world.apply()
    await world.ready()
    project_id = world.status()["id"]
    world.backend.begin_deletion(project_id)
    assert "missingPolicy: Recreate" in await reason(world, "Missing")
    assert world.status()["id"] == project_id
    assert world.backend.count("create") == 1
    await nothing_happens(world)


@told()
async def test_deleted_outside_with_recreate_gets_a_new_one_after_the_quarantine(world: World) -> None:
    world.apply(missingPolicy="Recreate")
    await world.ready()
    old = world.status()["id"]
    world.backend.begin_deletion(old)
    await world.until(lambda: world.status().get("id") not in {old, None} and world.is_ready())
    assert world.status()["goneIDs"] == [old]
    assert world.backend.count("create") == 2


@told()
async def test_an_imported_project_that_is_gone_is_never_created_anew(world: World) -> None:
    made = world.backend.make(ProjectContent("legacy"))
    world.apply(**{"import": {"id": made.id}})
    await world.ready()
    world.kube.edit("web", **{"import": None, "missingPolicy": "Recreate"})
    world.backend.begin_deletion(made.id)
    assert "was imported" in await reason(world, "Missing")
    assert world.backend.count("create") == 0


@told()
async def test_deleted_outside_and_lingering_is_said(world: World) -> None:
    world.backend.delete_delay = 10_000.0
    world.apply()
    await world.ready()
    world.backend.begin_deletion(world.status()["id"])
    assert "being deleted outside" in await reason(world, "Deleting")
    assert world.status()["provisioningStatus"] == "deprovisioning"


@told()
async def test_a_credential_that_lost_its_right_proves_nothing(world: World) -> None:
    world.apply()
    await world.ready()
    world.backend.readable = False
    await asyncio.sleep(200)
    assert world.reason() in {"Succeeded", "PermissionDenied"}
    assert world.backend.count("create") == 1
    world.backend.readable = True
    await world.ready()


@told()
async def test_when_everything_vanishes_at_once_nothing_is_touched(world: World) -> None:
    for number in range(6):
        world.apply(f"p{number}", missingPolicy="Recreate")
    await world.ready()
    for number in range(6):
        world.backend.begin_deletion(world.status(f"p{number}")["id"])
    backend = IDENTITY_BACKENDS
    await world.until(
        lambda: any(
            one["reason"] == "SuspiciousAbsence"
            for one in (world.kube.look("default", backend) or {})["status"]["conditions"]
        )
    )
    await asyncio.sleep(300)
    assert world.backend.count("create") == 6
    assert all(world.reason(f"p{number}") == "Succeeded" for number in range(6))
    world.kube.annotate("default", backend, **{ACCEPT_ABSENCE_ANNOTATION: "6"})
    await world.until(lambda: world.backend.count("create") == 12, within=2000)
