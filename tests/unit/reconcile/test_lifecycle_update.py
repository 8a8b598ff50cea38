"""Stories of updates and of drift: announced, sent, read back.

The real engine, virtual time, one promise a test.
"""

import asyncio
from dataclasses import replace

from simulation.backend import Fault
from simulation.stories import nothing_happens, reason, settled, told
from simulation.world import IN_FLIGHT_BOUND, READ_LAG, World

from project_operator.api.names import (
    RECONCILE_ANNOTATION,
)
from project_operator.backends.base import (
    Group,
    HealthStatus,
    ProvisioningStatus,
    Tag,
)
from project_operator.errors import (
    RequestRefused,
)
from project_operator.kube.resources import IDENTITY_BACKENDS


async def restarted_with_an_update_under_way(world: World) -> float:
    """It takes effect just within the bound; when the new process began."""
    await settled(world, description="a")
    world.backend.faults.append(Fault("update", commit_after=IN_FLIGHT_BOUND - 0.5))
    world.kube.edit("web", description="b")
    await world.until(lambda: world.backend.count("update"))
    await world.crash()
    world.start()
    return asyncio.get_running_loop().time()


@told()
async def test_observing_in_between_does_not_forget_an_update_that_may_still_land(world: World) -> None:
    began = await restarted_with_an_update_under_way(world)
    await asyncio.sleep(0.2)
    world.kube.edit("web", description="c", managementPolicy="Observe")
    await reason(world, "Observed")
    world.kube.edit("web", managementPolicy="Manage")
    await world.until(lambda: world.remote().content.description == "c")
    await world.ready()
    assert asyncio.get_running_loop().time() - began > IN_FLIGHT_BOUND
    assert world.remote().content.description == "c"


@told()
async def test_an_update_is_announced_before_it_is_sent_and_read_back_before_ready(world: World) -> None:
    await settled(world, description="a")
    world.kube.edit("web", description="b", name="shop", tags=[{"name": "k", "value": "v"}])
    await world.until(lambda: world.status().get("operation", {}).get("type") == "Update")
    assert world.condition()["status"] == "Unknown"
    await world.ready()
    content = world.remote().content
    assert (content.name, content.description, content.tags) == ("shop", "b", (Tag("k", "v"),))
    assert world.backend.count("update") == 1
    await nothing_happens(world)


@told(read_lag=READ_LAG - 0.1)
async def test_an_update_behind_a_lagging_read_is_sent_once(world: World) -> None:
    await settled(world, description="a")
    world.kube.edit("web", description="b")
    await world.ready()
    assert world.backend.count("update") == 1


@told()
async def test_foreign_entries_stay_and_only_ours_are_removed(world: World) -> None:
    world.backend.groups += [Group("g1", "one"), Group("g2", "two")]
    await settled(world, tags=[{"name": "ours", "value": "1"}], groups=[{"id": "g1"}])
    project = world.remote()
    foreign = Tag("terraform.nscale.com/x", "y")
    world.backend.edit(project.id, tags=(*project.content.tags, foreign), group_ids=("g1", "g2"))
    world.kube.edit("web", tags=[], groups=[])
    await world.ready()
    await world.until(lambda: world.remote().content.tags == (foreign,))
    assert world.remote().content.group_ids == ("g2",)


@told()
async def test_fields_that_the_spec_leaves_out_are_left_as_found(world: World) -> None:
    await settled(world)
    world.backend.edit(world.status()["id"], description="theirs", tags=(Tag("t", "1"),))
    await world.until(lambda: world.status()["observed"].get("description") == "theirs")
    await nothing_happens(world)
    assert world.remote().content.description == "theirs"


@told()
async def test_drift_is_corrected(world: World) -> None:
    await settled(world, description="ours")
    world.backend.edit(world.status()["id"], description="theirs")
    await world.until(lambda: world.remote().content.description == "ours")
    await world.ready()
    assert "drift" not in world.status()


@told()
async def test_report_drift_applies_a_generation_once_and_then_reports(world: World) -> None:
    await settled(world, description="ours", managementPolicy="ReportDrift")
    world.backend.edit(world.status()["id"], description="theirs")
    await reason(world, "Drifted")
    drift = world.status()["drift"]
    assert [(one["field"], one["desired"], one["observed"]) for one in drift] == [("description", "ours", "theirs")]
    assert world.condition()["status"] == "True"
    await nothing_happens(world)
    world.kube.edit("web", description="newer")
    await reason(world, "Succeeded")
    assert world.remote().content.description == "newer"


