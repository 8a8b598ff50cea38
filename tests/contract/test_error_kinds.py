"""The error answers of each vendor are of every kind that there is: told by the bytes that they put on the wire."""

import json
from typing import Any

import pytest
from candidates import CANDIDATES
from candidates.answers import ErrorRow
from scripted_server import Exchange, Received

KINDS = {
    *("JSON", "HTML", "empty", "truncated JSON", "cut off", "JSON called otherwise", "otherwise called JSON"),
    *("redirect", "huge", "huge and JSON"),
}
HUGE = 1_000_000


class Wire:
    """Takes what is written, until it is huge."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    async def drain(self) -> None:
        if len(self.written) > 2 * HUGE:
            raise ConnectionResetError

    def close(self) -> None:
        """All is written."""


async def wire(row: ErrorRow) -> bytes:
    """What goes over it."""
    writer: Any = Wire()
    request = Received("GET", "/v3/projects/0c5f", {}, b"", 1)
    try:
        await row.answer(Exchange(request, writer, None))  # type: ignore[arg-type]  # no answer of a row asks the server
    except ConnectionResetError:
        """Enough."""
    return bytes(writer.written)


def kinds(sent: bytes) -> set[str]:
    """What an answer is."""
    head, _, body = sent.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    said, called = int(headers.get("content-length", len(body))), headers.get("content-type", "")
    found = {
        "redirect": 300 <= int(first.split(" ")[1]) < 400,
        "empty": not body,
        "cut off": len(body) < said < HUGE,
        "huge": len(body) > HUGE,
    }
    if body and called:
        whole, starts = is_json(body), body[:1] in b"{["
        found |= {
            "JSON": whole and called == "application/json",
            "HTML": called == "text/html",
            "truncated JSON": starts and not whole and len(body) == said < HUGE,
            "JSON called otherwise": whole and called != "application/json",
            "otherwise called JSON": not starts and not whole and called == "application/json",
            "huge and JSON": whole and len(body) > HUGE,
        }
    return {kind for kind, is_it in found.items() if is_it}


def is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


@pytest.mark.parametrize("key", CANDIDATES)
async def test_every_kind_is_among_them(key: str) -> None:
    found: set[str] = set()
    for row in CANDIDATES[key].error_rows:
        found |= kinds(await wire(row))
    assert found == KINDS
