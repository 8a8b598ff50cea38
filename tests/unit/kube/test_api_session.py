"""Sessions for others, over our connections."""

import ssl
from dataclasses import dataclass, field

import aiohttp
import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import TestServer
from canned_api_server import ALPHA, PATH, Calls, Server, hangs_up, refuses, says

from project_operator.errors import (
    KubeError,
    KubeForbidden,
    KubeNotFound,
    KubeUnavailable,
)
from project_operator.kube.access import ClusterAccess
from project_operator.kube.api import KubeApi
from project_operator.kube.resources import PROJECTS


@dataclass
class Answered:
    seen: list[tuple[str, type[KubeError] | None]] = field(default_factory=list)

    def __call__(self, verb: str, error: KubeError | None) -> None:
        self.seen.append((verb, type(error) if error else None))


async def test_a_session_for_others_has_our_credentials_and_tells_how_it_goes(
    api: KubeApi, server: Server, calls: Calls
) -> None:
    answered = Answered()
    server.answer({}, refuses(403), refuses(404), hangs_up, ALPHA)
    url = server.url + "/apis/identity.project-operator.dev/v1alpha1/projects"

    async with api.session(PROJECTS, answered) as session:
        await session.get(server.url + "/apis")
        async with session.get(url) as response:
            assert (await response.json())["reason"] == "Because"
        await session.get(url, params={"watch": "true"})
        with pytest.raises(aiohttp.ClientError):
            await session.post(url)

    assert answered.seen == [("list", KubeForbidden), ("watch", KubeNotFound), ("list", KubeUnavailable)]
    assert calls.seen == [("list", "projects", "403"), ("watch", "projects", "404"), ("list", "projects", "error")]
    assert {seen.headers["Authorization"] for seen in server.seen} == {"Bearer abc"}
    await api.get(PROJECTS, "team-a", "alpha")  # the session is closed, the connections are not


async def test_a_certificate_for_another_name_holds_where_the_kubeconfig_says_so() -> None:
    authority = trustme.CA()
    theirs, ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("cluster.example").configure_cert(theirs)
    authority.configure_trust(ours)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", says(ALPHA))
    http = TestServer(app)
    await http.start_server(ssl=theirs)
    named = KubeApi(ClusterAccess(f"https://127.0.0.1:{http.port}", ours, server_hostname="cluster.example"))
    unnamed = KubeApi(ClusterAccess(f"https://127.0.0.1:{http.port}", ours))
    try:
        assert await named.get(PROJECTS, "team-a", "alpha") == ALPHA
        async with named.session(PROJECTS, Answered()) as session, session.get(named.server + PATH) as response:
            assert response.ok
        with pytest.raises(KubeUnavailable, match="ClientConnectorCertificateError"):
            await unnamed.get(PROJECTS, "team-a", "alpha")
    finally:
        await named.aclose()
        await unnamed.aclose()
        await http.close()
