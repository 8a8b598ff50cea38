"""The watch layer against the emulated API server, over real sockets, with faults."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from watching import Cluster, Fault, Handler, Start, layers

from project_operator.kube.access import load_access
from project_operator.kube.api import KubeApi
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
    async with layers(cluster.access) as start:
        yield start
