"""Stories of creation: once, whatever becomes of the answer.

The real engine, virtual time, one promise a test.
"""

import asyncio
from dataclasses import replace
from typing import Final

import pytest
from simulation.backend import Fault
from simulation.stories import gone, nothing_happens, reason, told
from simulation.world import IN_FLIGHT_BOUND, READ_LAG, World

from project_operator.api.names import FINALIZER
from project_operator.backends.base import Group, HealthStatus, ProvisioningStatus
from project_operator.errors import (
    BackendError,
    BackendUnavailable,
    NameTaken,
    PermissionDenied,
    RequestRefused,
    Throttled,
)
from project_operator.kube.resources import IDENTITY_BACKENDS, PROJECTS

HOUR: Final = 3600.0


@told()
async def test_created_then_settled_then_silent(world: World) -> None:
    world.apply(tags=[{"name": "team", "value": "a"}])
    await world.ready()
    status = world.status()
    assert status["origin"] == "Created"
    assert status["deletionPolicy"] == {"policy": "Delete", "source": "default"}
    assert status["applied"]["tags"] == [{"name": "team", "value": "a"}]
    assert "operation" not in status
    assert [notice.reason for _, notice in world.notices] == ["Succeeded"]
    await nothing_happens(world)


@told(read_lag=READ_LAG - 0.1)
async def test_a_lagging_read_after_create_is_no_absence(world: World) -> None:
    world.apply()
    await world.ready()
    assert world.backend.count("create") == 1
    assert not any(notice.reason == "Missing" for _, notice in world.notices)


@told()
async def test_a_refused_creation_stalls_and_is_not_repeated_until_the_spec_changes(world: World) -> None:
    world.backend.faults.append(Fault("create", error=RequestRefused("`description`: too long")))
    world.apply(description="x")
    assert "too long" in await reason(world, "RequestRefused")
    assert world.condition(type_="Stalled")["status"] == "True"
    await nothing_happens(world)
    world.kube.edit("web", description="y")
    await world.ready()
    assert world.backend.count("create") == 2


@told()
async def test_a_taken_name_says_so_and_a_rename_heals_it(world: World) -> None:
    world.backend.faults.append(Fault("create", error=NameTaken("a project called 'web' exists")))
    world.apply()
    await reason(world, "NameTaken")
    world.kube.edit("web", name="web-2")
    await world.ready()


@told()
async def test_a_refused_creation_needs_no_quarantine_to_delete(world: World) -> None:
    world.backend.faults.append(Fault("create", error=RequestRefused("no")))
    world.apply()
    await reason(world, "RequestRefused")
    world.kube.delete("web")
    await gone(world, within=5)


@pytest.mark.parametrize(
    ("error", "told_as"),
    [
        (Throttled("slow down", retry_after=4.0), "Throttled"),
        (PermissionDenied("needs the right to create"), "PermissionDenied"),
        (BackendUnavailable("no route"), "BackendUnavailable"),
    ],
)
def test_a_failure_that_passes_is_retried_and_said(error: BackendError, told_as: str) -> None:
    @told()
    async def story(world: World) -> None:
        world.backend.faults.append(Fault("create", error=error))
        world.apply()
        await reason(world, told_as)
        await world.ready()
        assert world.backend.count("create") == 2

    story()


@told()
async def test_an_unknown_outcome_waits_until_the_quarantine_is_over(world: World) -> None:
    world.backend.faults.append(Fault("create"))
    began = asyncio.get_running_loop().time()
    world.apply()
    message = await reason(world, "OutcomeUnknown")
    assert "looking for this object's mark until" in message
    await world.ready()
    assert asyncio.get_running_loop().time() - began > IN_FLIGHT_BOUND + READ_LAG
    assert world.backend.count("create") == 2


@told()
async def test_an_unknown_outcome_that_took_effect_is_taken_up_by_its_mark(world: World) -> None:
    world.backend.faults.append(Fault("create", commit_after=0.0))
    world.apply(tags=[{"name": "a", "value": "1"}])
    await world.ready()
    assert world.backend.count("create") == 1
    assert len(world.backend.living()) == 1


@told(read_lag=READ_LAG - 0.1)
async def test_a_marked_project_that_is_being_deleted_is_waited_for(world: World) -> None:
    world.backend.delete_delay = 40.0
    world.backend.faults.append(Fault("create", commit_after=0.0))
    uid = world.apply()
    await world.until(lambda: world.backend.living(world.mark(uid)))
    world.backend.begin_deletion(world.backend.living()[0].id)
    await world.ready()
    assert world.backend.count("create") == 2
    assert len(world.backend.living()) == 1


@told()
async def test_a_stripped_finalizer_comes_back_and_gives_no_right(world: World) -> None:
    world.backend.faults.append(Fault("create"))
    world.apply()
    await reason(world, "OutcomeUnknown")
    await world.until(lambda: world.status().get("attempt") and world.is_ready())
    world.kube.strip_finalizers("web")
    await world.until(lambda: FINALIZER in (world.kube.look("web") or {})["metadata"].get("finalizers", ()))
    await nothing_happens(world)


@told()
async def test_what_an_earlier_object_of_the_name_left_is_not_doubled(world: World) -> None:
    world.apply()
    await world.ready()
    first = world.status()["id"]
    world.kube.strip_finalizers("web")
    world.kube.strip_finalizers("web")
    raw = world.kube.look("web")
    assert raw is not None
    await world.crash()
    world.kube.strip_finalizers("web")
    world.kube.delete("web")
    world.start()
    await asyncio.sleep(3)
    world.apply()
    assert first in await reason(world, "Conflict")
    assert world.backend.count("create") == 1
    world.kube.delete("web")
    await gone(world)
    world.apply(**{"import": {"id": first}})
    await world.ready()
    assert [one.id for one in world.backend.living()] == [first]


