"""Calls to the API server, over real sockets against canned answers."""

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port
from canned_api_server import ALPHA, PATH, Answer, Calls, Server, hangs_up, hangs_up_half_way, refuses, says
from waiting import WITHIN

from project_operator.errors import (
    ConfigurationError,
    KubeConflict,
    KubeError,
    KubeForbidden,
    KubeUnavailable,
)
from project_operator.kube.access import ClusterAccess
from project_operator.kube.api import AT_ONCE, KubeApi
from project_operator.kube.resources import EVENTS, LEASES, NAMESPACES, PROJECTS, SECRETS


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


async def test_many_calls_at_once(api: KubeApi, server: Server, calls: Calls) -> None:
    server.answer(ALPHA)

    await asyncio.gather(*(api.patch(PROJECTS, ALPHA, {}) for _ in range(200)))

    assert len(calls.seen) == len(server.seen) == 200


async def test_a_deletion_is_guarded_by_uid_and_resource_version(api: KubeApi, server: Server, calls: Calls) -> None:
    server.answer({"kind": "Status", "status": "Success"})

    await api.delete(PROJECTS, ALPHA)

    (seen,) = server.seen
    assert (seen.method, seen.path) == ("DELETE", PATH)
    assert seen.body == {"preconditions": {"uid": "u-1", "resourceVersion": "7"}}
    assert calls.seen == [("delete", "projects", "200")]


async def test_a_lease_waits_for_no_other_call(api: KubeApi, server: Server) -> None:
    release = asyncio.Event()

    async def slow(request: web.Request) -> web.Response:
        if "leases" not in request.path:
            await release.wait()
        return web.json_response(ALPHA)

    server.answer(slow)
    others = [asyncio.create_task(api.get(PROJECTS, "team-a", "alpha")) for _ in range(AT_ONCE + 1)]
    async with asyncio.timeout(WITHIN):
        assert await api.get(LEASES, "operators", "a") == ALPHA
    release.set()
    await asyncio.gather(*others)


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
    async with asyncio.timeout(WITHIN):
        found = await asyncio.gather(*(api.get(PROJECTS, "team-a", "alpha") for _ in range(2 * AT_ONCE)))
    assert len(found) == 2 * AT_ONCE
    assert most == AT_ONCE
