from collections.abc import Awaitable, Callable
from random import Random
from types import SimpleNamespace
from typing import Any, cast

from simulation.backend import SimulatedBackend
from simulation.loop import run_virtually
from simulation.views import CLUSTER, UID, a_listing, mark_of

from project_operator.api.marks import cluster_digest
from project_operator.backends.base import ProjectContent, RemoteProject
from project_operator.errors import KubeForbidden
from project_operator.kube.resources import PROJECTS, Resource
from project_operator.runtime.connections import Connection
from project_operator.runtime.keys import Key
from project_operator.runtime.store import Store
from project_operator.runtime.sweeper import Sweeper

QUARANTINE = 10.0
GONE = "00000000-0000-4000-8000-00000000000b"


class Clock:
    """Set by the test."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    wall = now

    def token(self) -> str:
        raise NotImplementedError

    def jitter(self) -> float:
        return 0.5


class Lister:
    """A live listing of the uids that live."""

    def __init__(self) -> None:
        self.uids: set[str] = set()
        self.allowed = True
        self.asked = 0

    async def list(
        self, resource: Resource, namespace: str | None = None, *, metadata_only: bool = False
    ) -> list[dict[str, Any]]:
        self.asked += 1
        assert (resource, namespace, metadata_only) == (PROJECTS, None, True)
        if not self.allowed:
            raise KubeForbidden("may not list", status=403)
        return [{"metadata": {"uid": uid}} for uid in self.uids]


class Stage:
    def __init__(self) -> None:
        self.backend = SimulatedBackend(Random(1))  # noqa: S311 - a simulation wants to be repeated
        self.kube, self.clock, self.store = Lister(), Clock(), Store(PROJECTS.plural)
        self.sweeper = Sweeper(self.kube, self.store, self.clock, cluster_digest(CLUSTER))

    def leave(self, uid: str = GONE, *, ours: bool = True) -> RemoteProject:
        return self.backend._create(ProjectContent("web", mark=mark_of(uid)), ours=ours)

    async def sweep(self, *, credible: bool = True, **listing: Any) -> list[str]:
        """The notes of what is reported now. Whatever that is, the backend is not even asked."""
        calls = len(self.backend.calls)
        observed = listing.get("listing", a_listing(*self.backend.truth.values(), credible=credible))
        connection = SimpleNamespace(
            key=Key("identitybackends", "ns", "default", "b1"),
            observer=SimpleNamespace(listing=observed),
        )
        notices = await self.sweeper.sweep(cast("Connection", connection), quarantine=QUARANTINE)
        assert len(self.backend.calls) == calls
        assert all((notice.warning, notice.reason) == (True, "LeftOver") for notice in notices)
        return [notice.note for notice in notices]

    async def after_quarantine(self, **options: Any) -> list[str]:
        assert await self.sweep(**options) == []
        self.clock.time += QUARANTINE + 1
        return await self.sweep(**options)


def told(story: Callable[[Stage], Awaitable[None]]) -> None:
    async def tell() -> None:
        await story(Stage())

    run_virtually(tell())


def test_what_is_left_over_for_a_whole_quarantine_is_reported_once() -> None:
    async def story(stage: Stage) -> None:
        left = stage.leave()
        (note,) = await stage.after_quarantine()
        assert left.id in note
        assert "spec.import.id" in note
        assert await stage.sweep() == []
        assert stage.kube.asked == 1
        assert left.id in stage.backend.truth

    told(story)


def test_what_was_removed_is_remembered_no_longer() -> None:
    async def story(stage: Stage) -> None:
        left = stage.leave()
        assert len(await stage.after_quarantine()) == 1
        stage.backend.begin_deletion(left.id)
        assert await stage.sweep(listing=a_listing()) == []
        assert stage.sweeper._reported == set()

    told(story)


def test_what_was_found_just_now_waits_for_its_own_quarantine() -> None:
    async def story(stage: Stage) -> None:
        old = stage.leave()
        assert await stage.sweep() == []
        stage.clock.time += QUARANTINE + 1
        young = stage.leave()
        (note,) = await stage.sweep()
        assert old.id in note
        stage.clock.time += QUARANTINE + 1
        (note,) = await stage.sweep()
        assert young.id in note

    told(story)


def test_a_live_listing_has_the_last_word() -> None:
    async def story(stage: Stage) -> None:
        stage.leave()
        stage.kube.uids = {GONE}
        assert await stage.after_quarantine() == []

    told(story)


def test_what_we_may_not_list_we_cannot_know() -> None:
    async def story(stage: Stage) -> None:
        stage.leave()
        stage.kube.allowed = False
        assert await stage.after_quarantine() == []

    told(story)


def test_without_a_credible_listing_nothing_is_looked_for() -> None:
    async def story(stage: Stage) -> None:
        stage.leave()
        assert await stage.after_quarantine(credible=False) == []
        assert await stage.after_quarantine(listing=None) == []
        assert stage.kube.asked == 0

    told(story)


def test_the_living_are_left_alone() -> None:
    async def story(stage: Stage) -> None:
        stage.leave(UID)
        stage.store.put({"metadata": {"namespace": "ns", "name": "web", "uid": UID, "resourceVersion": "1"}})
        assert await stage.after_quarantine() == []
        assert stage.kube.asked == 0

    told(story)
