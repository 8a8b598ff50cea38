"""Stories of listings that lack what somebody else names: no Project waits for ever for another, and nobody is asked
to believe the same loss twice.

The real engine, virtual time, one promise a test.
"""

import asyncio
import functools
from typing import Any

import pytest
from simulation.backend import Fault, SimulatedBackend
from simulation.loop import run_virtually
from simulation.stories import gone, reason, told
from simulation.world import World

from project_operator.api.names import CREDENTIALS_LABEL
from project_operator.backends.base import RemoteProject, UnsupportedField
from project_operator.errors import PermissionDenied
from project_operator.kube.resources import IDENTITY_BACKENDS, SECRETS

SOON = 120.0
"""Seconds: a few looks, far less than for ever."""


async def two_of_which_one_does_not_look(world: World, hindrance: str) -> None:
    """`web` and `other`, Ready; then `web` has a reason not to read its project, which vanishes."""
    world.apply(**({"deletionProtection": True} if hindrance == "DeletionProtected" else {}))
    world.apply("other")
    await world.ready("web", "other")
    if hindrance == "Suspended":
        world.kube.edit("web", suspend=True)
    elif hindrance == "DeletionProtected":
        world.kube.delete("web")
    else:
        world.unsupported = lambda spec, _name: (
            (UnsupportedField("spec.description", "cannot be"),) if spec.description else ()
        )
        world.kube.edit("web", description="long")
    await (asyncio.sleep(1) if hindrance == "Suspended" else reason(world, hindrance))
    world.backend.begin_deletion(world.status()["id"])
    await world.until(lambda: len(world.backend.truth) == 1)


@pytest.mark.parametrize("hindrance", ["Suspended", "DeletionProtected", "Unsupported"])
def test_a_deletion_does_not_wait_for_a_project_that_does_not_look(hindrance: str) -> None:
    async def story() -> None:
        async with World(7) as world:
            world.install()
            world.start()
            await two_of_which_one_does_not_look(world, hindrance)
            world.kube.delete("other")
            await gone(world, "other", within=SOON)
            assert world.kube.look("web") is not None

    run_virtually(story())


@told()
async def test_a_recovery_does_not_wait_for_a_project_that_does_not_look(world: World) -> None:
    await two_of_which_one_does_not_look(world, "Suspended")
    world.backend.faults.append(Fault("create"))
    world.apply("third")
    await world.ready("third", within=SOON)


@told()
async def test_a_deletion_does_not_wait_for_another_backend_object_that_cannot_be_used(world: World) -> None:
    nscale = {"url": "https://identity", "auth": {"serviceAccountToken": {"secretRef": {"name": "second"}}}}
    labels = {CREDENTIALS_LABEL: "true"}
    world.kube.make(
        SECRETS,
        {"metadata": {"name": "second", "namespace": "ns", "labels": labels}, "data": {"token": "dG9rZW4="}},
    )
    world.kube.make(
        IDENTITY_BACKENDS, {"metadata": {"name": "second"}, "spec": {**world._backend_spec(), "nscale": nscale}}
    )
    world.apply()
    world.apply("other", backendRef={"kind": "IdentityBackend", "name": "second"})
    await world.ready("web", "other")
    assert world.status("web")["endpointID"] == world.status("other")["endpointID"]
    nowhere = {"serviceAccountToken": {"secretRef": {"name": "nowhere"}}}
    world.kube.edit("default", IDENTITY_BACKENDS, nscale={**nscale, "auth": nowhere})
    await world.until(lambda: ready_of(world)["reason"] == "SecretNotFound")
    world.backend.begin_deletion(world.status()["id"])
    await world.until(lambda: len(world.backend.truth) == 1)
    world.kube.delete("other")
    await gone(world, "other", within=SOON)


class Hiding(SimulatedBackend):
    """Its listings lack something, and it may not be read."""

    hidden = ""

    async def list_projects(self) -> tuple[RemoteProject, ...]:
        return tuple(one for one in await super().list_projects() if one.id != self.hidden)

    async def get_project(self, project_id: str, *, group_ids: frozenset[str] = frozenset()) -> RemoteProject:
        project = await super().get_project(project_id, group_ids=group_ids)
        if project_id == self.hidden:
            raise PermissionDenied("may not see it", operation="get_project")
        return project


def test_what_is_neither_shown_nor_gone_stands_in_the_way_by_name_and_never_till_a_time_in_the_past() -> None:
    async def story() -> None:
        async with World(7) as world:
            world.backend = backend = Hiding(world.random)
            world.install()
            world.start()
            world.apply()
            world.apply("other")
            await world.ready("web", "other")
            backend.hidden = world.status("web")["id"]
            backend.faults.append(Fault("create"))
            world.apply("third")
            world.kube.delete("other")
            for name in ("other", "third"):
                await world.until(functools.partial(names, world, name, backend.hidden))
                assert "until" not in world.condition(name)["message"]
            assert (world.reason("other"), world.reason("third")) == ("Deleting", "OutcomeUnknown")
            looked = backend.count("list")
            await asyncio.sleep(100)
            assert backend.count("list") - looked < 100 / 5 * 1.5, "it is looked at slowly"
            backend.hidden = ""
            await gone(world, "other", within=SOON)
            await world.ready("third", within=SOON)

    run_virtually(story())


async def six_of_which_four_are_missing(world: World) -> None:
    """Each of the four has gone by itself, and been proved gone."""
    every = [f"p{number}" for number in range(6)]
    for name in every:
        world.apply(name)
    await world.ready(*every)
    for name in every[:4]:
        world.backend.begin_deletion(world.status(name)["id"])
        await reason(world, "Missing", name)
    assert ready_of(world)["status"] == "True"


@told()
async def test_what_is_known_to_be_missing_is_not_suspicious_after_a_restart(world: World) -> None:
    await six_of_which_four_are_missing(world)
    await world.crash()
    world.start()
    await asyncio.sleep(60)
    world.apply("new")
    await world.ready("new")
    assert ready_of(world)["status"] == "True"
    assert not [notice for _, notice in world.notices if notice.reason == "SuspiciousAbsence"]


@told()
async def test_what_is_known_to_be_missing_is_not_suspicious_through_a_new_connection(world: World) -> None:
    await six_of_which_four_are_missing(world)
    world.kube.edit("default", IDENTITY_BACKENDS, interval="21s")
    await asyncio.sleep(60)
    assert len(world.opened) == 2
    assert ready_of(world)["status"] == "True"
    assert not [notice for _, notice in world.notices if notice.reason == "SuspiciousAbsence"]


@told()
async def test_what_was_proved_gone_stays_so_through_a_new_connection(world: World) -> None:
    await two_of_which_one_does_not_look(world, "Suspended")
    await asyncio.sleep(60)
    looks = world.backend.count("get")
    world.kube.edit("default", IDENTITY_BACKENDS, interval="21s")
    await asyncio.sleep(60)
    assert len(world.opened) == 2
    assert world.backend.count("get") == looks


def names(world: World, name: str, project_id: str) -> bool:
    """Whether a Project says that it waits for sight of that project."""
    return project_id in world.condition(name).get("message", "")


def ready_of(world: World) -> dict[str, Any]:
    """The condition Ready of the backend object."""
    conditions = (world.kube.look("default", IDENTITY_BACKENDS) or {})["status"]["conditions"]
    return next(dict(one) for one in conditions if one["type"] == "Ready")
