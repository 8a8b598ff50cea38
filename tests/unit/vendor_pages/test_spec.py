"""Every field of a spec that becomes a part of the creation is in it, and what is read back is in status."""

from simulation.stories import calls, told
from simulation.world import World

from project_operator.backends.base import Group, Role, RoleAssignment, Tag

ORGANIZATION = "org"
"""Of the world that stories are told in."""


@told(keystone=True)
async def test_every_field_that_keystone_can_hold_reaches_the_creation(world: World) -> None:
    world.backend.groups.append(Group("g1", "admins"))
    world.backend.roles.append(Role("r1", "member"))
    uid = world.apply(
        name="Research 2026",
        description="Genomes",
        tags=[{"name": "stage", "value": ""}, {"name": "team", "value": "x"}],
        enabled=False,
        parentID="d1",
        keystone={"immutable": True, "domainID": ORGANIZATION},
        groups=[{"name": "admins", "roles": [{"name": "member"}]}],
    )
    await world.ready()

    content = world.remote().content
    assert (content.name, content.description, content.enabled) == ("Research 2026", "Genomes", False)
    assert set(content.tags) == {Tag("stage", ""), Tag("team", "x")}
    assert content.mark == world.mark(uid)
    assert content.parent_id == "d1"
    assert content.particulars["keystone.immutable"] == "true"
    assert content.particulars["keystone.domainID"] == ORGANIZATION
    assert set(content.role_assignments or ()) == {RoleAssignment("g1", "r1")}
    assert calls(world, "create") == 1

    observed = world.status()["observed"]
    assert (observed["name"], observed["description"], observed["enabled"]) == ("Research 2026", "Genomes", False)
    assert observed["parentID"] == "d1"
    assert observed["particulars"] == dict(content.particulars)
    assert observed["roleAssignments"] == [{"groupID": "g1", "roleID": "r1"}]
    assert world.status()["organizationID"] == ORGANIZATION


@told(keystone=True)
async def test_a_project_that_is_a_domain_is_asked_for_as_one(world: World) -> None:
    world.apply(keystone={"isDomain": True})
    await world.ready()
    assert world.remote().content.particulars["keystone.isDomain"] == "true"
