"""An identity server that costs next to nothing: nscale's projects as far as the operator asks for them, from memory.

A program of its own, so that its work does not count as the operator's; several servers where several are asked for,
each with projects of its own. The embedded servers, which check everything, are the ones that prove behaviour: they are
a hundred times slower. Answers as the documented API does (nscale Identity OpenAPI 1.11.0): a creation 202 with the
project `provisioning`, which is `provisioned` later; PUT 202; DELETE 202, gone later; one list without pages.

Below ``/bench`` it says what it was asked, and when each project was first asked for; and there it is told how to
behave.
"""

import argparse
import asyncio
import json
import signal
import time
import uuid
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

ORGANIZATION: Final = "7d3f8b52-3c1e-4c55-9a0b-6a3f1d0c9e11"
TOKEN: Final = "bench-token"  # noqa: S105 - of a server that is gone in minutes
PROJECTS: Final = f"/api/v1/organizations/{ORGANIZATION}/projects"
STEERING: Final = "/bench"
_CREATED: Final = "2026-01-01T00:00:00Z"
_AT_ONCE: Final = 0.1
"""Seconds for requests that are under way in the end; with none at all, aiohttp waits for ever."""
_FOR_EVER: Final = 3600.0
_NOTHING: Final = b'{"error": "not_found", "error_description": "there is no such thing"}'
_OF_ONE: Final = {"GET": "getProject", "PUT": "updateProject", "DELETE": "deleteProject"}


@dataclass
class Store:
    """The projects of one server, and what it was asked."""

    latency: float
    """Seconds that every answer takes at least."""
    provisioning: float
    """Seconds from a creation or an update to `provisioned`, and from a deletion to gone."""
    hangs: bool = False
    """Whether nothing is answered at all."""
    projects: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    asked_at: dict[str, float] = field(default_factory=dict)
    """When the creation of a project of that name arrived first, by ``now``."""
    now: Callable[[], float] = time.monotonic
    """The system's monotonic clock, which all processes share."""
    _written: dict[str, bytes] = field(default_factory=dict)
    _due: OrderedDict[str, float] = field(default_factory=OrderedDict)

    def settle(self) -> None:
        """Bring everything up to now. What is due first was begun first."""
        now = self.now()
        while self._due and (first := next(iter(self._due.items())))[1] <= now:
            self._finish(first[0])

    def create(self, body: dict[str, Any]) -> bytes:
        """The new project, as JSON."""
        project_id = str(uuid.uuid4())
        self.asked_at.setdefault(body["metadata"]["name"], self.now())
        metadata = body["metadata"] | {
            "id": project_id,
            "organizationId": ORGANIZATION,
            "creationTime": _CREATED,
            "createdBy": "bench",
            "healthStatus": "healthy",
        }
        self.projects[project_id] = {"metadata": metadata, "spec": body["spec"]}
        return self._begin(project_id, "provisioning")

    def update(self, project_id: str, body: dict[str, Any]) -> None:
        """Another content."""
        kept = ("id", "organizationId", "creationTime", "createdBy", "healthStatus")
        known = self.projects[project_id]["metadata"]
        metadata = body["metadata"] | {name: known[name] for name in kept}
        self.projects[project_id] = {"metadata": metadata, "spec": body["spec"]}
        self._begin(project_id, "provisioning")

    def delete(self, project_id: str) -> None:
        """The end of it, later."""
        self._begin(project_id, "deprovisioning")

    def shown(self, project_id: str) -> bytes | None:
        """One project as JSON; None where there is none."""
        return self._written.get(project_id)

    def list(self) -> bytes:
        """All of them as JSON. What did not change since is not written again."""
        return b"[" + b",".join(self._written.values()) + b"]"

    def _begin(self, project_id: str, status: str) -> bytes:
        self._due.pop(project_id, None)
        self._due[project_id] = self.now() + self.provisioning
        return self._become(project_id, status)

    def _finish(self, project_id: str) -> None:
        del self._due[project_id]
        if self.projects[project_id]["metadata"]["provisioningStatus"] == "deprovisioning":
            del self.projects[project_id], self._written[project_id]
        else:
            self._become(project_id, "provisioned")

    def _become(self, project_id: str, status: str) -> bytes:
        project = self.projects[project_id]
        project["metadata"]["provisioningStatus"] = status
        self._written[project_id] = json.dumps(project).encode()
        return self._written[project_id]


