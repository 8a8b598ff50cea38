"""Kopf as the watch layer alone: it sees everything, and writes nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import kopf
from waiting import WITHIN

if TYPE_CHECKING:
    from tests.sandbox.conformance.conftest import Client, Endpoint

Make = Callable[..., dict[str, Any]]
Seen = list[tuple[str | None, str]]


class NoProgress(kopf.ProgressStorage):
    def clear(self, *, essence: Any) -> Any:
        return essence

    def fetch(self, **_: Any) -> None:
        return None

    def store(self, **_: Any) -> None: ...

    def purge(self, **_: Any) -> None: ...

    def touch(self, **_: Any) -> None: ...


class NoDiffBase(kopf.DiffBaseStorage):
    """With a base that never differs from what is built, no change is ever detected."""

    def build(self, **_: Any) -> Any:
        return {}

    def fetch(self, **_: Any) -> Any:
        return {}

    def store(self, **_: Any) -> None: ...


def settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.persistence.progress_storage = NoProgress()
    settings.persistence.diffbase_storage = NoDiffBase()
    settings.persistence.consistency_timeout = 0
    settings.peering.standalone = True
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.queueing.idle_timeout = 0.05
    settings.watching.chunk_size = 2
    return settings


@asynccontextmanager
async def operator(endpoint: "Endpoint", namespace: str, client: "Client") -> AsyncIterator[Seen]:
    """An operator that notes what it sees, and writes ``status.phase`` itself when there is none."""
    registry, seen, stop = kopf.OperatorRegistry(), Seen(), asyncio.Event()

    @kopf.on.login(registry=registry)
    async def login(**_: Any) -> kopf.AiohttpSession:
        return kopf.AiohttpSession(server=endpoint.server, aiohttp_session=endpoint.session())

    @kopf.on.event("conformance.example.com", "v1", "widgets", registry=registry)
    async def observe(event: Mapping[str, Any], name: str, status: Mapping[str, Any], **_: Any) -> None:
        seen.append((event["type"], name))
        if event["type"] != "DELETED" and "phase" not in status:
            path = f"/apis/conformance.example.com/v1/namespaces/{namespace}/widgets/{name}/status"
            assert (await client.merge(path, {"status": {"phase": "seen"}})).status == 200

    task = asyncio.create_task(
        kopf.operator(registry=registry, settings=settings(), namespaces=[namespace], stop_flag=stop)
    )
    try:
        yield seen
    finally:
        stop.set()
        await asyncio.wait_for(task, WITHIN)


async def until(condition: Callable[[], bool], seen: Seen) -> None:
    async with asyncio.timeout(WITHIN):
        while not condition():
            assert seen is not None
            await asyncio.sleep(0.02)


async def test_kopf_sees_every_change_and_writes_nothing(
    client: "Client", endpoint: "Endpoint", namespace: str, widgets: str, widget: Make
) -> None:
    for name in "abc":
        await client.create(widgets, widget(name))
    async with operator(endpoint, namespace, client) as seen:
        await until(lambda: {("MODIFIED", name) for name in "abc"} <= {*seen}, seen)
        assert {(None, name) for name in "abc"} <= {*seen}
        await client.create(widgets, widget("d"))
        await until(lambda: ("MODIFIED", "d") in seen, seen)
        assert ("ADDED", "d") in seen
        await client.delete(f"{widgets}/a")
        await until(lambda: ("DELETED", "a") in seen, seen)
        await client.merge(f"{widgets}/b", {"spec": {"size": 5}})
        await until(lambda: seen.count(("MODIFIED", "b")) == 2, seen)
    stored = (await client.get(f"{widgets}/b")).body
    assert not {"annotations", "finalizers"} & stored["metadata"].keys()
    writes = [
        (event["verb"], event["objectRef"].get("subresource", ""))
        for event in await client.audited(endpoint.audit_log, namespace, "widgets", 10)
        if event["verb"] in {"create", "update", "patch", "delete"}
    ]
    assert writes.count(("patch", "status")) == 4
    assert len(writes) == 4 + 1 + 4 + 1  # creations, deletion, status patches, patch: all by this test


async def test_kopf_adds_its_finalizer_by_a_tested_patch(
    client: "Client", endpoint: "Endpoint", namespace: str, widgets: str, widget: Make
) -> None:
    registry, stop, deleted = kopf.OperatorRegistry(), asyncio.Event(), asyncio.Event()

    @kopf.on.login(registry=registry)
    async def login(**_: Any) -> kopf.AiohttpSession:
        return kopf.AiohttpSession(server=endpoint.server, aiohttp_session=endpoint.session())

    @kopf.on.delete("conformance.example.com", "v1", "widgets", registry=registry)
    async def end(**_: Any) -> None:
        deleted.set()

    configured = kopf.OperatorSettings()
    configured.peering.standalone = True
    configured.posting.enabled = False
    configured.scanning.disabled = True
    task = asyncio.create_task(
        kopf.operator(registry=registry, settings=configured, namespaces=[namespace], stop_flag=stop)
    )
    try:
        await client.create(widgets, widget())
        async with client.watch(widgets, fieldSelector="metadata.name=blue") as watch:
            while not (await watch.next())[1]["metadata"].get("finalizers"):
                pass
        await client.delete(f"{widgets}/blue")
        await asyncio.wait_for(deleted.wait(), WITHIN)
        await client.until(f"{widgets}/blue", 404)
    finally:
        stop.set()
        await asyncio.wait_for(task, WITHIN)
