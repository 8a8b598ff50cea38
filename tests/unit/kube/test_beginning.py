"""A listing that says where a watch is to begin, and no more."""

import json
from typing import cast

import aiohttp
import pytest

from project_operator.kube.beginning import Beginning


class Content:
    """What is left to read of an answer."""

    total_bytes = 7

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def read(self) -> bytes:
        return self._body


def beginning(body: bytes) -> Beginning:
    return Beginning(cast("aiohttp.StreamReader", Content(body)))


async def test_of_a_listing_the_version_is_left_and_neither_objects_nor_a_next_page() -> None:
    listing = {
        "kind": "SecretList",
        "metadata": {"resourceVersion": "42", "continue": "token", "remainingItemCount": 9},
        "items": [{"metadata": {"name": "one"}, "data": {"password": "cGFzc3dvcmQ="}}],
    }
    shown = json.loads(await beginning(json.dumps(listing).encode()).read())
    assert shown == {"metadata": {"resourceVersion": "42"}, "items": []}


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b"{}", b'{"metadata": null}', b'{"metadata": {}}'])
async def test_what_is_no_listing_is_shown_as_it_is(body: bytes) -> None:
    assert await beginning(body).read() == body


def test_all_else_is_the_contents() -> None:
    assert beginning(b"").total_bytes == 7
