"""Stories of `managementPolicy: Plan`: what would be done stands in status, and nothing is done.

The real engine, virtual time, one promise a test.
"""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from simulation.backend import Fault
from simulation.loop import run_virtually
from simulation.stories import calls, gone, nothing_happens, reason, told
from simulation.world import World

from project_operator.api.events import EventReason
from project_operator.api.names import FINALIZER
from project_operator.backends.base import Group, PlannedCall, ProjectContent, Role, RoleAssignment, Tag
from project_operator.kube.resources import IDENTITY_BACKENDS
from project_operator.reconcile import planning

GROUPS = [{"name": "dev", "roles": [{"name": "reader"}, {"name": "admin"}]}]


def people(world: World) -> None:
    world.backend.groups += [Group("g1", "dev"), Group("g2", "ops")]
    world.backend.roles += [Role("r1", "reader"), Role("r2", "admin")]


def plan(world: World) -> list[tuple[str, str]]:
    return [(call["verb"], call["target"]) for call in world.status().get("plan", [])]


def sent(world: World, requests: list[PlannedCall]) -> list[tuple[str, str]]:
    """What was sent, with the id of what was created unknown again."""
    first = requests[0] if requests else None
    made = world.status()["id"] if first is not None and first.verb == "POST" else None
    return [(call.verb, call.target.replace(f"/{made}", "/{id}") if made else call.target) for call in requests]


def finalizers(world: World) -> list[str]:
    return list((world.kube.look("web") or {})["metadata"].get("finalizers", ()))


@told(keystone=True)
async def test_a_creation_is_planned_and_then_carried_out(world: World) -> None:
    people(world)
    world.apply(groups=GROUPS, managementPolicy="Plan")
    assert "3 calls would be made" in await reason(world, "Planned")
    assert world.condition()["status"] == "False"
    assert world.condition(type_="Stalled")["reason"] == "Planned"
    planned = plan(world)
    assert planned[0] == ("POST", "/projects")
    assert (finalizers(world), calls(world, "create", "update", "delete")) == ([], 0)
    assert [(note.warning, note.reason) for _, note in world.notices] == [(False, "Planned")]
    await nothing_happens(world)
    world.kube.edit("web", managementPolicy="Manage")
    await world.ready()
    assert sent(world, world.backend.requests) == planned
    assert "plan" not in world.status()


@told(keystone=True)
async def test_nothing_to_do_is_ready(world: World) -> None:
    world.apply(description="Shop")
    await world.ready()
    world.kube.edit("web", managementPolicy="Plan")
    await reason(world, "Planned")
    assert world.is_ready()
    assert plan(world) == []
    await nothing_happens(world)


@told(keystone=True)
async def test_drift_and_edits_are_planned_and_nothing_is_written(world: World) -> None:
    people(world)
    world.apply(description="Shop", groups=GROUPS)
    await world.ready()
    world.backend.requests.clear()
    project_id = world.status()["id"]
    world.kube.edit("web", managementPolicy="Plan", groups=[{"name": "dev", "roles": [{"name": "reader"}]}])
    await world.until(lambda: plan(world))
    assert plan(world) == [("DELETE", f"/projects/{project_id}/groups/g1/roles/r2")]
    world.backend.edit(project_id, description="somebody's")
    await world.until(lambda: len(plan(world)) == 2)
    assert plan(world)[0] == ("PATCH", f"/projects/{project_id}")
    assert [entry["field"] for entry in world.status()["drift"]] == ["description", "groups"]
    assert world.backend.requests == []
    assert [note.reason for _, note in world.notices].count(EventReason.PLANNED) == 1
    planned = plan(world)
    world.kube.edit("web", managementPolicy="Manage")
    await world.ready()
    assert sent(world, world.backend.requests) == planned


@told(keystone=True)
async def test_an_import_is_planned_without_a_finalizer(world: World) -> None:
    left = world.backend.make(ProjectContent("web", "theirs"))
    world.apply(description="ours", managementPolicy="Plan", **{"import": {"id": left.id}})
    await world.until(lambda: plan(world))
    assert plan(world) == [("PATCH", f"/projects/{left.id}")]
    assert finalizers(world) == []
    world.kube.edit("web", managementPolicy="Manage")
    await world.ready()
    assert FINALIZER in finalizers(world)
    assert [(call.verb, call.target) for call in world.backend.requests] == [("PATCH", f"/projects/{left.id}")]


