"""The server in process: what tests can do with it that no real one allows."""

import asyncio
import json
import signal
import ssl
import subprocess
import sys
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web
from waiting import WITHIN

from project_operator.sandbox.controlplane.emulated import serve, server
from project_operator.sandbox.controlplane.search import EMULATED_MODULE

MAPS = "/api/v1/namespaces/default/configmaps"


def config_map(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def read(kubeconfig: Path) -> tuple[dict[str, str], dict[str, str]]:
    """The cluster and the user of a kubeconfig."""
    document = yaml.safe_load(kubeconfig.read_text())
    return document["clusters"][0]["cluster"], document["users"][0]["user"]


@asynccontextmanager
async def connected(kubeconfig: Path, token: str | None = None) -> AsyncIterator[aiohttp.ClientSession]:
    cluster, user = read(kubeconfig)
    authority = b64decode(cluster["certificate-authority-data"]).decode()
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cadata=authority))
    headers = {"Authorization": f"Bearer {token or user['token']}"}
    async with aiohttp.ClientSession(cluster["server"], connector=connector, headers=headers) as session:
        yield session
        await connector.close(abort_ssl=True)


async def body(request: Any) -> Any:
    async with request as response:
        return await response.json()


async def next_event(response: aiohttp.ClientResponse) -> Any:
    async with asyncio.timeout(WITHIN):
        line = await response.content.readline()
    return json.loads(line) if line else None


async def test_it_says_that_it_is_emulated(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    async with serve(kubeconfig), connected(kubeconfig) as session:
        version = await body(session.get("/version"))
    assert version["gitVersion"].endswith("-emulated")
    assert yaml.safe_load(kubeconfig.read_text())["current-context"] == "EMULATED"
    assert kubeconfig.stat().st_mode & 0o777 == 0o600


async def test_two_servers_know_nothing_of_each_other(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    async with serve(one), serve(other), connected(one) as first, connected(other) as second:
        assert (await body(first.post(MAPS, json=config_map("a"))))["metadata"]["name"] == "a"
        assert (await body(second.get(MAPS)))["items"] == []
        async with connected(other, read(one)[1]["token"]) as stranger, stranger.get(MAPS) as response:
            assert response.status == 401


async def test_health_needs_no_credentials_and_nothing_else_is_given_without(tmp_path: Path) -> None:
    async with serve(tmp_path / "k"), connected(tmp_path / "k", "nobody") as session:
        for path, status in (("/readyz", 200), ("/livez", 200), ("/version", 200), ("/apis", 401), (MAPS, 401)):
            async with session.get(path) as response:
                assert response.status == status, path


async def test_a_token_is_its_users_name_in_the_audit_log(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    async with serve(tmp_path / "k", audit_log=log) as emulated:
        token = emulated.issue_token("system:serviceaccount:default:operator")
        async with connected(tmp_path / "k", token) as session:
            await body(session.post(MAPS, json=config_map("a", secret="hidden")))
            await body(session.get(f"{MAPS}/none"))
            await body(session.get("/apis"))
    created, missing, discovered = (json.loads(line) for line in log.read_text().splitlines())
    assert created["user"]["username"] == "system:serviceaccount:default:operator"
    assert (created["verb"], created["objectRef"]["resource"], created["responseStatus"]["code"]) == (
        "create",
        "configmaps",
        201,
    )
    assert (missing["verb"], missing["objectRef"]["name"], missing["responseStatus"]["code"]) == ("get", "none", 404)
    assert (discovered["verb"], discovered["requestURI"], "objectRef" in discovered) == ("get", "/apis", False)
    assert "hidden" not in log.read_text()


async def test_watches_from_before_a_compaction_are_told_to_list_again(tmp_path: Path) -> None:
    async with serve(tmp_path / "k") as emulated, connected(tmp_path / "k") as session:
        listing = await body(session.get(MAPS))
        await body(session.post(MAPS, json=config_map("a")))
        await body(session.post(MAPS, json=config_map("b")))
        first = await body(session.get(MAPS, params={"limit": "1"}))
        emulated.compact()
        since = listing["metadata"]["resourceVersion"]
        async with session.get(MAPS, params={"watch": "1", "resourceVersion": since}) as response:
            event = await next_event(response)
        assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")
        rest = await body(session.get(MAPS, params={"limit": "1", "continue": first["metadata"]["continue"]}))
        assert (rest["code"], rest["reason"]) == (410, "Expired")
        now = (await body(session.get(MAPS)))["metadata"]["resourceVersion"]
        async with session.get(MAPS, params={"watch": "1", "resourceVersion": now}) as response:
            await body(session.post(MAPS, json=config_map("c")))
            assert (await next_event(response))["object"]["metadata"]["name"] == "c"


async def test_history_is_as_long_as_was_asked_for(tmp_path: Path) -> None:
    async with serve(tmp_path / "k", history=3) as emulated, connected(tmp_path / "k") as session:
        versions = [str(emulated.cluster.version)]
        for name in "abcde":
            created = await body(session.post(MAPS, json=config_map(name)))
            versions.append(created["metadata"]["resourceVersion"])
        async with session.get(MAPS, params={"watch": "1", "resourceVersion": versions[1]}) as response:
            assert (await next_event(response))["type"] == "ERROR"
        async with session.get(MAPS, params={"watch": "1", "resourceVersion": versions[2]}) as response:
            events = [await next_event(response) for _ in range(3)]
        assert [event["object"]["metadata"]["name"] for event in events] == ["c", "d", "e"]


async def test_ended_watches_end_and_can_be_resumed(tmp_path: Path) -> None:
    async with serve(tmp_path / "k") as emulated, connected(tmp_path / "k") as session:
        created = await body(session.post(MAPS, json=config_map("a")))
        since = {"watch": "1", "resourceVersion": created["metadata"]["resourceVersion"]}
        async with session.get(MAPS, params=since) as response:
            emulated.cluster.end_watches()
            assert await next_event(response) is None
        await body(session.post(MAPS, json=config_map("b")))
        async with session.get(MAPS, params=since) as response:
            assert (await next_event(response))["object"]["metadata"]["name"] == "b"


async def test_silent_watches_get_bookmarks_if_they_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "BOOKMARKS", 0.05)
    async with serve(tmp_path / "k"), connected(tmp_path / "k") as session:
        created = await body(session.post(MAPS, json=config_map("a")))
        since = {"watch": "1", "resourceVersion": "0", "allowWatchBookmarks": "true"}
        async with session.get(MAPS, params=since) as response:
            assert (await next_event(response))["type"] == "ADDED"
            bookmark = await next_event(response)
        assert (bookmark["type"], bookmark["object"]["kind"]) == ("BOOKMARK", "ConfigMap")
        assert bookmark["object"]["metadata"]["resourceVersion"] == created["metadata"]["resourceVersion"]
        async with session.get(MAPS, params={"watch": "1", "timeoutSeconds": "1"}) as response:
            assert [(await next_event(response))["type"], await next_event(response)] == ["ADDED", None]


async def test_lists_in_chunks_are_given_up_when_too_many_are_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "LISTS", 2)
    async with serve(tmp_path / "k"), connected(tmp_path / "k") as session:
        for name in "ab":
            await body(session.post(MAPS, json=config_map(name)))
        chunks = [await body(session.get(MAPS, params={"limit": "1"})) for _ in range(3)]
        rest = [
            await body(session.get(MAPS, params={"limit": "1", "continue": chunk["metadata"]["continue"]}))
            for chunk in chunks
        ]
    assert [answer.get("code") for answer in rest] == [410, None, None]


Handler = Callable[[web.Request], Any]


async def test_middlewares_can_lose_the_answer_to_a_write_that_was_applied(tmp_path: Path) -> None:
    lost: list[str] = []

    @web.middleware
    async def lose(request: web.Request, handler: Handler) -> web.StreamResponse:
        response: web.StreamResponse = await handler(request)
        if request.method == "POST" and request.transport and not lost:
            lost.append(request.path)
            request.transport.abort()
        return response

    async with serve(tmp_path / "k", middlewares=[lose]), connected(tmp_path / "k") as session:
        with pytest.raises(aiohttp.ClientError):
            await body(session.post(MAPS, json=config_map("a")))
        assert [item["metadata"]["name"] for item in (await body(session.get(MAPS)))["items"]] == ["a"]
    assert lost == [MAPS]


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("GET", f"{MAPS}?limit=many", None),
        ("GET", f"{MAPS}?watch=1&resourceVersion=new", None),
        ("POST", MAPS, []),
        ("POST", MAPS, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": "name"}),
        ("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {"spec": {"versions": [1]}}),
    ],
)
async def test_nonsense_is_a_bad_request_with_a_status(tmp_path: Path, method: str, path: str, sent: Any) -> None:
    async with serve(tmp_path / "k"), connected(tmp_path / "k") as session:
        answer = await body(session.request(method, path, json=sent))
    assert (answer["kind"], answer["code"], answer["reason"]) == ("Status", 400, "BadRequest")


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/v1/configmaps"), ("DELETE", MAPS), ("PUT", MAPS), ("PATCH", "/api/v1/configmaps/a")],
)
async def test_a_path_that_is_short_of_a_name_or_a_namespace_allows_no_write(
    tmp_path: Path, method: str, path: str
) -> None:
    async with serve(tmp_path / "k"), connected(tmp_path / "k") as session:
        answer = await body(session.request(method, path, json=config_map("a")))
    assert (answer["code"], answer["reason"]) == (405, "MethodNotAllowed")


