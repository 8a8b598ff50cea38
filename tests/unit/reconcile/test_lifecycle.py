"""What happens to one Project, told as stories: the real engine, virtual time, one promise a test."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from simulation.backend import Fault
from simulation.loop import run_virtually
from simulation.world import IN_FLIGHT_BOUND, READ_LAG, World

from project_operator.api.names import (
    ACCEPT_ABSENCE_ANNOTATION,
    BACKEND_ANNOTATION,
    FINALIZER,
    RECONCILE_ANNOTATION,
)
from project_operator.backends.base import (
    Group,
    HealthStatus,
    ProjectContent,
    ProvisioningStatus,
    Tag,
    UnsupportedField,
)
from project_operator.errors import (
    BackendUnavailable,
    CredentialsRejected,
    NameTaken,
    PermissionDenied,
    RequestRefused,
    Throttled,
)
from project_operator.kube.resources import IDENTITY_BACKENDS, PROJECTS, SECRETS

Story = Callable[[World], Awaitable[None]]


def told(**backend: object) -> Callable[[Story], Callable[[], None]]:
    """A story in a world whose operator is running and connected."""

    def decorate(story: Story) -> Callable[[], None]:
        # Not functools.wraps: pytest would take the story's parameter for a fixture.
        def test() -> None:
            async def begin() -> None:
                async with World(7, **backend) as world:
                    world.install()
                    world.start()
                    await world.until(lambda: world.backend.count("connect"))
                    await asyncio.sleep(1)
                    await story(world)

            run_virtually(begin())

        functools.update_wrapper(test, story, assigned=("__name__", "__doc__", "__module__"), updated=())
        del vars(test)["__wrapped__"]
        return test

    return decorate


async def reason(world: World, wanted: str, name: str = "web", **within: float) -> str:
    """Wait for Ready's reason; its message."""
    await world.until(lambda: world.reason(name) == wanted, **within)
    return str(world.condition(name)["message"])


async def gone(world: World, name: str = "web", **within: float) -> None:
    await world.until(lambda: world.kube.look(name) is None, **within)


def calls(world: World, *operations: str) -> int:
    return sum(world.backend.count(one) for one in operations)


async def nothing_happens(world: World, seconds: float = 120.0) -> None:
    """No write to a Project or to the backend, in a time that is long against every interval."""

    def written() -> tuple[int, int]:
        return sum(plural == PROJECTS.plural for plural, _, _ in world.kube.writes), calls(
            world, "create", "update", "delete"
        )

    before = written()
    await asyncio.sleep(seconds)
    assert written() == before, world.picture()


# Create.


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
def test_a_failure_that_passes_is_retried_and_said(error: Exception, told_as: str) -> None:
    @told()
    async def story(world: World) -> None:
        world.backend.faults.append(Fault("create", error=error))  # type: ignore[arg-type]
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
async def test_observing_in_between_does_not_forget_an_update_that_may_still_land(world: World) -> None:
    world.apply(description="a")
    await world.ready()
    world.backend.faults.append(Fault("update", commit_after=IN_FLIGHT_BOUND - 0.5))
    world.kube.edit("web", description="b")
    await world.until(lambda: (world.status().get("operation") or {}).get("type") == "Update")
    await asyncio.sleep(0.3)
    await world.crash()
    world.start()
    began = asyncio.get_running_loop().time()
    await asyncio.sleep(0.2)
    world.kube.edit("web", description="c", managementPolicy="Observe")
    await reason(world, "Observed")
    world.kube.edit("web", managementPolicy="Manage")
    await world.until(lambda: world.remote().content.description == "c")
    await world.ready()
    assert asyncio.get_running_loop().time() - began > IN_FLIGHT_BOUND
    assert world.remote().content.description == "c"


@told()
async def test_creation_switched_off_at_the_backend_is_said(world: World) -> None:
    world.kube.edit("default", IDENTITY_BACKENDS, capabilities={"create": False, "update": True, "delete": True})
    await asyncio.sleep(1)
    world.apply()
    assert "capabilities.create" in await reason(world, "NotPermitted")
    assert world.backend.count("create") == 0


# Update and drift.


@told()
async def test_an_update_is_announced_before_it_is_sent_and_read_back_before_ready(world: World) -> None:
    world.apply(description="a")
    await world.ready()
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
    world.apply(description="a")
    await world.ready()
    world.kube.edit("web", description="b")
    await world.ready()
    assert world.backend.count("update") == 1


@told()
async def test_foreign_entries_stay_and_only_ours_are_removed(world: World) -> None:
    world.backend.groups += [Group("g1", "one"), Group("g2", "two")]
    world.apply(tags=[{"name": "ours", "value": "1"}], groups=[{"id": "g1"}])
    await world.ready()
    project = world.remote()
    foreign = Tag("terraform.nscale.com/x", "y")
    world.backend.edit(project.id, tags=(*project.content.tags, foreign), group_ids=("g1", "g2"))
    world.kube.edit("web", tags=[], groups=[])
    await world.ready()
    await world.until(lambda: world.remote().content.tags == (foreign,))
    assert world.remote().content.group_ids == ("g2",)


