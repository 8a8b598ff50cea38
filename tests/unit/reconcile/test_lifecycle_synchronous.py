"""Stories of a backend that answers a creation with the finished project, and can switch projects off.

The real engine, virtual time, one promise a test.
"""

import pytest
from simulation.backend import LOCK, Fault
from simulation.stories import calls, gone, nothing_happens, reason, told
from simulation.world import World

from project_operator.backends.base import ProjectContent
from project_operator.errors import RequestRefused
from project_operator.kube.resources import IDENTITY_BACKENDS, PROJECTS


def writes(world: World) -> list[str]:
    return [subresource for plural, _, subresource in world.kube.writes if plural == PROJECTS.plural]


@told(keystone=True)
async def test_a_creation_that_leaves_nothing_to_do_is_two_writes_and_one_call(world: World) -> None:
    world.apply(description="Shop", tags=[{"name": "team", "value": ""}], enabled=True)
    await world.ready()
    assert writes(world) == ["", "status"]
    assert calls(world, "create", "update", "get") == 1
    status = world.status()
    assert (status["provisioningStatus"], status["healthStatus"]) == ("provisioned", "healthy")
    assert "operation" not in status
    assert status["observed"]["tags"] == [{"name": "team", "value": ""}]
    assert [note.reason for _, note in world.notices] == ["Succeeded"]
    await nothing_happens(world)


@told(keystone=True)
async def test_an_answer_to_an_older_spec_is_not_ready(world: World) -> None:
    world.backend.create_delay = 0.5
    world.apply(description="first")
    await world.until(lambda: calls(world, "create"))
    world.kube.edit("web", description="second")
    await world.until(lambda: world.status().get("id"))
    assert not world.is_ready()
    await world.ready()
    assert world.remote().content.description == "second"


@told(keystone=True)
async def test_a_project_is_made_disabled_and_switched_on(world: World) -> None:
    world.apply(enabled=False)
    await world.ready()
    assert world.remote().content.enabled is False
    assert world.status()["observed"]["enabled"] is False
    assert world.status()["provisioningStatus"] == "provisioned"
    world.kube.edit("web", enabled=True)
    await world.ready()
    assert world.remote().content.enabled is True


@told(keystone=True)
async def test_enabled_that_the_spec_leaves_out_is_left_as_found(world: World) -> None:
    world.apply()
    await world.ready()
    world.backend.edit(world.status()["id"], enabled=False)
    await world.until(lambda: world.status()["observed"]["enabled"] is False)
    await nothing_happens(world)
    assert world.remote().content.enabled is False


@told(keystone=True)
async def test_a_lost_answer_is_no_second_project(world: World) -> None:
    world.backend.faults.append(Fault("create", commit_after=1.0))
    world.apply()
    await world.ready()
    assert len(world.backend.living()) == 1


@told(keystone=True)
async def test_disable_switches_off_and_keeps_the_mark(world: World) -> None:
    uid = world.apply(deletionPolicy="Disable")
    await world.ready()
    project_id = world.status()["id"]
    world.kube.delete("web")
    await gone(world)
    left = world.backend.truth[project_id].content
    assert (left.enabled, left.mark) == (False, world.mark(uid))
    assert calls(world, "delete") == 0
    assert [note.reason for _, note in world.notices][-1] == "Released"


@told(keystone=True)
async def test_disable_of_what_is_disabled_is_no_call(world: World) -> None:
    world.apply(deletionPolicy="Disable", enabled=False)
    await world.ready()
    world.kube.delete("web")
    await gone(world)
    assert calls(world, "update", "delete") == 0


@told(keystone=True)
async def test_disable_of_what_is_gone_already_ends(world: World) -> None:
    world.apply(deletionPolicy="Disable")
    await world.ready()
    world.backend.begin_deletion(world.status()["id"])
    world.kube.delete("web")
    await gone(world)


@told(keystone=True)
async def test_disable_after_an_unknown_creation_switches_off_what_appears_late(world: World) -> None:
    world.backend.faults.append(Fault("create", commit_after=3.0))
    world.apply(deletionPolicy="Disable")
    await world.until(lambda: calls(world, "create"))
    world.kube.delete("web")
    await gone(world)
    assert [project.content.enabled for project in world.backend.living()] == [False]


@told()
async def test_disable_is_refused_where_nothing_can_be_switched_off(world: World) -> None:
    world.apply(deletionPolicy="Disable")
    await world.ready()
    world.kube.delete("web")
    assert "cannot do 'Disable'" in await reason(world, "Unsupported")
    await nothing_happens(world)


