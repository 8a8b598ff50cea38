"""An observer at work for an audience that writes down what it is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from random import Random
from typing import Final

import pytest
from simulation.backend import SimulatedBackend
from simulation.loop import run_virtually
from simulation.world import SimulatedClock

from project_operator.backends.base import ProjectContent, RemoteProject
from project_operator.errors import BackendError, PermissionDenied
from project_operator.reconcile.actions import Poll
from project_operator.reconcile.credibility import Census, Judgement
from project_operator.runtime.keys import Key
from project_operator.runtime.observer import Observer

INTERVAL: Final = 60.0
"""Seconds between two listings of a settled backend."""


class Audience:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.named: frozenset[str] = frozenset()
        self.expected: frozenset[str] = frozenset()
        self.confirmed_gone: frozenset[str] = frozenset()
        self.noted: list[tuple[str, RemoteProject | None]] = []
        self.reads: list[tuple[str, RemoteProject | None]] = []
        self.woken: list[str] = []
        self.holders: list[str] = []
        self.owners: list[str] = []
        self.errors: list[BackendError] = []
        self.judgements: list[Judgement] = []

    def census(self) -> Census:
        return Census(named=self.named, expected=self.expected, confirmed_gone=self.confirmed_gone)

    def has_read(self, key: Key, poll: Poll, project: RemoteProject | None, *, begun_at: float) -> None:
        assert begun_at <= now()
        self.reads.append((poll.project_id, project))
        assert key.name not in self.woken
        self.woken.append(key.name)

    def note_read(self, project_id: str, project: RemoteProject | None) -> None:
        self.noted.append((project_id, project))
        if project is None:
            self.confirmed_gone |= {project_id}

    def wake(self, key: Key) -> None:
        self.woken.append(key.name)

    def wake_holders(self, project_ids: Iterable[str]) -> None:
        self.holders += project_ids

    def wake_owners(self, marks: Iterable[str]) -> None:
        self.owners += marks

    def failed(self, error: BackendError) -> None:
        self.errors.append(error)

    def judged(self, judgement: Judgement) -> None:
        self.judgements.append(judgement)


class Hiding(SimulatedBackend):
    """Its listings lack something, which a read of its id shows or refuses."""

    hidden: frozenset[str] = frozenset()
    refused = False

    async def list_projects(self) -> tuple[RemoteProject, ...]:
        return tuple(one for one in await super().list_projects() if one.id not in self.hidden)

    async def get_project(self, project_id: str, *, group_ids: frozenset[str] = frozenset()) -> RemoteProject:
        project = await super().get_project(project_id, group_ids=group_ids)
        if self.refused:
            raise PermissionDenied("may not see it", operation="get_project")
        return project


class Stage:
    """An observer at work, before its first look."""

    def __init__(self) -> None:
        random = Random(3)  # noqa: S311 - a simulation wants to be repeated
        self.backend, self.audience = Hiding(random), Audience()
        self.observer = Observer(self.backend, self.audience, SimulatedClock(random), interval=INTERVAL)

    def calls(self) -> list[str]:
        return [name for name, _, _ in self.backend.calls]

    def make(self, count: int) -> list[str]:
        return [self.backend.make(ProjectContent("web")).id for _ in range(count)]


def now() -> float:
    return asyncio.get_running_loop().time()


def key(name: str) -> Key:
    return Key("projects", "ns", name, name)


@asynccontextmanager
async def running(stage: Stage) -> AsyncIterator[None]:
    task = asyncio.ensure_future(stage.observer.run())
    yield
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def told(story: Callable[[Stage], Awaitable[None]]) -> None:
    async def tell() -> None:
        await story(Stage())

    run_virtually(tell())