@told()
async def test_fields_that_the_spec_leaves_out_are_left_as_found(world: World) -> None:
    world.apply()
    await world.ready()
    world.backend.edit(world.status()["id"], description="theirs", tags=(Tag("t", "1"),))
    await world.until(lambda: world.status()["observed"].get("description") == "theirs")
    await nothing_happens(world)
    assert world.remote().content.description == "theirs"


@told()
async def test_drift_is_corrected(world: World) -> None:
    world.apply(description="ours")
    await world.ready()
    world.backend.edit(world.status()["id"], description="theirs")
    await world.until(lambda: world.remote().content.description == "ours")
    await world.ready()
    assert "drift" not in world.status()


@told()
async def test_report_drift_applies_a_generation_once_and_then_reports(world: World) -> None:
    world.apply(description="ours", managementPolicy="ReportDrift")
    await world.ready()
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
    world.apply(description="ours")
    await world.ready()
    project_id = world.status()["id"]
    end = asyncio.get_running_loop().time() + 300
    while asyncio.get_running_loop().time() < end:
        if world.backend.truth[project_id].content.description == "ours":
            world.backend.edit(project_id, description="theirs")
        await asyncio.sleep(0.1)
    assert world.backend.count("update") < 60


@told()
async def test_a_refused_update_stalls_until_the_spec_changes(world: World) -> None:
    world.apply(description="a")
    await world.ready()
    world.backend.faults.append(Fault("update", error=RequestRefused("`name` is too long")))
    world.kube.edit("web", description="b")
    assert "too long" in await reason(world, "RequestRefused")
    await nothing_happens(world)
    world.kube.edit("web", description="c")
    await world.ready()


@told()
async def test_an_update_without_an_answer_holds_ready_back_until_it_cannot_land_any_more(world: World) -> None:
    world.apply(description="a")
    await world.ready()
    world.backend.faults.append(Fault("update", commit_after=0.0))
    began = asyncio.get_running_loop().time()
    world.kube.edit("web", description="b")
    await world.until(lambda: "may still take effect until" in world.condition().get("message", ""))
    await world.ready()
    assert asyncio.get_running_loop().time() - began > IN_FLIGHT_BOUND


@told()
async def test_a_late_update_of_an_older_generation_never_leaves_ready_true(world: World) -> None:
    world.apply(description="a")
    await world.ready()
    world.backend.faults.append(Fault("update", commit_after=IN_FLIGHT_BOUND - 0.5))
    world.kube.edit("web", description="b")
    await asyncio.sleep(1.0)
    world.kube.edit("web", description="c")
    await world.ready()
    await asyncio.sleep(IN_FLIGHT_BOUND)
    assert world.remote().content.description == "c"


@told()
async def test_after_a_restart_an_update_need_not_wait_where_none_was_announced(world: World) -> None:
    world.apply(description="a")
    await world.ready()
    await world.crash()
    world.start()
    began = asyncio.get_running_loop().time()
    world.kube.edit("web", description="b")
    await world.until(lambda: world.remote().content.description == "b")
    await world.ready()
    assert asyncio.get_running_loop().time() - began < IN_FLIGHT_BOUND


@told()
async def test_after_a_restart_ready_waits_where_an_update_was_announced(world: World) -> None:
    world.apply(description="a")
    await world.ready()
    world.backend.faults.append(Fault("update", commit_after=IN_FLIGHT_BOUND - 0.5))
    world.kube.edit("web", description="b")
    await world.until(lambda: world.backend.count("update"))
    await world.crash()
    world.start()
    began = asyncio.get_running_loop().time()
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
    world.apply(description="a")
    await world.ready()
    world.kube.edit("default", IDENTITY_BACKENDS, capabilities={"create": True, "update": False, "delete": True})
    await asyncio.sleep(2)
    world.kube.edit("web", description="b")
    assert "capabilities.update" in await reason(world, "NotPermitted")


@told()
async def test_provisioning_errors_and_bad_health_are_mirrored(world: World) -> None:
    world.apply()
    await world.ready()
    truth = world.remote()
    world.backend.put(replace(truth, provisioning_status=ProvisioningStatus.ERROR))
    await reason(world, "ProvisioningFailed")
    assert world.status()["provisioningStatus"] == "error"
    world.backend.put(replace(truth, health_status=HealthStatus.ERROR))
    await reason(world, "Unhealthy")
    world.backend.put(truth)
    await world.ready()


# Import and observe.


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


# Gone, lost, doubled.


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
async def test_what_is_left_over_is_reported(world: World) -> None:
    left = world.backend.make(ProjectContent("old", mark=world.mark("00000000-0000-4000-8000-0000000000ee", "old")))
    await world.until(lambda: any(notice.reason == "LeftOver" for _, notice in world.notices))
    assert left.id in next(notice.note for _, notice in world.notices if notice.reason == "LeftOver")
    assert world.backend.count("delete") == 0


