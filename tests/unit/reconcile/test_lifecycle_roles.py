"""Stories of roles: resolved by id or name, given, kept, taken away, and found missing though no listing shows them.

The real engine, virtual time, one promise a test.
"""

import asyncio

import pytest
from simulation.backend import Fault
from simulation.stories import calls, nothing_happens, reason, told
from simulation.world import World

from project_operator.api.names import RECONCILE_ANNOTATION
from project_operator.backends.base import Group, ProjectContent, Role, RoleAssignment
from project_operator.errors import PermissionDenied, RequestRefused
from project_operator.reconcile import content

READER, ADMIN = RoleAssignment("g1", "r1"), RoleAssignment("g1", "r2")
FOREIGN = RoleAssignment("g9", "r1")
GROUPS = [{"name": "dev", "roles": [{"name": "reader"}]}]


def people(world: World) -> None:
    world.backend.groups += [Group("g1", "dev"), Group("g2", "ops")]
    world.backend.roles += [Role("r1", "reader"), Role("r2", "admin")]


def assigned(world: World, name: str = "web") -> set[RoleAssignment]:
    return set(world.remote(name).content.role_assignments or ())


def in_status(world: World, part: str) -> list[tuple[str, str]]:
    entries = world.status().get(part, {}).get("roleAssignments", [])
    return [(entry["groupID"], entry["roleID"]) for entry in entries]


@told(keystone=True)
async def test_roles_follow_the_creation_as_an_update(world: World) -> None:
    people(world)
    world.apply(groups=GROUPS)
    await world.ready()
    assert assigned(world) == {READER}
    assert [call.verb for call in world.backend.requests] == ["POST", "PUT"]
    assert (in_status(world, "observed"), in_status(world, "applied")) == ([("g1", "r1")], [("g1", "r1")])
    await nothing_happens(world)


@told(keystone=True)
async def test_roles_follow_the_creation_where_later_drift_is_only_reported(world: World) -> None:
    people(world)
    world.apply(groups=GROUPS, managementPolicy="ReportDrift")
    await world.ready()
    assert (assigned(world), world.reason()) == ({READER}, "Succeeded")


@told(keystone=True)
async def test_a_role_and_a_group_may_be_named_by_id(world: World) -> None:
    people(world)
    world.apply(groups=[{"id": "g2", "roles": [{"id": "r2"}, {"name": "reader"}]}])
    await world.ready()
    assert assigned(world) == {RoleAssignment("g2", "r2"), RoleAssignment("g2", "r1")}


@told(keystone=True)
async def test_a_role_that_is_not_there_is_waited_for(world: World) -> None:
    people(world)
    world.apply(groups=[{"name": "dev", "roles": [{"name": "auditor"}]}])
    assert "`spec.groups[0].roles[0].name`" in await reason(world, "RoleNotFound")
    assert world.condition(type_="Reconciling")["status"] == "True"
    assert calls(world, "create") == 0
    world.backend.roles.append(Role("r3", "auditor"))
    await world.ready()
    assert assigned(world) == {RoleAssignment("g1", "r3")}


@told(keystone=True)
async def test_an_ambiguous_role_lists_its_ids(world: World) -> None:
    people(world)
    world.backend.roles.append(Role("r7", "reader"))
    world.apply(groups=GROUPS)
    assert "(r1, r7), name one by `id`" in await reason(world, "RoleAmbiguous")
    assert calls(world, "create") == 0


async def a_role_is_replaced(world: World) -> None:
    people(world)
    world.apply(groups=GROUPS)
    await world.ready()
    world.backend.edit(world.status()["id"], role_assignments=(READER, FOREIGN))
    world.kube.edit("web", groups=[{"name": "dev", "roles": [{"name": "admin"}]}])
    await world.ready()
    assert assigned(world) == {ADMIN, FOREIGN}
    assert in_status(world, "applied") == [("g1", "r2")]


test_ours_are_taken_away_and_those_of_others_stay = told(keystone=True)(a_role_is_replaced)


def test_a_build_that_removes_a_foreign_role_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = (READER, ADMIN, FOREIGN)
    monkeypatch.setattr(content, "assigned_by_us", lambda _applied: everything)
    with pytest.raises(AssertionError):
        told(keystone=True)(a_role_is_replaced)()


@told(keystone=True)
async def test_no_groups_takes_away_what_is_ours_and_nothing_else(world: World) -> None:
    people(world)
    world.apply(groups=GROUPS)
    await world.ready()
    world.backend.edit(world.status()["id"], role_assignments=(READER, FOREIGN))
    world.kube.edit("web", groups=[])
    await world.ready()
    assert assigned(world) == {FOREIGN}