@told(keystone=True)
async def test_an_import_of_what_may_be_there_is_planned_either_way(world: World) -> None:
    world.apply(managementPolicy="Plan", **{"import": {"byName": "IfPresent"}})
    await reason(world, "Planned")
    assert plan(world) == [("POST", "/projects")]
    world.kube.delete("web")
    await gone(world)
    left = world.backend.make(ProjectContent("web"))
    await asyncio.sleep(30)
    world.apply(managementPolicy="Plan", **{"import": {"byName": "IfPresent"}})
    await world.until(lambda: plan(world))
    assert plan(world) == [("PATCH", f"/projects/{left.id}")]


@told(keystone=True)
async def test_what_manage_could_not_do_is_said_instead_of_a_plan(world: World) -> None:
    world.apply(managementPolicy="Plan", groups=GROUPS)
    await reason(world, "GroupNotFound")
    assert plan(world) == []
    world.kube.edit("default", IDENTITY_BACKENDS, capabilities={"create": False})
    world.kube.edit("web", groups=None)
    await reason(world, "NotPermitted")
    assert plan(world) == []


@told(keystone=True)
async def test_an_update_that_the_site_forbids_is_no_plan(world: World) -> None:
    world.apply(description="Shop")
    await world.ready()
    world.kube.edit("default", IDENTITY_BACKENDS, capabilities={"update": False})
    world.kube.edit("web", managementPolicy="Plan", description="new")
    assert "`description` differ" in await reason(world, "NotPermitted")
    assert plan(world) == []


@told(keystone=True)
async def test_an_import_that_can_never_fit_is_no_plan(world: World) -> None:
    left = world.backend.make(ProjectContent("web"))
    world.apply(managementPolicy="Plan", parentID="elsewhere", **{"import": {"id": left.id}})
    assert "`spec.parentID`" in await reason(world, "Unsupported")


@told(keystone=True)
async def test_what_never_made_anything_goes_at_once(world: World) -> None:
    world.apply(managementPolicy="Plan")
    await reason(world, "Planned")
    world.kube.delete("web")
    await gone(world, within=1.0)
    assert calls(world, "create", "update", "delete") == 0


@told(keystone=True)
async def test_a_project_under_plan_is_let_go_of_as_it_is(world: World) -> None:
    uid = world.apply()
    await world.ready()
    world.kube.edit("web", managementPolicy="Plan")
    await reason(world, "Planned")
    world.kube.delete("web")
    await gone(world)
    (left,) = world.backend.living()
    assert left.content.mark == world.mark(uid)
    assert [note.reason for _, note in world.notices][-1] == "Released"


@told(keystone=True)
async def test_a_creation_whose_outcome_is_unknown_is_looked_for_under_plan_too(world: World) -> None:
    world.backend.faults.append(Fault("create", commit_after=3.0))
    world.apply()
    await world.until(lambda: calls(world, "create"))
    world.kube.edit("web", managementPolicy="Plan")
    await world.until(lambda: world.status().get("id"))
    await reason(world, "Planned")
    assert world.is_ready()
    assert len(world.backend.living()) == 1


@told(keystone=True)
async def test_a_creation_that_never_took_effect_is_planned_again(world: World) -> None:
    world.backend.faults.append(Fault("create"))
    world.apply()
    await world.until(lambda: calls(world, "create"))
    world.kube.edit("web", managementPolicy="Plan")
    await world.until(lambda: plan(world))
    assert plan(world) == [("POST", "/projects")]
    assert calls(world, "create") == 1


@told(keystone=True)
async def test_what_would_be_created_anew_is_planned(world: World) -> None:
    world.apply(missingPolicy="Recreate")
    await world.ready()
    project_id = world.status()["id"]
    world.kube.edit("web", managementPolicy="Plan")
    await reason(world, "Planned")
    world.backend.make(ProjectContent("other"))
    world.backend.begin_deletion(project_id)
    await world.until(lambda: plan(world))
    assert plan(world) == [("POST", "/projects")]
    assert (world.status()["id"], calls(world, "create")) == (project_id, 1)


