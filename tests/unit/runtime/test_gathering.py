import asyncio
from collections.abc import Awaitable, Callable, Mapping
from copy import deepcopy
from random import Random
from typing import Any

import pytest
from simulation.kube import SimulatedKube
from simulation.loop import run_virtually
from simulation.views import CLUSTER, a_backend
from simulation.world import SimulatedClock

from project_operator.api.conditions import Reason
from project_operator.api.names import RECONCILE_ANNOTATION
from project_operator.api.v1alpha1.project import Project
from project_operator.errors import KubeNotFound
from project_operator.kube.resources import DEFINITIONS, NAMESPACES, PROJECTS, Resource
from project_operator.reconcile.evidence import NEVER
from project_operator.reconcile.record import Timing
from project_operator.reconcile.view import BackendView, Cadence, Cluster, Verdict
from project_operator.runtime import gathering
from project_operator.runtime.backend_views import Reach
from project_operator.runtime.gathering import Gatherer, parse_project
from project_operator.runtime.hierarchy import Hierarchy
from project_operator.runtime.keys import Key
from project_operator.runtime.shared_read import SharedRead
from project_operator.runtime.store import References, Store


class Stage:
    """A gatherer, one namespace, one backend."""

    def __init__(self) -> None:
        self.kube, self.references = SimulatedKube(), References("default")
        self.backend: BackendView | Verdict = a_backend()
        self.asked: list[str] = []
        clock = SimulatedClock(Random(1))  # noqa: S311 - a simulation wants to be repeated
        self.store = Store(PROJECTS.plural)
        self.gatherer = Gatherer(
            kube=self,
            references=self.references,
            hierarchy=Hierarchy(self.store, self.references.place_of, lambda _keys: None),
            backends=self,
            clock=clock,
            cluster=Cluster(CLUSTER),
            cadence=Cadence(),
        )

    def view_for(self, project: Project) -> Reach:
        assert project.metadata.name
        return Reach(self.backend, None, Timing())

    async def get(self, resource: Resource, namespace: str | None, name: str) -> dict[str, Any]:
        self.asked.append(resource.plural)
        return await self.kube.get(resource, namespace, name)

    async def list(self, *_: Any, **__: Any) -> list[dict[str, Any]]:
        raise NotImplementedError

    async def patch(self, *_: Any, **__: Any) -> dict[str, Any]:
        raise NotImplementedError

    async def create(self, *_: Any, **__: Any) -> dict[str, Any]:
        raise NotImplementedError

    def apply(self, name: str = "web", **body: Any) -> tuple[Key, dict[str, Any]]:
        raw = self.kube.make(PROJECTS, {"metadata": {"name": name} | body.pop("metadata", {}), "spec": {}} | body)
        key = Key.of(PROJECTS.plural, raw)
        self.references.note(key, raw)
        return key, raw


def told(story: Awaitable[None]) -> None:
    async def tell() -> None:
        await story

    run_virtually(tell())


def test_the_uid_of_a_namespace_is_asked_for_once() -> None:
    async def story() -> None:
        stage = Stage()
        marks = {(await stage.gatherer.gather(*stage.apply(name), {}))[0].mark for name in ("web", "shop")}
        assert len(marks) == 2
        assert stage.asked == [NAMESPACES.plural]

    told(story())


def test_a_namespace_without_projects_is_forgotten() -> None:
    async def story() -> None:
        stage = Stage()
        await stage.gatherer.gather(*stage.apply(), {})
        stage.gatherer.keep_namespaces({"ns", "other"})
        await stage.gatherer.gather(*stage.apply(), {})
        assert stage.asked == [NAMESPACES.plural]
        stage.gatherer.keep_namespaces({"other"})
        assert stage.gatherer._namespaces == {}
        await stage.gatherer.gather(*stage.apply(), {})
        assert stage.asked == [NAMESPACES.plural] * 2

    told(story())


def test_a_namespace_that_is_gone_is_no_view() -> None:
    async def story() -> None:
        stage = Stage()
        key, raw = stage.apply()
        with pytest.raises(KubeNotFound):
            await stage.gatherer.gather(Key(key.plural, "gone", key.name, key.uid), raw, {})

    told(story())


def test_a_project_seen_for_the_first_time_starts_its_record_clock() -> None:
    async def story() -> None:
        stage = Stage()
        key, raw = stage.apply(metadata={"annotations": {RECONCILE_ANNOTATION: "monday"}})
        first, _ = await stage.gatherer.gather(key, raw, {})
        assert first.memory.record_since == first.now
        assert first.memory.reconcile_asked == ("monday", first.now)
        again, _ = await stage.gatherer.gather(key, raw, {key: first.memory})
        assert again.memory == first.memory
        assert again.token != first.token

    told(story())


