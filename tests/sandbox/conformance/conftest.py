"""The API servers that the conformance tests run on: each test once on the emulated one, once on a real one."""

import asyncio
import base64
import itertools
import json
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
import yaml
from waiting import WITHIN

from project_operator.kube.access import load_access
from project_operator.sandbox.controlplane.plane import default_cache
from project_operator.sandbox.controlplane.processes import OwnedProcess
from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.controlplane.search import EMULATED_MODULE, Options, Search

Object = dict[str, Any]
"""Seconds after which what should happen counts as not happening."""

GROUP: Final = "conformance.example.com"
STATUS: Final = {
    "type": "object",
    "default": {"observedGeneration": -1},
    "properties": {
        "observedGeneration": {"type": "integer"},
        "phase": {"type": "string", "maxLength": 9},
        "conditions": {"type": "array", "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    },
}
SPEC: Final = {
    "type": "object",
    "description": "What is wanted.",
    "properties": {
        "size": {"type": "integer", "default": 1, "minimum": 1, "maximum": 9},
        "ratio": {"type": "number"},
        "name": {"type": "string", "minLength": 2, "maxLength": 5, "pattern": "^[a-z]*$"},
        "color": {"type": "string", "enum": ["red", "green"]},
        "enabled": {"type": "boolean"},
        "note": {"type": "string", "nullable": True},
        "parts": {
            "type": "array",
            "maxItems": 2,
            "items": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "string"}, "weight": {"type": "integer", "default": 7}},
            },
        },
        "tags": {"type": "object", "maxProperties": 2, "additionalProperties": {"type": "string"}},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    },
}
COLUMNS: Final = [
    {"name": "Ready", "type": "string", "jsonPath": '.status.conditions[?(@.type=="Ready")].status'},
    {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
]


def definition(plural: str, kind: str, *, spec: Mapping[str, Any] = SPEC) -> Object:
    """A CustomResourceDefinition of group ``conformance.example.com``."""
    schema = {"type": "object", "required": ["spec"], "properties": {"spec": spec, "status": STATUS}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    version |= {"subresources": {"status": {}}, "additionalPrinterColumns": COLUMNS}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "plural": plural,
                "singular": kind.lower(),
                "kind": kind,
                "shortNames": [f"short{plural}"],
                "categories": ["conformance"],
            },
            "versions": [version],
        },
    }


class Abrupt(aiohttp.ClientResponse):
    """Left before its end, it drops its connection without the farewells of TLS, for which nobody would wait.

    Whoever leaves it, Kopf when it stops or a test, goes on at once. A server that is late with its own farewell would
    find the event loop closed, and the socket left open. A response that was read has given its connection back.
    """

    def close(self) -> None:
        self._drop()
        super().close()

    def release(self) -> Any:
        self._drop()
        return super().release()

    def _drop(self) -> None:
        if self.connection and self.connection.transport:
            self.connection.transport.abort()


@dataclass(frozen=True)
class Endpoint:
    """An API server to test, and the kubectl that fits it."""

    kubeconfig: Path
    kubectl_program: Path
    audit_log: Path
    emulated: bool

    def command(self, *arguments: str) -> list[str]:
        """A kubectl command line for this server; its caches lie beside the kubeconfig."""
        cache = self.kubeconfig.with_name("kubectl-cache")
        return [str(self.kubectl_program), f"--kubeconfig={self.kubeconfig}", f"--cache-dir={cache}", *arguments]

    @property
    def server(self) -> str:
        return load_access(self.kubeconfig, environ={}).server

    def session(self) -> aiohttp.ClientSession:
        """A session as the administrator; to be called inside a running event loop."""
        access = load_access(self.kubeconfig, environ={})
        headers = {"Authorization": access.authorization()} if access.authorization else {}
        connector = aiohttp.TCPConnector(ssl=access.ssl_context or True)
        return aiohttp.ClientSession(access.server, connector=connector, headers=headers, response_class=Abrupt)

    def kubectl(self, *arguments: str, stdin: Object | None = None) -> subprocess.CompletedProcess[str]:
        document = json.dumps(stdin) if stdin is not None else None
        return subprocess.run(
            self.command(*arguments), input=document, capture_output=True, text=True, timeout=60, check=False
        )