# Delete.


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
async def test_delete_after_an_unknown_creation_finds_what_appears_late(world: World) -> None:
    world.backend.faults.append(Fault("create", commit_after=IN_FLIGHT_BOUND - 1))
    world.apply()
    await reason(world, "OutcomeUnknown")
    world.kube.delete("web")
    await gone(world)
    assert world.backend.living() == []


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


# The way to the backend.


@told()
async def test_a_missing_backend_is_said_after_a_moment_and_heals(world: World) -> None:
    world.kube.delete("default", IDENTITY_BACKENDS)
    await world.until(lambda: world.kube.look("default", IDENTITY_BACKENDS) is None)
    world.apply()
    assert "default backend" in await reason(world, "BackendNotFound")
    world.kube.make(
        IDENTITY_BACKENDS,
        {
            "metadata": {"name": "default"},
            "spec": {
                "nscale": {"url": "https://identity", "auth": {"serviceAccountToken": {"secretRef": {"name": "token"}}}}
            },
        },
    )
    await world.ready()


@told()
async def test_another_backend_object_of_the_name_is_not_the_same(world: World) -> None:
    world.apply(backendRef={"name": "default"})
    await world.ready()
    body = (world.kube.look("default", IDENTITY_BACKENDS) or {})["spec"]
    world.kube.strip_finalizers("default", IDENTITY_BACKENDS)
    await world.crash()
    world.kube.delete("default", IDENTITY_BACKENDS)
    world.kube.make(IDENTITY_BACKENDS, {"metadata": {"name": "default"}, "spec": body})
    world.start()
    await reason(world, "BackendChanged")
    world.kube.delete("web")
    await world.until(lambda: "Orphan" in world.condition()["message"])
    await asyncio.sleep(30)
    assert world.kube.look("web") is not None
    world.kube.edit("web", deletionPolicy="Orphan")
    await gone(world)
    assert calls(world, "update", "delete") == 0


@told()
async def test_a_record_of_intent_without_its_backend_is_not_guessed_at(world: World) -> None:
    world.backend.faults.append(Fault("create"))
    world.apply()
    await reason(world, "OutcomeUnknown")
    world.kube.annotate("web", **{BACKEND_ANNOTATION: None})
    await reason(world, "BackendChanged")
    assert world.backend.count("create") == 1


@told()
async def test_an_outage_writes_nothing_on_what_was_settled(world: World) -> None:
    world.apply()
    await world.ready()
    for _ in range(40):
        world.backend.faults.append(Fault("list", error=BackendUnavailable("away")))
    writes = [write for write in world.kube.writes if write[1] == "web"]
    await asyncio.sleep(300)
    assert [write for write in world.kube.writes if write[1] == "web"] == writes
    assert world.is_ready()


@told()
async def test_a_rejected_credential_is_said_on_the_backend_and_a_new_secret_heals(world: World) -> None:
    world.backend.faults.append(Fault("list", error=CredentialsRejected("token expired")))
    backend = IDENTITY_BACKENDS

    def ready() -> str:
        conditions = (world.kube.look("default", backend) or {})["status"]["conditions"]
        return next(str(one["reason"]) for one in conditions if one["type"] == "Ready")

    await world.until(lambda: ready() == "CredentialsRejected")
    world.kube.replace_secret("token", "bmV3")
    await world.until(lambda: ready() == "Succeeded")
    assert world.backend.count("connect") == 2


@told()
async def test_a_backend_object_in_use_cannot_go_before_its_projects(world: World) -> None:
    world.apply()
    await world.ready()
    world.kube.delete("default", IDENTITY_BACKENDS)
    world.kube.delete("token", SECRETS)
    await asyncio.sleep(60)
    assert world.kube.look("default", IDENTITY_BACKENDS) is not None
    assert world.kube.look("token", SECRETS) is not None
    world.kube.delete("web")
    await gone(world)
    await world.until(lambda: world.kube.look("default", IDENTITY_BACKENDS) is None)
    await world.until(lambda: world.kube.look("token", SECRETS) is None)
    assert world.backend.living() == []


@told()
async def test_a_field_that_the_backend_cannot_hold_is_refused_before_any_call(world: World) -> None:
    world.unsupported = lambda _spec, name: (
        (UnsupportedField("spec.name", "at most 3 characters"),) if len(name) > 3 else ()
    )
    world.apply("long-name")
    assert "`spec.name`: at most 3 characters" in await reason(world, "Unsupported", "long-name")
    assert world.backend.count("create") == 0


@told()
async def test_a_spec_that_cannot_be_understood_stalls_and_holds_its_deletion(world: World) -> None:
    world.kube.make(PROJECTS, {"metadata": {"name": "web", "finalizers": [FINALIZER]}, "spec": {"groups": "x"}})
    await reason(world, "InvalidSpec")
    world.kube.delete("web")
    await world.until(lambda: "the deletion waits" in world.condition().get("message", ""))
    assert calls(world, "create", "update", "delete") == 0


# Groups, and asking to look now.


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
async def test_reconcile_now_looks_at_once_and_is_echoed(world: World) -> None:
    world.apply(description="a")
    await world.ready()
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
