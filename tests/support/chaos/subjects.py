"""Whom a request is about, told by the names and ids in it: the same for every backend."""

import re
from collections.abc import Iterator
from typing import Any, Final

from chaos.wire import Answer, Request

_API_PATH: Final = re.compile(r"/namespaces/[^/]+/([a-z]+)/([^/]+)")
_SEGMENT: Final = re.compile(r"[^/?&=]+")


class ApiSubjects:
    """Of the API server: Projects by their name, other objects as ``plural/name``."""

    def of(self, request: Request) -> str:
        found = _API_PATH.search(request.path)
        if found is not None:
            plural, name = found.groups()
            return name if plural == "projects" else f"{plural}/{name}"
        document = request.document
        if request.method == "POST" and isinstance(document, dict):
            return f"{request.path.rpartition('/')[2]}/{(document.get('metadata') or {}).get('name', '')}"
        return ""

    def learn(self, request: Request, subject: str, answer: Answer) -> None:
        """Names are all there is to know."""


class BackendSubjects:
    """Of a backend: projects by the name of the Project, which names of projects end with; ids are learned."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._ids: dict[str, str] = {}

    def expect(self, name: str, project_id: str = "") -> None:
        """There will be a Project of that name; the id of its project, if there is one already."""
        self._names.add(name)
        if project_id:
            self._ids[project_id] = name

    def of(self, request: Request) -> str:
        for segment in _SEGMENT.findall(request.path):
            if segment in self._ids:
                return self._ids[segment]
        if request.method == "POST":
            for text in _strings(request.document):
                name = text.rpartition("_")[2]
                if name in self._names:
                    return name
        return ""

    def learn(self, request: Request, subject: str, answer: Answer) -> None:
        if request.method == "POST" and subject and answer.status < 400:
            for found in _ids(answer.document):
                self._ids.setdefault(found, subject)


def _strings(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for value in document.values():
            yield from _strings(value)
    elif isinstance(document, list):
        for value in document:
            yield from _strings(value)


def _ids(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        for key, value in document.items():
            if key == "id" and isinstance(value, str):
                yield value
            elif isinstance(value, dict):
                yield from _ids(value)