class Nscale:
    """What is answered to a request, without a network."""

    def __init__(self, store: Store) -> None:
        self.store = store
        organization = {
            "metadata": {
                "id": ORGANIZATION,
                "name": "bench",
                "creationTime": _CREATED,
                "provisioningStatus": "provisioned",
            },
            "spec": {"organizationType": "adhoc"},
        }
        inside = f"/api/v1/organizations/{ORGANIZATION}"
        self._fixed = {
            "/api/v1/organizations": ("organizations", _written([organization])),
            f"{inside}/groups": ("groups", b"[]"),
            f"{inside}/serviceaccounts": ("serviceaccounts", b"[]"),
            "/api/version": ("version", _written({"version": "1.17.5"})),
        }

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        """Status and body."""
        self.store.settle()
        if path == PROJECTS:
            return self._of_all(method, body)
        if path.startswith(f"{PROJECTS}/"):
            return self._of_one(method, path.rpartition("/")[2], body)
        operation, fixed = self._fixed.get(path, ("unknown", b""))
        self.store.calls[operation] += 1
        return (200, fixed) if fixed else (404, _NOTHING)

    def _of_all(self, method: str, body: bytes) -> tuple[int, bytes]:
        if method == "GET":
            self.store.calls["listProjects"] += 1
            return 200, self.store.list()
        self.store.calls["createProject"] += 1
        return 202, self.store.create(json.loads(body))

    def _of_one(self, method: str, project_id: str, body: bytes) -> tuple[int, bytes]:
        self.store.calls[_OF_ONE[method]] += 1
        if (shown := self.store.shown(project_id)) is None:
            return 404, _NOTHING
        if method == "GET":
            return 200, shown
        if method == "PUT":
            self.store.update(project_id, json.loads(body))
        else:
            self.store.delete(project_id)
        return 202, b""


class Server:
    """The same over HTTP."""

    def __init__(self, nscale: Nscale) -> None:
        self._nscale = nscale

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """One request."""
        store = self._nscale.store
        if request.path.startswith(STEERING):
            return await self._steer(request)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _response(401, _written({"error": "access_denied", "error_description": "no such token"}))
        body = await request.read()
        if store.hangs:
            store.calls["unanswered"] += 1
            await asyncio.sleep(_FOR_EVER)
        if store.latency:
            await asyncio.sleep(store.latency)
        return _response(*self._nscale.answer(request.method, request.path, body))

    async def _steer(self, request: web.BaseRequest) -> web.Response:
        store = self._nscale.store
        if request.method == "POST":
            for name, value in (await request.json()).items():
                setattr(store, name, value)
        store.settle()
        asked_at = store.asked_at.get(request.query.get("name", ""))
        told = {"calls": store.calls, "projects": len(store.projects), "asked_at": asked_at}
        return _response(200, _written(told))


def _written(document: Any) -> bytes:
    return json.dumps(document).encode()


def _response(status: int, body: bytes) -> web.Response:
    return web.Response(status=status, body=body, content_type="application/json")


async def serve(stores: list[Store]) -> None:
    """Until SIGTERM; says where on standard output, as a JSON list of URLs."""
    runners, urls = [], []
    for store in stores:
        runner = web.ServerRunner(web.Server(Server(Nscale(store)).handle, access_log=None), shutdown_timeout=_AT_ONCE)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        runners.append(runner)
        urls.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
    print(json.dumps(urls), flush=True)
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    await over.wait()
    for runner in runners:
        await runner.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve nscale projects from memory.")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that every answer takes at least")
    parser.add_argument("--provisioning", type=float, default=1.0, help="seconds until what was asked for is done")
    parser.add_argument("--servers", type=int, default=1, help="how many, each with projects of its own")
    chosen = parser.parse_args()
    asyncio.run(serve([Store(chosen.latency, chosen.provisioning) for _ in range(chosen.servers)]))


if __name__ == "__main__":
    main()
