"""The differential oracle: what comes of edits, one after the other, is what comes of the last specs alone in a world
that is new.
"""

import asyncio
from typing import Any, Final

from spec_values import Spec

from project_operator.api.names import REPEAT_CREATION_ANNOTATION
from project_operator.kube.resources import PROJECTS
from simulation.families import GROUPS, ROLES, Family
from simulation.outcome import outcome
from simulation.world import INTERVAL, READ_LAG, World

WRITES: Final = ("create", "update", "delete")
"""Calls that change something in the backend."""


async def started(world: World) -> None:
    world.backend.groups += GROUPS
    world.backend.roles += ROLES
    world.install()
    world.start()
    await world.until(lambda: world.backend.count("connect"))


async def alone(family: Family, wanted: dict[str, Spec]) -> dict[str, Any]:
    """What comes of these specs where there was nothing before."""
    async with World(1, family, read_lag=READ_LAG - 0.1) as world:
        await started(world)
        for name, spec in wanted.items():
            world.apply(name, **spec)
        await quiet(world)
        return outcomes(world, wanted)


def outcomes(world: World, wanted: dict[str, Spec]) -> dict[str, Any]:
    return {name: outcome(world, name, spec) for name, spec in wanted.items()}


async def until_equal(world: World, wanted: dict[str, Spec], expected: dict[str, Any]) -> None:
    """A person sends creations again whose outcome nobody can tell."""
    for _ in range(600):
        found = outcomes(world, wanted)
        if found == expected:
            return
        for name in wanted:
            if world.reason(name) == "OutcomeUnknown" and world.condition(name, "Stalled"):
                raw = world.kube.look(name) or {}
                word = world.status(name).get("attempt") or raw["metadata"]["uid"]
                world.kube.annotate(name, **{REPEAT_CREATION_ANNOTATION: word})
        await asyncio.sleep(1.5)
    for name, spec in wanted.items():
        assert outcome(world, name, spec) == expected[name], f"{name}: {spec} {world.picture()}"


async def quiet(world: World) -> None:
    """Wait until all was listed once more and nothing was written meanwhile."""

    def written() -> int:
        return sum(map(world.backend.count, WRITES)) + sum(
            plural == PROJECTS.plural for plural, _, _ in world.kube.writes
        )

    for _ in range(50):
        before = written()
        await asyncio.sleep(INTERVAL + 5)
        if written() == before:
            return
    raise AssertionError(f"still writing: {world.kube.writes[-5:]} {world.picture()}")