async def test_a_thousand_writers_get_a_thousand_versions(tmp_path: Path) -> None:
    async with serve(tmp_path / "k"), connected(tmp_path / "k") as session:
        await body(session.post(MAPS, json=config_map("a")))
        headers = {"Content-Type": "application/merge-patch+json"}
        answers = await asyncio.gather(
            *(body(session.patch(f"{MAPS}/a", json={"data": {str(n): "x"}}, headers=headers)) for n in range(1000))
        )
        stored = await body(session.get(f"{MAPS}/a"))
    assert len({answer["metadata"]["resourceVersion"] for answer in answers}) == 1000
    assert len(stored["data"]) == 1000


async def test_one_of_many_guarded_writers_wins(tmp_path: Path) -> None:
    async with serve(tmp_path / "k"), connected(tmp_path / "k") as session:
        created = await body(session.post(MAPS, json=config_map("a")))
        headers = {"Content-Type": "application/merge-patch+json"}
        guard = {"metadata": {"resourceVersion": created["metadata"]["resourceVersion"]}}
        answers = await asyncio.gather(
            *(
                body(session.patch(f"{MAPS}/a", json=guard | {"data": {"by": str(n)}}, headers=headers))
                for n in range(20)
            )
        )
    assert [answer.get("code") for answer in answers].count(409) == 19


def test_as_a_process_it_announces_itself_and_ends_when_told(tmp_path: Path) -> None:
    kubeconfig, command = tmp_path / "k", [sys.executable, "-m", EMULATED_MODULE]
    with subprocess.Popen([*command, "--kubeconfig", str(kubeconfig)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline().startswith("EMULATED API server v1.")
        assert process.stdout.readline() == f"export KUBECONFIG={kubeconfig}\n"
        assert kubeconfig.exists()
        process.send_signal(signal.SIGTERM)
        assert process.wait(WITHIN) == 0
