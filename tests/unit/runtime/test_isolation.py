"""A backend that accepts and never answers slows nobody else (I11): in virtual time the others do not notice it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
from simulation.backend import SimulatedBackend
from simulation.loop import run_virtually
from simulation.world import World

from project_operator.kube.resources import PROJECTS, Resource
from project_operator.runtime import connecting
from project_operator.runtime.engine import Engine
from project_operator.runtime.limiter import Limiter

EVERY = 0.01
"""Seconds between two Projects that are applied."""
HANGS = 15.0
WORKERS = 4
"""For each backend, in the simulated world."""


class Even(Random):
    """Dice that always show the same, so that what one tenant throws changes nothing for another."""

    def random(self) -> float:
        return 0.5


@dataclass
class Times:
    """In seconds from when each Project was applied."""

    first_call: dict[str, float] = field(default_factory=dict)
    ready: dict[str, float] = field(default_factory=dict)


class Stage:
    """A tenant whose backend answers, and others whose backends may fall silent."""

    def __init__(self, world: World, silent: int = 1) -> None:
        world.random = Even()
        self.world = world
        self.applied: dict[str, float] = {}
        self.became_ready: dict[str, float] = {}
        self.others: dict[str, SimulatedBackend] = {}
        self._install("alive", "https://identity")
        for number in range(silent):
            name = f"dead-{number}"
            self.others[name] = world.elsewhere[f"https://{name}"] = SimulatedBackend(world.random)
            self._install(name, f"https://{name}")

    def _install(self, name: str, url: str) -> None:
        auth = {"serviceAccountToken": {"secretRef": {"name": "token"}}}
        self.world.install_for_all(name, nscale={"url": url, "auth": auth})

    def fall_silent(self) -> None:
        """They accept, and never answer."""
        for backend in self.others.values():
            backend.silent_for = HANGS

    async def begin(self) -> None:
        self.world.start()
        observe = self.world.kube.listener
        assert observe is not None

        def listen(resource: Resource, kind: str | None, raw: dict[str, Any]) -> None:
            if resource == PROJECTS and is_ready(raw):
                self.became_ready.setdefault(raw["metadata"]["name"], now())
            observe(resource, kind, raw)

        self.world.kube.listener = listen
        backends = [self.world.backend, *(one for one in self.others.values() if one.silent_for is None)]
        await self.world.until(lambda: all(one.count("list") for one in backends))

    def apply(self, backend: str, number: int, **spec: Any) -> None:
        name = f"{backend}-{number}"
        self.applied[name] = now()
        self.world.apply(name, backendRef={"kind": "ClusterIdentityBackend", "name": backend}, **spec)

    def times(self) -> Times:
        created = {one.content.name: one.creation_time for one in self.world.backend.created}
        return Times(
            {name: at.timestamp() - self.applied[name] for name, at in created.items() if at is not None},
            {name: at - self.applied[name] for name, at in self.became_ready.items()},
        )


def now() -> float:
    return asyncio.get_running_loop().time()


def is_ready(raw: Mapping[str, Any]) -> bool:
    conditions = (raw.get("status") or {}).get("conditions") or []
    return any((one["type"], one["status"]) == ("Ready", "True") for one in conditions)


def waiting(alive: int, beside: int, *, idle: bool, silent: int = 1, connected: bool = True) -> Times:
    """How long the Projects of the backend that answers wait, while those of the silent ones come in between;
    ``idle``: these do nothing, as if they were not there. ``connected``: the silent ones answered at first.
    """
    found: list[Times] = []

    async def story() -> None:
        async with World() as world:
            stage = Stage(world, silent)
            if not connected and not idle:
                stage.fall_silent()
            await stage.begin()
            if not idle:
                stage.fall_silent()
            names = list(stage.others)
            for number in range(alive):
                stage.apply("alive", number)
                for one in range(beside * number // alive, beside * (number + 1) // alive):
                    stage.apply(names[one % silent], one, managementPolicy="Observe" if idle else "Manage")
                await asyncio.sleep(EVERY)
            await world.until(lambda: len(stage.became_ready) == alive)
            hung = sum(one.count("create") + one.count("connect") for one in stage.others.values())
            assert idle or hung >= min(beside, 4)
            found.append(stage.times())

    run_virtually(story())
    return found[0]


def is_the_same(one: Times, other: Times) -> bool:
    return one.first_call == pytest.approx(other.first_call, abs=1e-6) and one.ready == pytest.approx(
        other.ready, abs=1e-6
    )


def test_with_a_third_of_all_projects_on_it_every_other_waits_exactly_as_long_as_without_it() -> None:
    without, beside = waiting(210, 90, idle=True), waiting(210, 90, idle=False)
    assert len(without.first_call) == len(without.ready) == 210
    assert beside.first_call == pytest.approx(without.first_call, abs=1e-6)
    assert beside.ready == pytest.approx(without.ready, abs=1e-6)


@pytest.mark.parametrize("how", [{"connected": True}, {"connected": False}], ids=["answered at first", "never did"])
def test_so_it_is_with_more_silent_backends_than_workers(how: dict[str, bool]) -> None:
    without = waiting(60, 60, silent=20, idle=True)
    beside = waiting(60, 60, silent=20, idle=False, **how)
    assert is_the_same(without, beside)


def test_what_hangs_is_a_few_calls_and_not_a_task_for_each_project() -> None:
    async def story() -> None:
        async with World() as world:
            stage = Stage(world)
            await stage.begin()
            before = len(asyncio.all_tasks())
            stage.fall_silent()
            for number in range(60):
                stage.apply("dead-0", number)
            await asyncio.sleep(HANGS / 2)
            dead = stage.others["dead-0"]
            assert dead.count("create") == WORKERS
            assert len(asyncio.all_tasks()) - before <= WORKERS + 1
            await asyncio.sleep(120)
            assert len(asyncio.all_tasks()) - before <= WORKERS + 2, "and who knocks"

    run_virtually(story())


def one_lane_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Engine, "_lane_of", lambda _self, _key: None)


def one_limiter_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = Limiter(requests_per_second=100.0, burst=100, max_in_flight=4)
    monkeypatch.setattr(connecting, "Limiter", lambda **_: shared)


@pytest.mark.parametrize("broken", [one_lane_for_all, one_limiter_for_all])
def test_a_build_that_shares_what_it_should_not_is_caught(
    monkeypatch: pytest.MonkeyPatch, broken: Callable[[pytest.MonkeyPatch], None]
) -> None:
    broken(monkeypatch)
    without, beside = waiting(70, 30, idle=True), waiting(70, 30, idle=False)
    assert not is_the_same(without, beside)
    assert max(beside.first_call.values()) > max(without.first_call.values()) + 1
