"""The watch layer on a bench: what it tells, what is asked of the API server, and faults in between."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web
from waiting import WITHIN

from project_operator.handlers.watch import Rhythm, serve
from project_operator.kube.access import ClusterAccess
from project_operator.kube.api import KubeApi
from project_operator.kube.resources import DEFINITIONS, PROJECTS, Resource
from project_operator.observability.hooks import Happening
from project_operator.sandbox.controlplane.emulated.server import Server

CRDS = Path(__file__).parents[2] / "crds"
QUICK = Rhythm(sweep=0.2, look=0.05, retries=(0.05,), begin=5.0, catch_up=0.3)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Fault = Callable[[web.Request, Handler], Awaitable[web.StreamResponse | None]]
"""Answers a request in the server's place, or passes it on (None)."""


async def until(condition: Callable[[], bool], what: str | Callable[[], str], seconds: float = WITHIN) -> None:
    """Wait for a condition, with a deadline that says what was waited for."""
    try:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 - any condition, not an event of ours
                await asyncio.sleep(0.005)
    except TimeoutError:
        said = what if isinstance(what, str) else what()
        raise AssertionError(f"waited {seconds:g} s for: {said}") from None


@dataclass
class Sink:
    """Remembers what it was told, as the runtime would."""

    events: list[tuple[str, str | None, str]] = field(default_factory=list)
    sweeps: list[tuple[str, set[str]]] = field(default_factory=list)
    swept_as_of: list[int] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    raw: list[Mapping[str, Any]] = field(default_factory=list)
    failure: Exception | None = None
    skipped: set[str] = field(default_factory=set)
    """Names that no stream tells of: only listings do."""

    def observe(self, resource: Resource, event_type: str | None, raw: Mapping[str, Any]) -> None:
        if event_type is not None and raw["metadata"]["name"] in self.skipped:
            return
        self.events.append((resource.plural, event_type, raw["metadata"]["name"]))
        self.raw.append(raw)
        if self.failure is not None:
            raise self.failure

    def sweep(self, resource: Resource, live: set[tuple[str, str, str]], version: int) -> None:
        self.swept_as_of.append(version)
        self.sweeps.append((resource.plural, {name for _, name, _ in live}))

    def behind(self, _: Resource, versions: Mapping[tuple[str, str, str], int]) -> set[tuple[str, str, str]]:
        latest: dict[str, int] = {}
        for metadata in (raw["metadata"] for raw in self.raw):
            latest[metadata["uid"]] = max(int(metadata["resourceVersion"]), latest.get(metadata["uid"], -1))
        return {key for key, version in versions.items() if latest.get(key[2], -1) < version}

    def definition_gone(self, resource: Resource) -> None:
        self.gone.append(resource.plural)

    def saw(self, event_type: str | None, name: str, plural: str = "projects") -> bool:
        return (plural, event_type, name) in self.events

    def named(self, name: str) -> bool:
        return any(seen == name for _, _, seen in self.events)


@dataclass
class Hooks:
    seen: list[Happening] = field(default_factory=list)

    def emit(self, happening: Happening, /) -> None:
        self.seen.append(happening)