@told()
async def test_a_restart_does_not_double_what_an_earlier_object_left(world: World) -> None:
    world.apply()
    await world.ready()
    await world.crash()
    world.kube.strip_finalizers("web")
    world.kube.delete("web")
    world.apply(name="another-name")
    world.start()
    await reason(world, "Conflict")
    await nothing_happens(world)
    assert world.backend.count("create") == 1


@told()
async def test_a_saved_manifest_with_our_finalizer_does_not_double_what_is_left(world: World) -> None:
    world.apply()
    await world.ready()
    saved = world.kube.look("web")
    assert saved is not None
    world.kube.strip_finalizers("web")
    await world.crash()
    world.kube.strip_finalizers("web")
    world.kube.delete("web")
    world.start()
    kept = {part: saved["metadata"][part] for part in ("name", "finalizers", "annotations")}
    world.kube.make(PROJECTS, {"metadata": kept, "spec": saved["spec"]})
    await reason(world, "Conflict")
    await nothing_happens(world)
    assert world.backend.count("create") == 1


@told()
async def test_creation_switched_off_at_the_backend_is_said(world: World) -> None:
    world.kube.edit("default", IDENTITY_BACKENDS, capabilities={"create": False, "update": True, "delete": True})
    await asyncio.sleep(1)
    world.apply()
    assert "capabilities.create" in await reason(world, "NotPermitted")
    assert world.backend.count("create") == 0


@told()
async def test_a_group_by_name_is_waited_for_and_found(world: World) -> None:
    world.apply(groups=[{"name": "devs"}])
    assert "no group 'devs'" in await reason(world, "GroupNotFound")
    world.backend.groups.append(Group("g1", "devs"))
    await world.ready()
    assert world.remote().content.group_ids == ("g1",)


@told()
async def test_an_ambiguous_group_lists_its_ids(world: World) -> None:
    world.backend.groups += [Group("g1", "devs"), Group("g2", "devs")]
    world.apply(groups=[{"name": "devs"}, {"id": "g1"}])
    message = await reason(world, "GroupAmbiguous")
    assert "g1, g2" in message


@told()
async def test_an_object_that_vanishes_while_its_project_is_made_leaves_nothing(world: World) -> None:
    world.backend.create_delay = 2.0
    world.apply()
    await world.until(lambda: world.backend.count("create"))
    world.kube.strip_finalizers("web")
    world.kube.delete("web")
    await world.until(lambda: world.backend.count("delete"))
    await world.until(lambda: not world.backend.living())


@told()
async def test_unless_the_backend_object_allows_no_deletions(world: World) -> None:
    world.kube.edit("default", IDENTITY_BACKENDS, capabilities={"create": True, "update": True, "delete": False})
    await asyncio.sleep(2)
    world.backend.create_delay = 2.0
    world.apply()
    await world.until(lambda: world.backend.count("create"))
    world.kube.strip_finalizers("web")
    world.kube.delete("web")
    await world.until(world.backend.living)
    await nothing_happens(world)
    assert len(world.backend.living()) == 1


@told()
async def test_a_namespace_made_anew_has_marks_of_its_own(world: World) -> None:
    first = world.apply(deletionPolicy="Orphan")
    await world.ready()
    assert world.remote().content.mark == world.mark(first)
    world.kube.delete("web")
    await gone(world)
    world.kube.remake_namespace()
    second = world.apply()
    await world.ready()
    assert world.remote().content.mark.split(":")[3] != world.mark(second).split(":")[3]


@told(provision_delay=HOUR)
async def test_each_stage_that_a_look_finds_is_shown_at_once_and_one_that_none_finds_costs_nothing(
    world: World,
) -> None:
    before = len(world.kube.writes)
    world.apply()
    await world.until(lambda: world.status().get("provisioningStatus") == "pending")
    _becomes(world, ProvisioningStatus.PROVISIONING)
    await world.until(lambda: world.status()["provisioningStatus"] == "provisioning", within=1)
    assert "provisioning" in world.condition()["message"]
    _becomes(world, ProvisioningStatus.PROVISIONED)
    await world.ready()
    assert _written(world, before) == 4, "finalizer, accepted, provisioning, provisioned"

    before = len(world.kube.writes)
    world.apply("quick")
    await world.until(lambda: world.status("quick").get("id"))
    _becomes(world, ProvisioningStatus.PROVISIONED, "quick")
    await world.ready()
    assert _written(world, before) == 3, "finalizer, accepted, provisioned"


@told()
async def test_a_creation_under_way_at_the_crash_is_looked_for_when_a_suspended_project_goes_on(world: World) -> None:
    world.backend.faults.append(Fault("create", answer_after=10.0))
    world.apply()
    await world.until(lambda: world.backend.count("create") == 1)
    await world.crash()
    world.kube.edit("web", suspend=True)
    world.start()
    assert "may have been sent" in await reason(world, "Suspended")
    world.kube.edit("web", suspend=False)
    await reason(world, "OutcomeUnknown")
    await world.ready()
    assert len(world.backend.living()) == 1


def _written(world: World, before: int) -> int:
    return sum(plural == PROJECTS.plural for plural, _, _ in world.kube.writes[before:])


def _becomes(world: World, stage: ProvisioningStatus, name: str = "web") -> None:
    healthy = HealthStatus.HEALTHY if stage is ProvisioningStatus.PROVISIONED else HealthStatus.UNKNOWN
    world.backend.put(replace(world.remote(name), provisioning_status=stage, health_status=healthy))