@told(keystone=True)
async def test_a_duplicate_that_would_be_removed_is_planned(world: World) -> None:
    world.kube.edit("default", IDENTITY_BACKENDS, removeDuplicates=True)
    uid = world.apply()
    await world.ready()
    world.kube.edit("web", managementPolicy="Plan")
    await reason(world, "Planned")
    world.backend.created.clear()
    extra = world.backend._create(ProjectContent("web", mark=world.mark(uid)))
    await world.until(lambda: plan(world))
    assert plan(world) == [("DELETE", f"/projects/{extra.id}")]
    assert calls(world, "delete") == 0
    world.kube.edit("web", managementPolicy="Manage")
    await world.ready()
    await world.until(lambda: [one.id for one in world.backend.living()] == [world.status()["id"]])


@told()
async def test_a_project_that_is_still_being_provisioned_is_not_done(world: World) -> None:
    world.backend.provision_delay = 60
    world.apply()
    await world.until(lambda: world.status().get("id"))
    world.kube.edit("web", managementPolicy="Plan")
    await reason(world, "Progressing")
    assert not world.is_ready()
    await reason(world, "Planned", within=100)
    assert world.is_ready()


# For any spec: what Plan lists is what Manage then sends.

WORDS = st.sampled_from(["", "a", "b"])
ROLES = st.lists(st.sampled_from([{"id": "r1"}, {"name": "admin"}]), min_size=1, max_size=2, unique_by=str)
SPECS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["web", "shop"]),
        "description": WORDS,
        "tags": st.lists(
            st.builds(lambda name, value: {"name": name, "value": value}, st.sampled_from("abc"), WORDS),
            max_size=3,
            unique_by=str,
        ),
        "groups": st.lists(
            st.builds(lambda group, roles: {"id": group, "roles": roles}, st.sampled_from(["g1", "g2"]), ROLES),
            max_size=2,
            unique_by=lambda group: group["id"],
        ),
        "enabled": st.booleans(),
        "keystone": st.builds(lambda locked: {"immutable": locked}, st.booleans()),
    },
)
FOUND = st.none() | st.builds(
    ProjectContent,
    name=st.sampled_from(["web", "shop"]),
    description=st.none() | WORDS,
    tags=st.lists(st.builds(Tag, st.sampled_from("abc"), WORDS), max_size=2, unique=True).map(tuple),
    enabled=st.booleans(),
    role_assignments=st.lists(
        st.builds(RoleAssignment, st.sampled_from(["g1", "g2"]), st.sampled_from(["r1", "r2"])), max_size=2, unique=True
    ).map(tuple),
)


async def planned_and_done(spec: dict[str, Any], later: dict[str, Any], found: ProjectContent | None) -> None:
    async with World(3, keystone=True) as world:
        people(world)
        world.install()
        world.start()
        await world.until(lambda: world.backend.count("connect"))
        if "keystone" in spec:  # a lock that nobody speaks of any more is nobody's to take off
            later = {"keystone": {"immutable": False}} | later
        taken = {} if found is None else {"import": {"id": world.backend.make(found).id}}
        cleared = {field: None for field in spec if field not in later}
        for number, wish in enumerate((spec | taken, later | cleared)):
            world.backend.requests.clear()
            if number:
                world.kube.edit("web", managementPolicy="Plan", **wish)
            else:
                world.apply(managementPolicy="Plan", **wish)
            await world.until(
                lambda: (
                    world.reason() == "Planned"
                    and world.status()["observedGeneration"] == (world.kube.look("web") or {})["metadata"]["generation"]
                )
            )
            planned = plan(world)
            assert world.backend.requests == []
            assert (world.condition()["status"] == "True") == (not planned)
            world.kube.edit("web", managementPolicy="Manage")
            await world.ready()
            assert sent(world, world.backend.requests) == planned, world.picture()


EXAMPLES = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@EXAMPLES
@given(spec=SPECS, later=SPECS, found=FOUND)
def test_what_plan_lists_is_what_manage_then_sends(
    spec: dict[str, Any], later: dict[str, Any], found: ProjectContent | None
) -> None:
    run_virtually(planned_and_done(spec, later, found))


def test_a_plan_that_leaves_something_out_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = planning.told
    monkeypatch.setattr(planning, "told", lambda view, told, project, **facts: whole(view, told[:1], project, **facts))
    spec = {"groups": [{"id": "g1", "roles": [{"id": "r1"}]}]}
    with pytest.raises(AssertionError):
        run_virtually(planned_and_done(spec, {}, None))
