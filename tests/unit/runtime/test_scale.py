"""What one event costs does not grow with the number of objects: steps of our own code are counted, not seconds."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from simulation.loop import run_virtually
from simulation.world import World

import project_operator
from project_operator.kube.resources import IDENTITY_BACKENDS, NAMESPACES, PROJECTS

OURS = str(Path(project_operator.__file__).parent)
FEW, MANY = 20, 160
SLACK = 1.05
"""A batch of looks falls one way or the other; what grows with the number is far beyond."""


class Steps:
    """How many instructions of our package ran."""

    count = 0

    def __call__(self, frame: FrameType, event: str, _: Any) -> "Steps | None":
        """See `sys.settrace`."""
        if event == "call":
            if not frame.f_code.co_filename.startswith(OURS):
                return None
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
        elif event == "opcode":
            self.count += 1
        return self


@contextmanager
def counted() -> Generator[Steps]:
    """The steps within; whoever traced before (coverage) goes on afterwards."""
    steps, before = Steps(), sys.gettrace()
    sys.settrace(steps)
    try:
        yield steps
    finally:
        sys.settrace(before)


Story = Callable[[World, int], Awaitable[Steps]]


def costs(story: Story, number: int) -> int:
    """The steps of a story among so many others."""
    found: list[int] = []

    async def tell() -> None:
        async with World(7) as world:
            found.append((await story(world, number)).count)

    run_virtually(tell())
    assert found[0] > 0
    return found[0]


async def a_label_of_a_namespace(world: World, number: int) -> Steps:
    """Projects of other namespaces do not matter to it."""
    await _tenants(world, number)
    with counted() as steps:
        world.kube.label("ns", NAMESPACES, team="web")
        await asyncio.sleep(1)
    return steps


async def a_secret_that_changes(world: World, number: int) -> Steps:
    """Nor do backend objects that name another."""
    world.install()
    for one in range(number):
        auth = {"serviceAccountToken": {"secretRef": {"name": f"token-{one}"}}}
        spec = {"nscale": {"url": "https://identity", "auth": auth}, "interval": "1h"}
        world.kube.make(IDENTITY_BACKENDS, {"metadata": {"name": f"b-{one}"}, "spec": spec})
    world.start()
    await asyncio.sleep(5)
    with counted() as steps:
        world.kube.replace_secret("token", "b3RoZXI=")
        await asyncio.sleep(1)
    return steps


async def a_project_that_is_edited(world: World, number: int) -> Steps:
    """From the event until it is Ready again, between two listings."""
    await _projects(world, number)
    with counted() as steps:
        world.kube.edit("web", description="new")
        await asyncio.sleep(5)
    assert world.is_ready()
    return steps


async def a_project_that_is_created(world: World, number: int) -> Steps:
    """Many others were created a moment before."""
    await _projects(world, number)
    with counted() as steps:
        world.apply("one-more")
        await asyncio.sleep(5)
    assert world.is_ready("one-more")
    return steps


async def a_child_that_ends(world: World, number: int) -> Steps:
    """Its parent waits for many others. It is torn out, for an end by the rules takes a listing."""
    await _family(world, number)
    world.kube.delete("web")
    await asyncio.sleep(5)
    with counted() as steps:
        world.kube.strip_finalizers("web-1")
        world.kube.delete("web-1")
        await asyncio.sleep(5)
    assert world.kube.look("web-1") is None
    return steps


async def a_parent_that_is_edited(world: World, number: int) -> Steps:
    """Its children have their projects, and do not wait for it any more."""
    await _family(world, number)
    with counted() as steps:
        world.kube.edit("web", description="new")
        await asyncio.sleep(5)
    assert world.is_ready()
    return steps


async def _projects(world: World, number: int, **spec: Any) -> None:
    world.install(interval="1h")
    world.apply()
    for one in range(number):
        world.apply(f"web-{one}", **spec)
    world.start()
    await world.ready()
    # A listing is due after what was created, and is no event.
    await asyncio.sleep(30)


async def _family(world: World, number: int) -> None:
    world.backend.keystone = True
    await _projects(world, number, parentRef={"name": "web"})


async def _tenants(world: World, number: int) -> None:
    world.install_for_all(interval="1h")
    cloud = {"kind": "ClusterIdentityBackend", "name": "cloud"}
    world.start()
    world.apply(backendRef=cloud)
    await world.ready()
    for one in range(number):
        spec = {"backendRef": cloud, "suspend": True}
        world.kube.make(NAMESPACES, {"metadata": {"name": f"team-{one}"}})
        world.kube.make(PROJECTS, {"metadata": {"name": "web", "namespace": f"team-{one}"}, "spec": spec})
    await asyncio.sleep(30)


@pytest.mark.parametrize(
    "story",
    [
        a_label_of_a_namespace,
        a_secret_that_changes,
        a_project_that_is_edited,
        a_project_that_is_created,
        a_child_that_ends,
        a_parent_that_is_edited,
    ],
)
def test_an_event_costs_the_same_among_few_and_among_many(story: Story) -> None:
    few, many = costs(story, FEW), costs(story, MANY)
    assert many <= few * SLACK, f"{few} steps among {FEW}, {many} among {MANY}"
