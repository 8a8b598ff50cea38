"""Stories of marks that somebody copied: what becomes of the copy, and of what is ours.

The real engine, virtual time, one promise a test.
"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from simulation.backend import Fault, SimulatedBackend
from simulation.stories import gone, reason, told
from simulation.world import IN_FLIGHT_BOUND, World

from project_operator.backends.base import ConnectionFacts, ProvisioningStatus, RemoteProject
from project_operator.kube.resources import IDENTITY_BACKENDS


def copy_of(world: World, original: RemoteProject, created_by: str = "somebody") -> str:
    """Somebody's project, onto which the mark of ``original`` was copied."""
    copied = world.backend.make(original.content)
    world.backend.put(replace(copied, created_by=created_by, provisioning_status=ProvisioningStatus.PROVISIONED))
    return copied.id


def the_robot_is_replaced(world: World) -> None:
    """What was made so far, another credential made."""
    for project in world.backend.truth.values():
        world.backend.put(replace(project, created_by="former-robot"))


async def a_copy_is_condemned(world: World, *, created_by: str = "somebody", **spec: Any) -> str:
    """A Project that is Ready, and a copy of its mark that the operator has found; the copy's id."""
    world.apply(**spec)
    await world.ready()
    copied = copy_of(world, world.remote(), created_by)
    await world.until(lambda: world.status().get("condemned") == [copied])
    return copied


async def gone_and_copied(world: World) -> tuple[str, str]:
    """A project that is being deleted, and a copy of its mark; both ids. The Project may make another."""
    world.apply(missingPolicy="Recreate")
    await world.ready()
    named = world.remote()
    world.backend.begin_deletion(named.id)
    await asyncio.sleep(1)
    return named.id, copy_of(world, named)


async def made_and_not_named(world: World, **spec: Any) -> RemoteProject:
    """A project whose creation was not answered, before the operator has found it."""
    world.backend.faults.append(Fault("create", commit_after=0.0))
    world.apply(**spec)
    await world.until(lambda: world.backend.truth)
    assert "id" not in world.status()
    (made,) = world.backend.truth.values()
    return made


def living(world: World) -> list[str]:
    return [project.id for project in world.backend.living()]