@dataclass(frozen=True)
class Answer:
    """What the server said: ``body`` is the JSON document, or the text where it was none."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def version(self) -> str:
        return str(self.body["metadata"]["resourceVersion"])


class Client:
    """Plain requests, as a user of the API; paths relative to the server."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session
        self._names = itertools.count(1)

    async def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        content_type: str = "application/json",
        accept: str = "",
        **query: str,
    ) -> Answer:
        data = json.dumps(body) if body is not None and not isinstance(body, str) else body
        headers = {"Content-Type": content_type} | ({"Accept": accept} if accept else {})
        async with self.session.request(method, path, data=data, headers=headers, params=query) as response:
            text = await response.text()
            document = json.loads(text) if "json" in response.content_type else text
            return Answer(response.status, document, response.headers)

    async def get(self, path: str, accept: str = "", **query: str) -> Answer:
        return await self.request("GET", path, accept=accept, **query)

    async def create(self, path: str, body: Object, **query: str) -> Answer:
        return await self.request("POST", path, body, **query)

    async def merge(self, path: str, patch: Object, **query: str) -> Answer:
        return await self.request("PATCH", path, patch, "application/merge-patch+json", **query)

    async def operate(self, path: str, operations: list[Object], **query: str) -> Answer:
        return await self.request("PATCH", path, operations, "application/json-patch+json", **query)

    async def put(self, path: str, body: Object) -> Answer:
        return await self.request("PUT", path, body)

    async def delete(self, path: str, options: Object | None = None) -> Answer:
        return await self.request("DELETE", path, options)

    async def until(self, path: str, status: int, **wanted: Any) -> Answer:
        """The answer to GET, once it has this status and holds these top-level values."""
        deadline = time.monotonic() + WITHIN
        while True:
            answer = await self.get(path)
            if answer.status == status and all(answer.body.get(key) == value for key, value in wanted.items()):
                return answer
            assert time.monotonic() < deadline, f"GET {path} did not come to {status} {wanted}: {answer}"
            await asyncio.sleep(0.05)

    async def audited(self, log: Path, namespace: str, resource: str, count: int) -> list[Object]:
        """The completed requests about this resource in this namespace, once there are ``count``."""
        deadline = time.monotonic() + WITHIN
        while True:
            lines = await asyncio.to_thread(log.read_text)
            events = [json.loads(line) for line in lines.splitlines() if f'"{namespace}"' in line]
            found = [
                event
                for event in events
                if event["objectRef"]["resource"] == resource and event["stage"] == "ResponseComplete"
            ]
            if len(found) >= count:
                return found
            assert time.monotonic() < deadline, found
            await asyncio.sleep(0.05)

    @asynccontextmanager
    async def watch(self, path: str, accept: str = "", **query: str) -> AsyncIterator["Watch"]:
        headers = {"Accept": accept} if accept else {}
        timeout = aiohttp.ClientTimeout(total=None, sock_read=WITHIN)
        async with self.session.get(path, params={"watch": "1"} | query, headers=headers, timeout=timeout) as response:
            yield Watch(response)


