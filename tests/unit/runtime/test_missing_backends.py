"""No two look for one backend object at once, and nothing is kept of who looked."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Any

import pytest
from simulation.kube import SimulatedKube
from simulation.loop import run_virtually
from simulation.world import SimulatedClock

from project_operator.errors import KubeUnavailable
from project_operator.kube.resources import IDENTITY_BACKENDS, Resource
from project_operator.runtime.keys import Place
from project_operator.runtime.missing_backends import MissingBackends

PLACE = Place(IDENTITY_BACKENDS.plural, "team", "default")
OBJECT: Mapping[str, Any] = {"metadata": {"namespace": "team", "name": "default"}}


class Server(SimulatedKube):
    """It takes a second to answer, and does not always."""

    def __init__(self) -> None:
        super().__init__()
        self.there = self.answers = True
        self.looks: list[int] = []
        """For each look, how many were under way with it."""
        self._under_way = 0

    async def get(self, resource: Resource, namespace: str | None, name: str) -> dict[str, Any]:
        self._under_way += 1
        self.looks.append(self._under_way)
        await asyncio.sleep(1)
        self._under_way -= 1
        if not self.answers:
            raise KubeUnavailable("no answer")
        return dict(OBJECT) if self.there else await super().get(resource, namespace, name)


class Stage:
    def __init__(self) -> None:
        self.server = Server()
        self.found: list[Mapping[str, Any]] = []
        clock = SimulatedClock(Random(1))  # noqa: S311 - a simulation wants to be repeated
        self.missing = MissingBackends(self.server, clock, lambda _, raw: self.found.append(raw))

    async def look(self) -> None:
        await self.missing.look_for(PLACE)


async def found(stage: Stage) -> None:
    await stage.look()
    assert stage.found == [OBJECT]


async def missed_and_believed(stage: Stage) -> None:
    stage.server.there = False
    await stage.look()
    await stage.look()
    assert stage.server.looks == [1]
    assert stage.found == []


async def not_answered(stage: Stage) -> None:
    stage.server.answers = False
    with pytest.raises(KubeUnavailable):
        await stage.look()
    assert stage.found == []


async def given_up(stage: Stage) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(stage.look(), 0.5)
    assert stage.found == []


@pytest.mark.parametrize("tell", [found, missed_and_believed, not_answered, given_up])
def test_nothing_is_kept_of_a_look_whatever_came_of_it(tell: Callable[[Stage], Awaitable[None]]) -> None:
    async def story() -> None:
        stage = Stage()
        await tell(stage)
        assert len(stage.missing._looking) == 0

    run_virtually(story())


@pytest.mark.parametrize("answers", [True, False])
def test_who_comes_while_another_who_waited_looks_waits_too(*, answers: bool) -> None:
    async def story() -> None:
        stage = Stage()
        stage.server.answers = answers
        looks = [asyncio.ensure_future(stage.look()) for _ in range(2)]
        await asyncio.sleep(1.5)
        await asyncio.gather(*looks, stage.look(), return_exceptions=True)
        assert stage.server.looks == [1, 1, 1]

    run_virtually(story())
