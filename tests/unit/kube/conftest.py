"""An API server of canned answers, and a client of it."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from canned_api_server import Calls, Server

from project_operator.kube.access import ClusterAccess
from project_operator.kube.api import KubeApi


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    async with TestServer(app) as http:
        server.url = str(http.make_url("")).rstrip("/")
        yield server


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
async def api(server: Server, calls: Calls) -> AsyncIterator[KubeApi]:
    api = KubeApi(ClusterAccess(server.url, authorization=lambda: "Bearer abc"), on_call=calls)
    yield api
    await api.aclose()
