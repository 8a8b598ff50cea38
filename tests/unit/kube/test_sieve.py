"""Echoes of own writes are left out of a watch, and nothing else is."""

import json
from collections.abc import AsyncIterator
from typing import Any, cast

import aiohttp
import pytest

from project_operator.kube.sieve import PASSED, Sieve, is_echo

UID = "00000000-0000-4000-8000-000000000001"


def event(kind: str = "MODIFIED", version: int = 7, **metadata: Any) -> bytes:
    """As the API server writes one: names in alphabetical order, without spaces."""
    own = {"name": "web", "namespace": "team-a", "resourceVersion": str(version), "uid": UID}
    raw = {"kind": "Project", "metadata": dict(sorted({**own, **metadata}.items())), "spec": {"name": "web"}}
    return json.dumps({"type": kind, "object": raw}, separators=(",", ":")).encode()


def seen(namespace: str, name: str, uid: str, version: int) -> bool:
    """What the answer to our write said."""
    return (namespace, name, uid) == ("team-a", "web", UID) and version <= 7


@pytest.mark.parametrize("version", [6, 7])
def test_an_event_with_a_state_that_is_known_is_an_echo(version: int) -> None:
    assert is_echo(event(version=version), seen)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(event(version=8), id="newer"),
        pytest.param(event("ADDED"), id="it has come"),
        pytest.param(event("DELETED"), id="it is gone"),
        pytest.param(event(uid="00000000-0000-4000-8000-000000000002"), id="another object of the name"),
        pytest.param(event(namespace="team-b"), id="of another namespace"),
        pytest.param(event(ownerReferences=[{"name": "a", "uid": UID}]), id="with an owner"),
        pytest.param(
            event(version=8, annotations={"name": "web", "namespace": "team-a", "resourceVersion": "7", "uid": UID}),
            id="annotations that look like an identity",
        ),
        pytest.param(
            event(annotations={"name": "web", "namespace": "team-a", "resourceVersion": "7", "uid": UID}),
            id="the same of a state that is known",
        ),
        pytest.param(b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7"}}}', id="a bookmark"),
        pytest.param(b'{"type":"ERROR","object":{"code":410}}', id="an error"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_whatever_else_comes_is_none(line: bytes) -> None:
    assert not is_echo(line, seen)


class Content:
    """In pieces of any size."""

    total_bytes = 42

    def __init__(self, text: bytes, size: int) -> None:
        self._pieces = [text[start : start + size] for start in range(0, len(text), size)]

    async def iter_chunked(self, _: int) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


@pytest.mark.parametrize("size", [1, 7, 100, 10_000])
async def test_what_is_left_comes_whole_and_in_order(size: int) -> None:
    lines = [event(), event("ADDED"), event(version=8), event(version=6), event(version=9)]
    content = Content(b"\n".join([*lines, b""]), size)

    sieve = Sieve(cast("aiohttp.StreamReader", content), seen)

    chunks = [chunk async for chunk in sieve.iter_chunked(1024)]
    assert b"".join(chunks).splitlines() == [lines[1], lines[2], lines[4]]
    assert sieve.total_bytes == 42


async def test_a_line_without_an_end_is_passed_on() -> None:
    sieve = Sieve(cast("aiohttp.StreamReader", Content(event("ADDED")[:-5], 10)), seen)

    assert b"".join([chunk async for chunk in sieve.iter_chunked(1024)]) == event("ADDED")[:-5]


async def test_of_many_echoes_one_is_passed_on_now_and_then() -> None:
    sieve = Sieve(cast("aiohttp.StreamReader", Content(b"\n".join([event()] * (3 * PASSED) + [b""]), 500)), seen)

    assert len(b"".join([chunk async for chunk in sieve.iter_chunked(1024)]).splitlines()) == 3
