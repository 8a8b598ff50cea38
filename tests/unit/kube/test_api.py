"""Calls to the API server, over real sockets against canned answers."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from project_operator.errors import (
    ConfigurationError,
    KubeConflict,
    KubeError,
    KubeForbidden,
    KubeNotFound,
    KubeUnavailable,
)
from project_operator.kube.access import ClusterAccess
from project_operator.kube.api import AT_ONCE, KubeApi
from project_operator.kube.resources import EVENTS, NAMESPACES, PROJECTS, SECRETS, Resource

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
PATH = "/apis/identity.project-operator.dev/v1alpha1/namespaces/team-a/projects/alpha"
ALPHA: dict[str, Any] = {
    "apiVersion": "identity.project-operator.dev/v1alpha1",
    "kind": "Project",
    "metadata": {"namespace": "team-a", "name": "alpha", "uid": "u-1", "resourceVersion": "7", "labels": {"a": "b"}},
    "spec": {"description": "x"},
}


@dataclass
class Seen:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Server:
    """Answers each request with the next canned answer (the last one stays), and remembers what came."""

    answers: list[Answer] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    url: str = ""

    def answer(self, *answers: Answer | dict[str, Any]) -> None:
        self.answers = [given if callable(given) else says(given) for given in answers]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        text = await request.text()
        self.seen.append(
            Seen(
                request.method,
                request.path,
                dict(request.query),
                dict(request.headers),
                json.loads(text) if text else None,
            )
        )
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await answer(request)


def says(body: Any, status: int = 200, **headers: str) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response(body, status=status, headers=headers)

    answer.__name__ = f"answers-{status}"
    return answer


def refuses(status: int, message: str = "no", reason: str = "Because") -> Answer:
    return says({"kind": "Status", "message": message, "reason": reason}, status)


async def hangs_up(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def hangs_up_half_way(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"kind":')
    return await hangs_up(request)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    async with TestServer(app) as http:
        server.url = str(http.make_url("")).rstrip("/")
        yield server


@dataclass
class Calls:
    seen: list[tuple[str, str, str]] = field(default_factory=list)

    def __call__(self, verb: str, resource: Resource, code: str, seconds: float) -> None:
        assert 0 <= seconds < 60
        self.seen.append((verb, resource.plural, code))


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
async def api(server: Server, calls: Calls) -> AsyncIterator[KubeApi]:
    api = KubeApi(ClusterAccess(server.url, authorization=lambda: "Bearer abc"), on_call=calls)
    yield api
    await api.aclose()


async def test_get(api: KubeApi, server: Server, calls: Calls) -> None:
    server.answer(ALPHA)

    assert await api.get(PROJECTS, "team-a", "alpha") == ALPHA
    (seen,) = server.seen
    assert (seen.method, seen.path) == ("GET", PATH)
    assert seen.headers["Authorization"] == "Bearer abc"
    assert seen.headers["User-Agent"].startswith("project-operator/")
    assert calls.seen == [("get", "projects", "200")]


async def test_a_patch_is_guarded_by_uid_and_resource_version(api: KubeApi, server: Server, calls: Calls) -> None:
    server.answer(ALPHA)
    changes = {"metadata": {"finalizers": ["f"]}, "spec": {"x": None}}

    await api.patch(PROJECTS, ALPHA, changes)

    (seen,) = server.seen
    assert (seen.method, seen.path, seen.query) == ("PATCH", PATH, {"fieldManager": "project-operator"})
    assert seen.headers["Content-Type"] == "application/merge-patch+json"
    assert seen.body == {
        "metadata": {"finalizers": ["f"], "uid": "u-1", "resourceVersion": "7"},
        "spec": {"x": None},
    }
    assert changes == {"metadata": {"finalizers": ["f"]}, "spec": {"x": None}}
    assert calls.seen == [("patch", "projects", "200")]


async def test_a_status_patch_is_guarded_too(api: KubeApi, server: Server) -> None:
    server.answer(ALPHA)

    await api.patch(PROJECTS, ALPHA, {"status": {"id": "p"}}, subresource="status")

    assert server.seen[0].path == PATH + "/status"
    assert server.seen[0].body == {"metadata": {"uid": "u-1", "resourceVersion": "7"}, "status": {"id": "p"}}


async def test_an_object_without_its_guard_is_never_patched(api: KubeApi, server: Server) -> None:
    with pytest.raises(KeyError):
        await api.patch(PROJECTS, {"metadata": {"namespace": "team-a", "name": "alpha", "uid": "u-1"}}, {})
    assert server.seen == []


async def test_an_answer_about_another_object_is_a_conflict(api: KubeApi, server: Server) -> None:
    server.answer({**ALPHA, "metadata": {**ALPHA["metadata"], "uid": "u-2"}})

    with pytest.raises(KubeConflict, match="another object of this name"):
        await api.patch(PROJECTS, ALPHA, {"status": {"id": "p"}}, subresource="status")


async def test_create(api: KubeApi, server: Server, calls: Calls) -> None:
    server.answer(says(ALPHA, 201))

    assert await api.create(EVENTS, "team-a", {"kind": "Event"}) == ALPHA
    (seen,) = server.seen
    assert (seen.method, seen.path) == ("POST", "/apis/events.k8s.io/v1/namespaces/team-a/events")
    assert seen.query == {"fieldManager": "project-operator"}
    assert seen.body == {"kind": "Event"}
    assert calls.seen == [("create", "events", "201")]


@pytest.mark.parametrize("answer", [hangs_up, hangs_up_half_way, refuses(500), refuses(429), says([], 200)])
async def test_a_write_without_a_usable_answer_may_have_been_applied_and_is_sent_once(
    api: KubeApi, server: Server, answer: Answer
) -> None:
    server.answer(answer)

    with pytest.raises(KubeUnavailable):
        await api.patch(PROJECTS, ALPHA, {})
    with pytest.raises(KubeUnavailable):
        await api.create(PROJECTS, "team-a", {})

    assert [seen.method for seen in server.seen] == ["PATCH", "POST"]


async def test_a_write_is_sent_once_on_a_connection_that_was_idle(api: KubeApi, server: Server) -> None:
    server.answer(ALPHA, hangs_up)
    await api.get(PROJECTS, "team-a", "alpha")

    with pytest.raises(KubeUnavailable, match="no answer from the API server"):
        await api.patch(PROJECTS, ALPHA, {})

    assert [seen.method for seen in server.seen] == ["GET", "PATCH"]


async def test_no_answer_is_counted_as_an_error(api: KubeApi, server: Server, calls: Calls) -> None:
    server.answer(hangs_up)

    with pytest.raises(KubeUnavailable):
        await api.create(PROJECTS, "team-a", {})

    assert calls.seen == [("create", "projects", "error")]


async def test_a_server_that_is_not_there() -> None:
    api = KubeApi(ClusterAccess(f"http://127.0.0.1:{unused_port()}"))
    try:
        with pytest.raises(KubeUnavailable, match=r"get /api/v1/namespaces/x: no answer .*Connect call failed"):
            await api.get(NAMESPACES, None, "x")
    finally:
        await api.aclose()


async def test_a_redirect_is_not_followed(api: KubeApi, server: Server) -> None:
    server.answer(says({}, 302, Location="/elsewhere"))

    with pytest.raises(KubeUnavailable):
        await api.get(PROJECTS, "team-a", "alpha")
    assert len(server.seen) == 1


async def test_after_the_close_nothing_is_sent(api: KubeApi, server: Server) -> None:
    await api.aclose()

    with pytest.raises(KubeUnavailable, match="stopping"):
        await api.get(PROJECTS, "team-a", "alpha")
    assert server.seen == []


def pages(*answers: tuple[list[str], str]) -> list[Answer]:
    return [
        says({"metadata": {"continue": token}, "items": [{"metadata": {"name": name}} for name in names]})
        for names, token in answers
    ]


async def test_a_listing_is_all_its_pages(api: KubeApi, server: Server) -> None:
    server.answer(*pages((["a", "b"], "t1"), (["c", "d"], "t2"), (["e"], "")))

    items = await api.list(PROJECTS, "team-a", label_selector="x=y", limit=2)

    assert [item["metadata"]["name"] for item in items] == ["a", "b", "c", "d", "e"]
    assert [seen.query for seen in server.seen] == [
        {"labelSelector": "x=y", "limit": "2"},
        {"labelSelector": "x=y", "limit": "2", "continue": "t1"},
        {"labelSelector": "x=y", "limit": "2", "continue": "t2"},
    ]


async def test_a_listing_whose_pages_expire_begins_again_in_one_piece(api: KubeApi, server: Server) -> None:
    server.answer(*pages((["a", "b"], "t1")), refuses(410, reason="Expired"), *pages((["b", "c", "d"], "")))

    items = await api.list(PROJECTS, limit=2)

    assert [item["metadata"]["name"] for item in items] == ["b", "c", "d"]
    assert [seen.query for seen in server.seen] == [{"limit": "2"}, {"limit": "2", "continue": "t1"}, {}]


@pytest.mark.parametrize("answer", [refuses(500), refuses(403), hangs_up])
async def test_a_listing_with_a_failed_page_is_no_listing(api: KubeApi, server: Server, answer: Answer) -> None:
    server.answer(*pages((["a"], "t1")), answer)

    with pytest.raises(KubeError):
        await api.list(PROJECTS)


async def test_an_expiry_of_the_whole_listing_is_an_error(api: KubeApi, server: Server) -> None:
    server.answer(refuses(410, reason="Expired"))

    with pytest.raises(KubeError):
        await api.list(PROJECTS)
    assert len(server.seen) == 1


async def test_metadata_alone_is_asked_for(api: KubeApi, server: Server) -> None:
    server.answer({"items": None})

    assert await api.list(SECRETS, metadata_only=True) == []
    assert server.seen[0].headers["Accept"].startswith("application/json;as=PartialObjectMetadataList;")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (says({"resources": [{"name": "projects"}, {"name": "projects/status"}]}), True),
        (says({"resources": [{"name": "identitybackends"}]}), False),
        (says({"resources": None}), False),
        (refuses(404), False),
    ],
    ids=["there", "not-there", "nothing-there", "no-such-group"],
)
async def test_whether_a_kind_is_served(api: KubeApi, server: Server, answer: Answer, expected: bool) -> None:  # noqa: FBT001 - a row
    server.answer(answer)

    assert await api.serves(PROJECTS) is expected
    assert server.seen[0].path == "/apis/identity.project-operator.dev/v1alpha1"


async def test_whether_a_kind_is_served_cannot_be_told_without_an_answer(api: KubeApi, server: Server) -> None:
    server.answer(refuses(503))

    with pytest.raises(KubeUnavailable):
        await api.serves(SECRETS)
    assert server.seen[0].path == "/api/v1"


async def test_after_a_401_the_token_is_read_again(server: Server) -> None:
    tokens = iter(["old", "new"])
    api = KubeApi(ClusterAccess(server.url, authorization=lambda: f"Bearer {next(tokens)}"))
    server.answer(refuses(401), ALPHA)
    try:
        with pytest.raises(KubeForbidden):
            await api.patch(PROJECTS, ALPHA, {})
        await api.patch(PROJECTS, ALPHA, {})
    finally:
        await api.aclose()

    assert [seen.headers["Authorization"] for seen in server.seen] == ["Bearer old", "Bearer new"]


async def test_without_credentials_nothing_is_sent(server: Server) -> None:
    def fails() -> str:
        raise ConfigurationError("the token file is empty")

    api = KubeApi(ClusterAccess(server.url, authorization=fails))
    try:
        with pytest.raises(KubeForbidden, match="no credentials for the API server: the token file is empty"):
            await api.create(PROJECTS, "team-a", {})
    finally:
        await api.aclose()
    assert server.seen == []


async def test_an_error_of_a_secret_holds_no_content(api: KubeApi, server: Server) -> None:
    server.answer(refuses(422, "invalid value: 's3cret'"))

    with pytest.raises(KubeError) as caught:
        await api.create(SECRETS, "team-a", {"stringData": {"token": "s3cret"}})
    assert "s3cret" not in str(caught.value)


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


async def test_many_calls_at_once(api: KubeApi, server: Server, calls: Calls) -> None:
    server.answer(ALPHA)

    await asyncio.gather(*(api.patch(PROJECTS, ALPHA, {}) for _ in range(200)))

    assert len(calls.seen) == len(server.seen) == 200


async def test_of_very_many_calls_only_so_many_are_under_way(api: KubeApi, server: Server) -> None:
    """However many backends there is work for, file descriptors are few."""
    now, most, release = 0, 0, asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        if now == AT_ONCE:
            release.set()
        await release.wait()
        now -= 1
        return web.json_response(ALPHA)

    server.answer(slow)
    async with asyncio.timeout(20):
        found = await asyncio.gather(*(api.get(PROJECTS, "team-a", "alpha") for _ in range(2 * AT_ONCE)))
    assert len(found) == 2 * AT_ONCE
    assert most == AT_ONCE


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
