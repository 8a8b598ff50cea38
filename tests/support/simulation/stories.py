"""Stories: what happens to one Project, told by what people and the backend do, in virtual time."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any

from project_operator.kube.resources import PROJECTS
from simulation.loop import run_virtually
from simulation.world import World

Story = Callable[[World], Awaitable[None]]


def told(**backend: Any) -> Callable[[Story], Callable[[], None]]:
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


async def settled(world: World, **spec: object) -> None:
    """A Project with this spec, Ready."""
    world.apply(**spec)
    await world.ready()


async def reason(world: World, wanted: str, name: str = "web", **within: float) -> str:
    """Wait for Ready's reason; its message."""
    await world.until(lambda: world.reason(name) == wanted, **within)
    return str(world.condition(name)["message"])


async def gone(world: World, name: str = "web", **within: float) -> None:
    """Wait for the end of an object."""
    await world.until(lambda: world.kube.look(name) is None, **within)


def calls(world: World, *operations: str) -> int:
    """How many calls of these operations there were."""
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