class Watch:
    """The events of a watch, one after another."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.status = response.status
        self._content = response.content

    async def next(self) -> tuple[str, Any]:
        """Type and object of the next event, ("END", None) at the end of the watch; fails when none comes in time."""
        async with asyncio.timeout(WITHIN):
            line = await self._content.readline()
        if not line:
            return "END", None
        event = json.loads(line)
        return event["type"], event["object"]

    async def some(self, count: int) -> list[tuple[str, str]]:
        """Types and names of the next events."""
        return [(kind, item["metadata"]["name"]) for kind, item in [await self.next() for _ in range(count)]]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "lacks(what): the emulated API server does not have it; runs on a real one alone"
    )


@pytest.fixture(
    scope="session",
    params=[
        pytest.param("emulated", marks=pytest.mark.xdist_group("emulated API server")),
        # What a pinned API server does is no other thing tomorrow.
        pytest.param(
            "real", marks=[pytest.mark.needs_real, pytest.mark.whole, pytest.mark.xdist_group("control plane")]
        ),
    ],
)
def endpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """The server under test, with the widgets of ``conformance.example.com`` served."""
    if request.param == "real":
        plane = request.getfixturevalue("control_plane")
        if plane.emulated:  # each test is skipped, or fails with CI=true, before it begins: needs_real
            yield Endpoint(plane.kubeconfig, plane.kubectl_program, plane.folder / "none", emulated=True)
            return
        real = Endpoint(plane.kubeconfig, plane.kubectl_program, plane.audit_log, emulated=False)
        _serve_widgets(real)
        yield real
        return
    folder = tmp_path_factory.mktemp("emulated")
    kubectl = Search(Options.from_environment(), default_cache(), Report(sys.__stderr__)).kubectl()
    emulated = Endpoint(folder / "kubeconfig", kubectl, folder / "audit.jsonl", emulated=True)
    command = [sys.executable, "-m", EMULATED_MODULE, "--kubeconfig", str(emulated.kubeconfig)]
    process = OwnedProcess("emulated", [*command, "--audit-log", str(emulated.audit_log)], log=folder / "log")
    try:
        _serve_widgets(emulated)
        yield emulated
    finally:
        process.stop()


def _serve_widgets(endpoint: Endpoint) -> None:
    deadline = time.monotonic() + WITHIN
    while (done := endpoint.kubectl("apply", "-f", "-", stdin=definition("widgets", "Widget"))).returncode:
        assert time.monotonic() < deadline, done.stderr
        time.sleep(0.1)
    done = endpoint.kubectl("wait", "--for=condition=Established", f"crd/widgets.{GROUP}", "--timeout=60s")
    assert done.returncode == 0, done.stderr


@asynccontextmanager
async def opened(session: aiohttp.ClientSession) -> AsyncIterator[aiohttp.ClientSession]:
    """Closes the session without the farewells of TLS, for which nobody would wait."""
    try:
        yield session
    finally:
        if session.connector:
            await session.connector.close(abort_ssl=True)
        await session.close()


@pytest.fixture
async def client(endpoint: Endpoint) -> AsyncIterator[Client]:
    """The administrator."""
    async with opened(endpoint.session()) as session:
        client = Client(session)
        await client.until(f"/apis/{GROUP}/v1/widgets", 200)
        yield client


@pytest.fixture
def bearer(endpoint: Endpoint) -> Callable[[str], AbstractAsyncContextManager[Client]]:
    """Opens a client that shows a token and nothing else."""

    @asynccontextmanager
    async def as_bearer(token: str) -> AsyncIterator[Client]:
        cluster = yaml.safe_load(endpoint.kubeconfig.read_text())["clusters"][0]["cluster"]
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cadata=authority))
        headers = {"Authorization": f"Bearer {token}"}
        session = aiohttp.ClientSession(cluster["server"], connector=connector, headers=headers, response_class=Abrupt)
        async with opened(session):
            yield Client(session)

    return as_bearer


@pytest.fixture
async def namespace(client: Client) -> str:
    """A namespace of the test's own."""
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"generateName": "conformance-"}}
    created = await client.create("/api/v1/namespaces", body)
    assert created.status == 201, created
    return str(created.body["metadata"]["name"])


@pytest.fixture
def widgets(namespace: str) -> str:
    """The path of the widgets in the test's namespace."""
    return f"/apis/{GROUP}/v1/namespaces/{namespace}/widgets"


@pytest.fixture
def secrets(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/secrets"


@pytest.fixture
def widget() -> Callable[..., Object]:
    """Makes a Widget; ``metadata`` is merged with its name."""

    def make(name: str = "blue", **fields: Any) -> Object:
        metadata = {"name": name} | fields.pop("metadata", {})
        return {"apiVersion": f"{GROUP}/v1", "kind": "Widget", "metadata": metadata, "spec": {"size": 2}} | fields

    return make


@pytest.fixture
def define() -> Callable[..., Object]:
    """Makes a CustomResourceDefinition, see `definition`."""
    return definition