@told(keystone=True)
async def test_roles_of_a_spec_without_groups_are_left_alone_and_not_read(world: World) -> None:
    people(world)
    left = world.backend.make(ProjectContent("web", role_assignments=(READER,)))
    world.apply(**{"import": {"id": left.id}})
    await world.ready()
    assert assigned(world) == {READER}
    assert calls(world, "groups", "roles") == 0


@told(keystone=True)
async def test_imported_roles_that_are_wanted_are_ours_from_then_on(world: World) -> None:
    people(world)
    left = world.backend.make(ProjectContent("web", role_assignments=(READER, FOREIGN)))
    world.apply(groups=GROUPS, **{"import": {"id": left.id}})
    await world.ready()
    world.kube.edit("web", groups=[])
    await world.ready()
    assert assigned(world) == {FOREIGN}


@told(keystone=True)
async def test_a_role_taken_away_outside_is_given_again_though_no_listing_shows_it(world: World) -> None:
    people(world)
    world.apply(groups=GROUPS)
    await world.ready()
    world.backend.edit(world.status()["id"], role_assignments=())
    reads = calls(world, "get")
    await asyncio.sleep(600)
    assert calls(world, "get") == reads
    await world.until(lambda: assigned(world) == {READER}, within=1300)


@told(keystone=True)
async def test_reconcile_now_looks_at_the_roles_too(world: World) -> None:
    people(world)
    world.apply(groups=GROUPS)
    await world.ready()
    world.backend.edit(world.status()["id"], role_assignments=())
    world.kube.annotate("web", **{RECONCILE_ANNOTATION: "now"})
    await world.until(lambda: assigned(world) == {READER}, within=20)


@told(keystone=True)
async def test_after_a_restart_settled_roles_are_believed_and_read_in_their_time(world: World) -> None:
    people(world)
    world.apply(groups=GROUPS)
    await world.ready()
    await world.stop()
    world.backend.edit(world.status()["id"], role_assignments=())
    writes, reads = len(world.kube.writes), calls(world, "get")
    world.start()
    await world.until(lambda: assigned(world) == {READER}, within=1900)
    assert calls(world, "get") > reads
    await world.ready()
    assert len(world.kube.writes) > writes


@told(keystone=True)
async def test_a_restart_writes_nothing_about_roles_whoever_gave_them(world: World) -> None:
    people(world)
    left = world.backend.make(ProjectContent("web", role_assignments=(READER, ADMIN)))
    world.apply(groups=GROUPS, **{"import": {"id": left.id}})
    await world.ready()
    assert in_status(world, "observed") == [("g1", "r1"), ("g1", "r2")]
    await world.stop()
    world.start()
    await nothing_happens(world, 2000)


@told(keystone=True)
async def test_a_name_that_means_another_role_by_now_is_followed(world: World) -> None:
    people(world)
    world.apply(groups=GROUPS)
    await world.ready()
    world.backend.roles[:] = [Role("r2", "reader")]
    world.backend.faults.append(Fault("update", RequestRefused("no such role")))
    world.kube.edit("web", description="new")
    await world.until(lambda: assigned(world) == {ADMIN}, within=30)
    await world.ready()


@told(keystone=True)
async def test_roles_that_may_not_be_read_are_said_and_nothing_is_written(world: World) -> None:
    people(world)
    world.apply(groups=GROUPS)
    world.backend.faults.extend([Fault("get", PermissionDenied("no right to read role assignments"))] * 3)
    assert "role assignments" in await reason(world, "PermissionDenied")
    assert assigned(world) == set()
    await world.ready()
    assert assigned(world) == {READER}


@told(keystone=True)
async def test_a_refused_role_is_asked_for_again_slowly(world: World) -> None:
    people(world)
    world.backend.faults.append(Fault("update", RequestRefused("not this role")))
    world.apply(groups=GROUPS)
    await reason(world, "RequestRefused")
    before = calls(world, "update")
    await asyncio.sleep(200)
    assert calls(world, "update") == before
    await world.ready(within=400)
    assert assigned(world) == {READER}
    assert [note.reason for _, note in world.notices] == ["RequestRefused", "Succeeded"]


@told(keystone=True)
async def test_report_drift_tells_of_roles_and_leaves_them(world: World) -> None:
    people(world)
    world.apply(groups=GROUPS, managementPolicy="ReportDrift")
    await world.ready()
    world.backend.edit(world.status()["id"], role_assignments=())
    await world.until(lambda: world.reason() == "Drifted", within=2000)
    (entry,) = world.status()["drift"]
    assert (entry["field"], entry["desired"]) == ("groups", "g1 has r1")
    assert assigned(world) == set()