def test_rivals_are_those_who_name_the_same_project_in_the_same_place() -> None:
    async def story() -> None:
        stage = Stage()
        stage.apply("shop", status={"id": "p1", "endpointID": "e1"})
        stage.apply("elsewhere", status={"id": "p1", "endpointID": "e2"})
        named = stage.apply("web", status={"id": "p1", "endpointID": "e1"})
        wishing = stage.apply("mail", spec={"import": {"id": "p1"}})
        assert (await stage.gatherer.gather(*named, {}))[0].rivals == ("ns/shop",)
        assert (await stage.gatherer.gather(*wishing, {}))[0].rivals == ("ns/shop", "ns/web")
        stage.backend = Verdict(Reason.BACKEND_NOT_FOUND, "…")
        assert (await stage.gatherer.gather(*named, {}))[0].rivals == ()

    told(story())


@pytest.mark.parametrize("change", ["served", "terminating", "gone"])
def test_the_definition_is_looked_at_live(change: str) -> None:
    async def story() -> None:
        stage = Stage()
        key, raw = stage.apply()
        before, _ = await stage.gatherer.gather(key, raw, {})
        assert (before.definition_checked_at, before.definition_terminating) == (NEVER, False)
        if change == "terminating":
            stage.kube.definition()["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        if change == "gone":
            stage.kube._objects.pop((DEFINITIONS.plural, "", "projects.identity.project-operator.dev"))
        await stage.gatherer.check_definition()
        after, _ = await stage.gatherer.gather(key, raw, {})
        assert after.definition_checked_at > NEVER
        assert after.definition_terminating is (change != "served")

    told(story())


async def looked_at_by_ten(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Ten want the definition looked at while a look is under way, and it has begun to go meanwhile: whether each knows
    of that afterwards.
    """
    key, raw = stage.apply()
    get = stage.kube.get

    async def slowly(resource: Resource, namespace: str | None, name: str) -> dict[str, Any]:
        found = deepcopy(await get(resource, namespace, name))
        if resource == DEFINITIONS:
            await asyncio.sleep(1.0)
        return found

    monkeypatch.setattr(stage.kube, "get", slowly)

    async def look() -> bool:
        await stage.gatherer.check_definition()
        return (await stage.gatherer.gather(key, raw, {}))[0].definition_terminating

    under_way = asyncio.create_task(look())
    await asyncio.sleep(0.5)
    stage.kube.definition()["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    found = await asyncio.gather(*(look() for _ in range(10)))
    assert await under_way is False
    return list(found)


def test_one_look_at_the_definition_is_for_all_who_want_one_before_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        stage = Stage()
        assert all(await looked_at_by_ten(stage, monkeypatch))
        assert stage.asked.count(DEFINITIONS.plural) == 2

    told(story())


def test_a_gatherer_that_believes_a_look_begun_earlier_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        stage, until = Stage(), SharedRead.until

        async def any_look(self: SharedRead, _: object, read: Callable[[], Awaitable[None]]) -> None:
            await until(self, lambda: stage.gatherer._definition[0] > NEVER, read)

        monkeypatch.setattr(SharedRead, "until", any_look)
        assert not any(await looked_at_by_ten(stage, monkeypatch))

    told(story())


def test_a_spec_that_does_not_parse_keeps_metadata_and_status() -> None:
    raw = {"metadata": {"name": "web", "uid": "u1"}, "spec": {"tags": "none"}, "status": {"id": "p1"}}
    project, problems = parse_project(raw)
    assert "spec.tags" in problems
    assert (project.metadata.uid, project.status.id, project.spec.tags) == ("u1", "p1", None)
    assert parse_project(raw | {"spec": {}})[1] == ""


def test_a_state_is_parsed_once_and_the_next_one_again(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def parse(raw: Mapping[str, Any]) -> tuple[Project, str]:
        parsed.append(raw["metadata"]["resourceVersion"])
        return parse_project(raw)

    monkeypatch.setattr(gathering, "parse_project", parse)

    async def story() -> None:
        stage = Stage()
        key, raw = stage.apply()
        await stage.gatherer.gather(key, raw, {})
        await stage.gatherer.gather(key, raw, {})
        assert parsed == [raw["metadata"]["resourceVersion"]]
        stage.kube.edit(key.name, description="new")
        after = stage.kube.look(key.name)
        assert after is not None
        view, _ = await stage.gatherer.gather(key, after, {})
        assert (len(parsed), view.project.spec.description) == (2, "new")
        for number in range(gathering.PARSED_KEPT):
            stage.gatherer.parsed({**raw, "metadata": {**raw["metadata"], "resourceVersion": str(1000 + number)}})
        await stage.gatherer.gather(key, after, {})
        assert len(parsed) == gathering.PARSED_KEPT + 3

    told(story())