@told(keystone=True)
async def test_disable_where_updates_are_not_allowed_waits_and_says_the_way_out(world: World) -> None:
    world.apply(deletionPolicy="Disable")
    await world.ready()
    world.kube.edit("default", IDENTITY_BACKENDS, capabilities={"update": False})
    world.kube.delete("web")
    assert "set `deletionPolicy: Orphan`" in await reason(world, "NotPermitted")
    world.kube.edit("web", deletionPolicy="Orphan")
    await gone(world)


@told(keystone=True)
async def test_a_project_that_lost_our_mark_is_not_disabled(world: World) -> None:
    world.apply(deletionPolicy="Disable")
    await world.ready()
    world.backend.edit(world.status()["id"], mark="")
    world.kube.delete("web")
    assert "does not carry this object's mark" in await reason(world, "Conflict")
    assert world.remote().content.enabled is True


@told(keystone=True)
async def test_a_refused_disabling_is_said_and_asked_again_slowly(world: World) -> None:
    world.apply(deletionPolicy="Disable")
    await world.ready()
    world.backend.faults.append(Fault("update", RequestRefused("cannot disable: it has children that are enabled")))
    world.kube.delete("web")
    assert "children" in await reason(world, "RequestRefused")
    assert calls(world, "update") == 1
    await gone(world, within=400)
    assert calls(world, "update") == 2


@told(keystone=True)
async def test_what_was_disabled_is_found_by_the_next_of_the_name_and_can_be_imported(world: World) -> None:
    world.apply(deletionPolicy="Disable")
    await world.ready()
    project_id = world.status()["id"]
    world.kube.delete("web")
    await gone(world)
    world.apply()
    assert f"`spec.import.id: {project_id}`" in await reason(world, "Conflict")
    world.kube.delete("web")
    await gone(world)
    uid = world.apply(enabled=True, **{"import": {"id": project_id}})
    await world.ready()
    assert (world.remote().content.enabled, world.remote().content.mark) == (True, world.mark(uid))
    assert len(world.backend.living()) == 1


@told(keystone=True)
async def test_a_locked_project_is_unlocked_for_our_updates_and_locked_again(world: World) -> None:
    world.apply(keystone={"immutable": True})
    await world.ready()
    world.kube.edit("web", description="new")
    await world.ready()
    assert world.remote().content.description == "new"
    assert world.remote().content.particulars[LOCK] == "true"
    assert world.status()["observed"]["particulars"][LOCK] == "true"


@told(keystone=True)
async def test_a_lock_that_somebody_else_put_on_is_left_and_the_refusal_told(world: World) -> None:
    world.apply()
    await world.ready()
    particulars = world.remote().content.particulars
    world.backend.edit(world.status()["id"], particulars={**particulars, LOCK: "true"})
    world.kube.edit("web", description="new")
    assert "immutable" in await reason(world, "RequestRefused")
    assert world.remote().content.particulars[LOCK] == "true"


@told(keystone=True)
async def test_our_own_lock_holds_the_deletion_until_it_is_taken_off(world: World) -> None:
    world.apply(keystone={"immutable": True})
    await world.ready()
    world.kube.delete("web")
    assert "set it to false" in await reason(world, "DeletionProtected")
    await nothing_happens(world)
    world.kube.edit("web", keystone={"immutable": False})
    await gone(world)
    assert world.backend.living() == []


@told(keystone=True)
async def test_our_own_lock_does_not_hold_an_orphan(world: World) -> None:
    world.apply(keystone={"immutable": True}, deletionPolicy="Orphan")
    await world.ready()
    world.kube.delete("web")
    await gone(world)
    (left,) = world.backend.living()
    assert (left.content.mark, left.content.particulars[LOCK]) == ("orphaned", "true")


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"parentID": "elsewhere"}, "`spec.parentID`"),
        ({"keystone": {"isDomain": True}}, "`spec.keystone.isDomain`"),
        ({"keystone": {"domainID": "d7"}}, "`spec.keystone.domainID`"),
    ],
)
def test_an_import_that_can_never_fit_is_refused_before_anything_is_written(spec: dict[str, object], path: str) -> None:
    @told(keystone=True)
    async def story(world: World) -> None:
        left = world.backend.make(ProjectContent("web"))
        world.apply(**spec, **{"import": {"id": left.id}})
        assert path in await reason(world, "Unsupported")
        assert world.condition(type_="Stalled")["status"] == "True"
        assert "id" not in world.status()
        await nothing_happens(world)

    story()


@told(keystone=True)
async def test_a_parent_that_changed_outside_is_told_and_no_update(world: World) -> None:
    world.apply(parentID="d1")
    await world.ready()
    world.backend.edit(world.status()["id"], parent_id="elsewhere")
    assert "'elsewhere', not 'd1'" in await reason(world, "Unsupported")
    assert world.status()["drift"][0]["field"] == "parentID"
    assert calls(world, "update") == 0
