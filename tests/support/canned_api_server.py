"""An API server of canned answers on a real socket."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from project_operator.kube.resources import Resource

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


@dataclass
class Calls:
    seen: list[tuple[str, str, str]] = field(default_factory=list)

    def __call__(self, verb: str, resource: Resource, code: str, seconds: float) -> None:
        assert 0 <= seconds < 60
        self.seen.append((verb, resource.plural, code))
