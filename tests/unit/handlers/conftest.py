"""The watch layer against the emulated API server, over real sockets, with faults."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest
from aiohttp import web
from watching import QUICK, Cluster, Fault, Handler, Hooks, Layer, Sink, Start

from project_operator.handlers.watch import Rhythm, serve
from project_operator.kube.access import ClusterAccess, load_access
from project_operator.kube.api import KubeApi
from project_operator.kube.resources import PROJECTS, Resource
from project_operator.sandbox.controlplane import emulated


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    requests: list[web.Request] = []
    faults: list[Fault] = []
    watches: dict[str, web.Request] = {}

    @web.middleware
    async def between(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.query.get("watch"):
            watches[request.path.rsplit("/", 1)[-1]] = request
        requests.append(request)
        for fault in faults:
            answer = await fault(request, handler)
            if answer is not None:
                return answer
        return await handler(request)

    async with emulated.serve(tmp_path / "kubeconfig", middlewares=[between]) as server:
        access = load_access(tmp_path / "kubeconfig")
        api = KubeApi(access)
        yield Cluster(access, server, api, requests, faults, watches)
        await api.aclose()


@pytest.fixture
async def start(cluster: Cluster) -> AsyncIterator[Start]:
    layers: list[tuple[Layer, KubeApi]] = []

    def start(
        *resources: Resource,
        namespaces: Sequence[str] | None = None,
        rhythm: Rhythm = QUICK,
        access: ClusterAccess = cluster.access,
        own_signals: Callable[[], None] = lambda: None,
    ) -> Layer:
        sink, hooks, stop = Sink(), Hooks(), asyncio.Event()
        checks: dict[str, str] = {}
        reports: list[tuple[str, str]] = []
        signals_taken: list[None] = []

        def take_signals() -> None:
            signals_taken.append(None)
            own_signals()

        def report(check: str, problem: str) -> None:
            checks[check] = problem
            reports.append((check, problem))

        api = KubeApi(access)
        task = asyncio.create_task(
            serve(
                api=api,
                sink=sink,
                resources=resources or (PROJECTS,),
                namespaces=namespaces,
                stop=stop,
                report=report,
                own_signals=take_signals,
                hooks=hooks,
                rhythm=rhythm,
            )
        )
        layer = Layer(sink, hooks, checks, reports, stop, task, signals_taken)
        layers.append((layer, api))
        return layer

    yield start
    for layer, api in layers:
        layer.stop.set()
        with contextlib.suppress(asyncio.CancelledError):
            async with asyncio.timeout(5):
                await layer.task
        await api.aclose()