@dataclass
class Cluster:
    """The emulated API server, a client of it, and what was asked of it by others."""

    access: ClusterAccess
    server: Server
    api: KubeApi
    requests: list[web.Request]
    faults: list[Fault]
    watches: dict[str, web.Request]

    async def define(self, resource: Resource = PROJECTS) -> None:
        text = (CRDS / f"{resource.plural}.{resource.group}.yaml").read_text()
        await self.api.create(DEFINITIONS, None, yaml.safe_load(text))

    async def undefine(self, resource: Resource = PROJECTS) -> None:
        await self.delete(DEFINITIONS, None, f"{resource.plural}.{resource.group}")

    async def delete(self, resource: Resource, namespace: str | None, name: str) -> None:
        url = self.api.server + resource.path(namespace, name)
        async with self.api.session(resource, lambda *_: None) as session, session.delete(url) as response:
            assert response.ok, await response.text()

    async def project(self, name: str, namespace: str = "default") -> dict[str, Any]:
        body = {
            "apiVersion": PROJECTS.api_version,
            "kind": PROJECTS.kind,
            "metadata": {"name": name, "namespace": namespace},
            "spec": {},
        }
        return await self.api.create(PROJECTS, namespace, body)

    def asked(self, plural: str, **query: str) -> list[web.Request]:
        """Requests about all objects of a kind, with (at least) these parameters."""
        return [
            request
            for request in self.requests
            if request.path.endswith(f"/{plural}") and query.items() <= dict(request.query).items()
        ]

    def cut(self, plural: str = "projects") -> None:
        """Break the connection of a watch, without a word."""
        transport = self.watches[plural].transport
        assert transport is not None
        transport.abort()


class Layer:
    """The watch layer, running; ended by `close`."""

    def __init__(
        self,
        *resources: Resource,
        access: ClusterAccess,
        namespaces: Sequence[str] | None = None,
        rhythm: Rhythm = QUICK,
        own_signals: Callable[[], None] = lambda: None,
    ) -> None:
        self.sink = Sink()
        self.hooks = Hooks()
        self.checks: dict[str, str] = {}
        self.reports: list[tuple[str, str]] = []
        self.signals_taken = 0
        self.stop = asyncio.Event()
        self._own_signals = own_signals
        self._api = KubeApi(access)
        self.task = asyncio.create_task(
            serve(
                api=self._api,
                sink=self.sink,
                resources=resources or (PROJECTS,),
                namespaces=namespaces,
                stop=self.stop,
                report=self._report,
                own_signals=self._take_signals,
                hooks=self.hooks,
                rhythm=rhythm,
            )
        )

    def ready(self, plural: str = "projects") -> bool:
        return self.checks.get(f"watch {plural}") == ""

    async def becomes_ready(self, plural: str = "projects") -> None:
        await until(lambda: self.ready(plural), lambda: f"the watch of {plural} to be ready: {self.reports}")

    async def says(self, text: str, plural: str = "projects") -> None:
        await until(
            lambda: any(check == f"watch {plural}" and text in problem for check, problem in self.reports),
            lambda: f"{text!r} among {self.reports}",
        )

    async def close(self) -> None:
        self.stop.set()
        async with asyncio.timeout(WITHIN):
            await self.task
        await self._api.aclose()

    def _report(self, check: str, problem: str) -> None:
        self.checks[check] = problem
        self.reports.append((check, problem))

    def _take_signals(self) -> None:
        self.signals_taken += 1
        self._own_signals()


Start = Callable[..., Layer]


@asynccontextmanager
async def layers(access: ClusterAccess) -> AsyncIterator[Start]:
    """Starts watch layers; ends them all."""
    started: list[Layer] = []

    def start(*resources: Resource, access: ClusterAccess = access, **options: Any) -> Layer:
        started.append(Layer(*resources, access=access, **options))
        return started[-1]

    yield start
    for layer in started:
        await layer.close()


def lists_all(request: web.Request) -> bool:
    """Whether this is the listing of all there is; sweeps ask for metadata alone, and Kopf for one object."""
    return request.query.get("limit") == "500" and "as=Partial" not in request.headers.get("Accept", "")


def refusing(status: int, matches: Callable[[web.Request], bool]) -> Fault:
    """Answers what matches with a Status."""

    async def fault(request: web.Request, _: Handler) -> web.Response | None:
        if not matches(request):
            return None
        body = {
            "kind": "Status",
            "apiVersion": "v1",
            "code": status,
            "reason": "Because",
            "message": "so the test says",
        }
        return web.json_response(body, status=status)

    return fault


def with_token(access: ClusterAccess, token: Callable[[], str]) -> ClusterAccess:
    """The same API server, other credentials."""
    return dataclasses.replace(access, authorization=token)