@pytest.fixture
def nobody_knows_who_we_are(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = SimulatedBackend.connect

    async def connect_as_nobody(backend: SimulatedBackend) -> ConnectionFacts:
        return replace(await connect(backend), principal="")

    monkeypatch.setattr(SimulatedBackend, "connect", connect_as_nobody)


@pytest.mark.usefixtures("nobody_knows_who_we_are")
def test_who_does_not_know_who_it_is_deletes_no_copy() -> None:
    @told()
    async def story(world: World) -> None:
        copied = await a_copy_is_condemned(world)
        world.kube.delete("web")
        message = await reason(world, "Conflict")
        assert "but 'somebody' made it, and who this credential is the backend does not tell" in message
        await asyncio.sleep(120)
        assert living(world) == [copied]

        world.kube.edit("web", deletionPolicy="Orphan")
        await gone(world)
        assert living(world) == [copied]

    story()


@pytest.mark.usefixtures("nobody_knows_who_we_are")
def test_who_does_not_know_who_it_is_deletes_what_it_never_named() -> None:
    @told()
    async def story(world: World) -> None:
        world.backend.faults.append(Fault("create", commit_after=1.0))
        world.apply()
        await reason(world, "OutcomeUnknown")
        world.kube.delete("web")
        await gone(world)
        assert living(world) == []
        assert world.backend.count("delete") == 1

    story()


def test_who_could_not_ask_who_it_is_asks_again_at_the_next_round(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = SimulatedBackend.connect

    async def connect_and_learn_later(backend: SimulatedBackend) -> ConnectionFacts:
        facts = await connect(backend)
        return facts if backend.count("connect") > 1 else replace(facts, principal="", principal_in_doubt=True)

    monkeypatch.setattr(SimulatedBackend, "connect", connect_and_learn_later)

    @told()
    async def story(world: World) -> None:
        def principal() -> object:
            return (world.kube.look("default", IDENTITY_BACKENDS) or {})["status"].get("principal")

        await world.until(lambda: principal() == "robot")
        await asyncio.sleep(120)
        assert world.backend.count("connect") == 2

    story()


@told()
async def test_a_copy_does_not_take_the_place_of_what_is_gone(world: World) -> None:
    named, copied = await gone_and_copied(world)
    message = await reason(world, "Conflict")
    assert f"project {copied} carries this object's mark, but 'somebody' made it, and not 'robot'" in message
    assert f"set `spec.import.id` to {copied} and `spec.missingPolicy` to 'Report'" in message
    await asyncio.sleep(120)
    assert "id" not in world.status()
    assert world.backend.count("create") == 1

    world.backend.edit(copied, mark="")
    await world.ready()
    assert world.status()["id"] not in {named, copied}
    world.kube.delete("web")
    await gone(world)
    assert living(world) == [copied]


@told()
async def test_a_copy_may_be_taken_over_by_its_id(world: World) -> None:
    _, copied = await gone_and_copied(world)
    await reason(world, "Conflict")
    world.kube.edit("web", **{"import": {"id": copied}, "missingPolicy": "Report"})
    await world.ready()
    assert (world.status()["id"], world.status()["origin"]) == (copied, "Imported")


@told(read_lag=3.0)
async def test_of_several_what_our_credential_made_is_adopted(world: World) -> None:
    ours = await made_and_not_named(world)
    await world.crash()
    assert "id" not in world.status()
    copied = copy_of(world, ours)
    world.backend.put(replace(world.backend.truth[copied], creation_time=datetime.fromtimestamp(0, UTC)))
    world.start()
    await world.ready()
    assert world.status()["id"] == ours.id
    assert world.status()["condemned"] == [copied]


@pytest.mark.parametrize("policy", ["Delete", "Orphan"])
def test_a_copy_is_told_from_what_was_never_named_for_good(policy: str) -> None:
    @told(read_lag=3.0)
    async def story(world: World) -> None:
        ours = await made_and_not_named(world, deletionPolicy=policy)
        await world.crash()
        assert "id" not in world.status()
        copied = copy_of(world, ours)
        world.kube.delete("web")
        world.start()
        if policy == "Delete":
            await reason(world, "Conflict")
            await world.crash()
            world.start()
            await asyncio.sleep(120)
            assert living(world) == [copied]
            world.kube.edit("web", deletionPolicy="Orphan")
        await gone(world)
        assert world.backend.truth[copied].content.mark == ours.content.mark
        (note,) = (notice.note for _, notice in world.notices if notice.reason == "Released")
        assert f"because nothing shows that it is this object's own: {copied} (made by 'somebody')" in note

    story()


@told(read_lag=3.0)
async def test_what_was_never_named_is_deleted_though_the_credential_was_replaced(world: World) -> None:
    await made_and_not_named(world)
    world.kube.delete("web")
    the_robot_is_replaced(world)
    await gone(world)
    assert living(world) == []


@told(read_lag=3.0)
async def test_what_was_never_named_is_adopted_though_the_credential_was_replaced(world: World) -> None:
    await made_and_not_named(world)
    the_robot_is_replaced(world)
    await world.ready()
    assert living(world) == [world.status()["id"]]


@told(keystone=True)
async def test_where_nobody_tells_who_made_what_only_the_named_one_goes(world: World) -> None:
    extra = await a_copy_is_condemned(world, created_by="")
    world.kube.delete("web")
    message = await reason(world, "Conflict")
    assert f"project {extra} carries this object's mark too, and the backend does not tell who made it" in message
    assert living(world) == [extra]
    world.kube.edit("web", deletionPolicy="Orphan")
    await gone(world)
    assert living(world) == [extra]
    (note,) = (notice.note for _, notice in world.notices if notice.reason == "Released")
    assert "it is gone from the backend; left as it is, with this object's mark" in note


@pytest.mark.parametrize("policy", ["Manage", "ReportDrift"])
def test_a_copy_does_not_take_the_place_of_what_is_gone_where_nobody_tells_who_made_it(policy: str) -> None:
    @told(keystone=True, destroys="everything in it")
    async def story(world: World) -> None:
        world.apply(missingPolicy="Recreate", managementPolicy=policy, description="said")
        await world.ready()
        if policy == "ReportDrift":
            world.backend.edit(world.status()["id"], description="edited outside")
            await world.until(lambda: world.status().get("drift"))
        named = world.remote()
        theirs = replace(named, content=replace(named.content, name="theirs"))
        copied = copy_of(world, theirs, created_by="")
        world.backend.begin_deletion(named.id)
        assert f"project {copied} carries this object's mark" in await reason(world, "Conflict")
        world.kube.delete("web")
        await reason(world, "Conflict")
        await asyncio.sleep(120)
        assert [(project.id, project.content.name) for project in world.backend.living()] == [(copied, "theirs")]
        assert "Destroying" not in {notice.reason for _, notice in world.notices}

    story()


@told(keystone=True, read_lag=3.0)
async def test_of_two_that_were_never_named_none_is_deleted_where_nobody_tells_who_made_them(world: World) -> None:
    made = await made_and_not_named(world)
    await world.crash()
    world.backend.put(replace(made, created_by=""))
    copied = copy_of(world, made, created_by="")
    world.kube.delete("web")
    world.start()
    await reason(world, "Conflict")
    await asyncio.sleep(120)
    assert sorted(living(world)) == sorted([made.id, copied])
    world.backend.edit(copied, mark="")
    await gone(world)
    assert living(world) == [copied]


@told(keystone=True, deletes=False)
async def test_nobody_is_advised_to_delete_where_nothing_can_be_deleted(world: World) -> None:
    await a_copy_is_condemned(world, created_by="", deletionPolicy="Disable")
    world.kube.delete("web")
    message = await reason(world, "Conflict")
    assert "take the mark off it in the backend; with `deletionPolicy: Orphan`" in message


@told()
async def test_what_was_proved_gone_and_is_back_is_deleted_too(world: World) -> None:
    world.apply(missingPolicy="Recreate")
    await world.ready()
    first = world.remote()
    world.backend.begin_deletion(first.id)
    await world.until(lambda: world.status().get("goneIDs") == [first.id])
    await world.ready()
    world.backend.put(first)
    world.kube.delete("web")
    await gone(world)
    assert living(world) == []


@told(keystone=True)
async def test_a_copy_is_not_disabled(world: World) -> None:
    copied = await a_copy_is_condemned(world, deletionPolicy="Disable")
    world.kube.delete("web")
    assert f"project {copied} carries this object's mark too" in await reason(world, "Conflict")
    assert world.backend.truth[copied].content.enabled

    world.backend.edit(copied, mark="")
    await gone(world)
    assert world.backend.truth[copied].content.enabled


@pytest.mark.parametrize("told_to", [{"managementPolicy": "Plan"}, {"managementPolicy": "Observe"}])
def test_who_writes_nothing_any_more_goes_only_when_nothing_of_it_can_appear(told_to: dict[str, str]) -> None:
    @told()
    async def story(world: World) -> None:
        world.backend.faults.append(Fault("create", commit_after=IN_FLIGHT_BOUND - 1))
        world.apply()
        await reason(world, "OutcomeUnknown")
        world.kube.edit("web", **told_to)
        await asyncio.sleep(0.5)
        world.kube.delete("web")
        await world.until(lambda: "looking for this object's mark until" in world.condition()["message"])
        await gone(world)
        (late,) = living(world)
        (note,) = (notice.note for _, notice in world.notices if notice.reason == "Released")
        assert f"project {late}: `managementPolicy: {told_to['managementPolicy']}`" in note
        assert "the project stays as it is" in note
        assert world.backend.count("delete") == 0

    story()


@told()
async def test_who_writes_nothing_any_more_goes_at_last_where_nothing_appeared(world: World) -> None:
    world.backend.faults.append(Fault("create"))
    world.apply()
    await reason(world, "OutcomeUnknown")
    world.kube.edit("web", managementPolicy="Plan")
    world.kube.delete("web")
    await gone(world)
    assert living(world) == []
    (note,) = (notice.note for _, notice in world.notices if notice.reason == "Released")
    assert "nothing of this object is in the backend" in note
