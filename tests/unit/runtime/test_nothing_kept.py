"""An operator that runs for months keeps nothing of the Projects that went, but which uids not to believe in again."""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import pytest
from simulation.loop import run_virtually
from simulation.world import World

from project_operator.runtime.engine import Engine
from project_operator.runtime.projects import ProjectWorker

CROWD = 12
LISTINGS = 100.0
"""Seconds in which the backend is listed several times, and what is remembered for a while is forgotten."""


def parts(thing: Any) -> Iterator[tuple[str, Any]]:
    """What an object of ours is made of, or what a collection holds; nothing of anything else."""
    if isinstance(thing, Mapping):
        yield from (("[]", value) for value in thing.values())
    elif isinstance(thing, Collection) and not isinstance(thing, str | bytes):
        yield from (("[]", value) for value in thing)
    elif type(thing).__module__.startswith("project_operator."):
        slots = {name for base in type(thing).__mro__ for name in getattr(base, "__slots__", ())}
        names = slots | set(getattr(thing, "__dict__", ()))
        yield from ((f".{name}", getattr(thing, name)) for name in names if hasattr(thing, name))


def sizes(engine: Engine) -> dict[str, int]:
    """How much each collection holds that is to be reached from ``engine``, by the way to it."""
    found: dict[str, int] = {}
    seen: set[int] = set()
    ahead: list[tuple[str, Any]] = [("", engine)]
    while ahead:
        way, thing = ahead.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, Collection) and not isinstance(thing, str | bytes):
            found[way] = max(len(thing), found.get(way, 0))
        ahead += [(way + step, part) for step, part in parts(thing)]
    return found


async def come_and_go(world: World, names: Iterable[str]) -> None:
    """Made, Ready, deleted, gone, and a while later."""
    names = list(names)
    for name in names:
        world.apply(name)
    await world.ready(*names)
    for name in names:
        world.kube.delete(name)
    await world.until(lambda: all(world.kube.look(name) is None for name in names))
    await asyncio.sleep(LISTINGS)


def grown() -> dict[str, int]:
    """By how much collections grew while a second and a third crowd came and went."""
    found: dict[str, int] = {}

    async def tell() -> None:
        async with World() as world:
            world.install()
            world.start()
            assert world.engine is not None
            await come_and_go(world, (f"first-{number}" for number in range(CROWD)))
            before = sizes(world.engine)
            for wave in ("second", "third"):
                await come_and_go(world, (f"{wave}-{number}" for number in range(CROWD)))
            after = sizes(world.engine)
            found.update({way: size - before.get(way, 0) for way, size in after.items()})

    run_virtually(tell())
    return {way: more for way, more in found.items() if more >= CROWD}


def test_of_projects_that_went_only_their_uids_are_kept() -> None:
    (way,) = grown()
    assert way.endswith("._gone")


def test_an_engine_that_forgets_nothing_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ProjectWorker, "forget", lambda _self, _key: None)
    assert any(way.endswith("._memories") for way in grown())
