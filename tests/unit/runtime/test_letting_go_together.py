"""Many Projects are let go of at once, and the answer to each update is lost: each waits for the last moment at which
that could still take effect, and is read again.
"""

import asyncio

import pytest
from simulation.backend import Fault
from simulation.loop import run_virtually
from simulation.world import IN_FLIGHT_BOUND, INTERVAL, World

from project_operator.api.marks import ORPHANED
from project_operator.backends.base import RemoteProject

CROWD = [f"web-{number}" for number in range(12)]
"""More than are read one by one: a listing answers them all, and is not what counts here."""
READS = 6
"""Of each: before the update, after it, again and again while it is waited for, and when all is calm."""


@pytest.mark.parametrize("policy", ["Orphan", "Disable"])
def test_each_is_read_a_few_times_and_goes(policy: str) -> None:
    async def story() -> None:
        async with World(keystone=True) as world:
            world.install()
            for name in CROWD:
                world.apply(name, deletionPolicy=policy)
            world.start()
            await world.ready()
            world.backend.faults += [Fault("update", commit_after=0.0) for _ in CROWD]
            begun, gets, lists = now(), world.backend.count("get"), world.backend.count("list")
            for name in CROWD:
                world.kube.delete(name)
            # The first look at that moment takes a while, so that the others are due together.
            await world.until(lambda: world.reason(CROWD[0]) == "Deleting", within=IN_FLIGHT_BOUND / 2)
            await asyncio.sleep(IN_FLIGHT_BOUND / 2)
            world.backend.faults.append(Fault("get", answer_after=1.0))
            await world.until(lambda: not any(world.kube.look(name) for name in CROWD), within=120)
            assert now() - begun > IN_FLIGHT_BOUND
            assert world.backend.count("get") - gets <= READS * len(CROWD)
            assert world.backend.count("list") - lists <= READS + (now() - begun) / INTERVAL
            assert all(let_go(project, policy) for project in world.backend.truth.values())

    run_virtually(story())


def now() -> float:
    return asyncio.get_running_loop().time()


def let_go(project: RemoteProject, policy: str) -> bool:
    return project.content.mark == ORPHANED if policy == "Orphan" else project.content.enabled is False