@told()
async def test_a_quarrel_with_another_writer_slows_down(world: World) -> None:
    await settled(world, description="ours")
    project_id = world.status()["id"]
    end = asyncio.get_running_loop().time() + 300
    while asyncio.get_running_loop().time() < end:
        if world.backend.truth[project_id].content.description == "ours":
            world.backend.edit(project_id, description="theirs")
        await asyncio.sleep(0.1)
    assert world.backend.count("update") < 60


@told()
async def test_a_refused_update_stalls_until_the_spec_changes(world: World) -> None:
    await settled(world, description="a")
    world.backend.faults.append(Fault("update", error=RequestRefused("`name` is too long")))
    world.kube.edit("web", description="b")
    assert "too long" in await reason(world, "RequestRefused")
    await nothing_happens(world)
    world.kube.edit("web", description="c")
    await world.ready()


@told()
async def test_an_update_without_an_answer_holds_ready_back_until_it_cannot_land_any_more(world: World) -> None:
    await settled(world, description="a")
    world.backend.faults.append(Fault("update", commit_after=0.0))
    began = asyncio.get_running_loop().time()
    world.kube.edit("web", description="b")
    await world.until(lambda: "may still take effect until" in world.condition().get("message", ""))
    await world.ready()
    assert asyncio.get_running_loop().time() - began > IN_FLIGHT_BOUND


@told()
async def test_a_late_update_of_an_older_generation_never_leaves_ready_true(world: World) -> None:
    await settled(world, description="a")
    world.backend.faults.append(Fault("update", commit_after=IN_FLIGHT_BOUND - 0.5))
    world.kube.edit("web", description="b")
    await asyncio.sleep(1.0)
    world.kube.edit("web", description="c")
    await world.ready()
    await asyncio.sleep(IN_FLIGHT_BOUND)
    assert world.remote().content.description == "c"


@told()
async def test_after_a_restart_an_update_need_not_wait_where_none_was_announced(world: World) -> None:
    await settled(world, description="a")
    await world.crash()
    world.start()
    began = asyncio.get_running_loop().time()
    world.kube.edit("web", description="b")
    await world.until(lambda: world.remote().content.description == "b")
    await world.ready()
    assert asyncio.get_running_loop().time() - began < IN_FLIGHT_BOUND


@told()
async def test_after_a_restart_ready_waits_where_an_update_was_announced(world: World) -> None:
    began = await restarted_with_an_update_under_way(world)
    world.kube.edit("web", description="c")
    await world.until(lambda: world.remote().content.description == "c")
    await world.ready()
    assert asyncio.get_running_loop().time() - began > IN_FLIGHT_BOUND
    assert world.remote().content.description == "c"


@told()
async def test_an_update_waits_until_the_project_is_provisioned(world: World) -> None:
    world.backend.provision_delay = 15.0
    world.apply(description="a")
    await world.until(lambda: world.status().get("id"))
    world.kube.edit("web", description="b")
    await world.until(lambda: "waits until the backend has provisioned" in world.condition().get("message", ""))
    assert world.backend.count("update") == 0
    await world.ready()
    assert world.remote().content.description == "b"


@told()
async def test_updates_switched_off_at_the_backend_are_said(world: World) -> None:
    await settled(world, description="a")
    world.kube.edit("default", IDENTITY_BACKENDS, capabilities={"create": True, "update": False, "delete": True})
    await asyncio.sleep(2)
    world.kube.edit("web", description="b")
    assert "capabilities.update" in await reason(world, "NotPermitted")


@told()
async def test_provisioning_errors_and_bad_health_are_mirrored(world: World) -> None:
    await settled(world)
    truth = world.remote()
    world.backend.put(replace(truth, provisioning_status=ProvisioningStatus.ERROR))
    await reason(world, "ProvisioningFailed")
    assert world.status()["provisioningStatus"] == "error"
    world.backend.put(replace(truth, health_status=HealthStatus.ERROR))
    await reason(world, "Unhealthy")
    world.backend.put(truth)
    await world.ready()


@told()
async def test_reconcile_now_looks_at_once_and_is_echoed(world: World) -> None:
    await settled(world, description="a")
    world.backend.edit(world.status()["id"], description="theirs")
    began = asyncio.get_running_loop().time()
    world.kube.annotate("web", **{RECONCILE_ANNOTATION: "now"})
    await world.until(lambda: world.status().get("lastHandledReconcileAt") == "now" and world.is_ready())
    assert world.remote().content.description == "a"
    assert asyncio.get_running_loop().time() - began < 10
    await nothing_happens(world)


@told()
async def test_reconcile_now_tries_again_what_was_refused(world: World) -> None:
    world.backend.faults.append(Fault("create", error=RequestRefused("no")))
    world.apply()
    await reason(world, "RequestRefused")
    world.kube.annotate("web", **{RECONCILE_ANNOTATION: "please"})
    await world.ready()
