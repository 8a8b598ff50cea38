"""HTTP/1.1 as it goes over a connection: requests and answers, whole, read and written."""

import asyncio
import json
from dataclasses import dataclass, replace
from typing import Any, Final, Self
from urllib.parse import parse_qs, unquote

Headers = tuple[tuple[str, str], ...]

HOP_BY_HOP: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})
_NO_BODY: Final = frozenset({204, 304})


class BrokenMessage(Exception):
    """What came is no whole HTTP/1.1 message."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request with its whole body."""

    method: str
    target: str
    headers: Headers = ()
    body: bytes = b""

    @property
    def path(self) -> str:
        """Without the query, unquoted."""
        return unquote(self.target.partition("?")[0])

    @property
    def query(self) -> dict[str, str]:
        """The last value of each parameter."""
        return {name: values[-1] for name, values in parse_qs(self.target.partition("?")[2]).items()}

    @property
    def accept(self) -> str:
        """Which of the forms of an answer is asked for; "" where any will do."""
        return next((value for name, value in self.headers if name.lower() == "accept"), "")

    @property
    def watches(self) -> bool:
        """Whether it asks the API server for a stream of events."""
        return self.query.get("watch") in {"1", "true"}

    @property
    def document(self) -> Any:
        """The body's JSON; None where it is none."""
        return _document(self.body)

    def encode(self) -> bytes:
        """As it goes on: with a length, and asking for an answer that is not compressed."""
        kept = [(name, value) for name, value in self.headers if name.lower() not in HOP_BY_HOP | {"accept-encoding"}]
        lines = [f"{self.method} {self.target} HTTP/1.1", *(f"{name}: {value}" for name, value in kept)]
        if self.body or self.method in {"POST", "PUT", "PATCH"}:
            lines.append(f"content-length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with its whole body."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    @classmethod
    def of(cls, status: int, document: Any = None, *headers: tuple[str, str]) -> Self:
        """An answer with JSON in it, or with nothing."""
        if document is None:
            return cls(status, headers)
        return cls(status, (("content-type", "application/json"), *headers), json.dumps(document).encode())

    @property
    def document(self) -> Any:
        """The body's JSON; None where it is none."""
        return _document(self.body)

    def with_body(self, body: bytes) -> Self:
        """The same with another body."""
        return replace(self, body=body)

    def encode(self) -> bytes:
        """With a length."""
        return self.head(len(self.body)) + self.body

    def head(self, length: int) -> bytes:
        """All but the body, announcing one of ``length`` bytes."""
        lines = [f"HTTP/1.1 {self.status} Passed-On", *_lines(self.headers)]
        if self.status not in _NO_BODY:
            lines.append(f"content-length: {length}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def chunked_head(self) -> bytes:
        """All but the body, which comes in chunks."""
        return "\r\n".join(
            [f"HTTP/1.1 {self.status} Passed-On", *_lines(self.headers), "transfer-encoding: chunked", "", ""]
        ).encode("latin-1")


def _lines(headers: Headers) -> list[str]:
    return [f"{name}: {value}" for name, value in headers if name.lower() not in HOP_BY_HOP]


def _document(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None


async def read_request(reader: asyncio.StreamReader, begun: bytes = b"") -> Request | None:
    """The next request of a connection, of which ``begun`` was read already; None at its end. Raises BrokenMessage."""
    head = await _read_head(reader, begun)
    if head is None:
        return None
    first, headers = head
    method, target, _ = first.split(" ", 2)
    return Request(method, target, headers, await _read_body(reader, headers, to_the_end=False))


async def read_answer_head(reader: asyncio.StreamReader) -> Answer:
    """An answer without its body. Raises BrokenMessage."""
    head = await _read_head(reader)
    if head is None:
        raise BrokenMessage("the server closed the connection without an answer")
    first, headers = head
    return Answer(int(first.split(" ", 2)[1]), headers)


async def read_answer(reader: asyncio.StreamReader, method: str) -> Answer:
    """An answer. Raises BrokenMessage."""
    head = await read_answer_head(reader)
    if method == "HEAD" or head.status in _NO_BODY:
        return head
    return head.with_body(await _read_body(reader, head.headers, to_the_end=True))


async def read_chunk(reader: asyncio.StreamReader) -> bytes:
    """The next chunk of a body; nothing at its end. Raises BrokenMessage."""
    try:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        return (await reader.readexactly(size + 2))[:size]
    except (asyncio.IncompleteReadError, ValueError) as error:
        raise BrokenMessage(f"a body broke off: {error}") from error


def chunk(data: bytes) -> bytes:
    """A chunk of a body."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def closes(headers: Headers) -> bool:
    """Whether this is the last message of its connection."""
    return any(name.lower() == "connection" and value.lower() == "close" for name, value in headers)


async def _read_head(reader: asyncio.StreamReader, begun: bytes = b"") -> tuple[str, Headers] | None:
    try:
        head = begun + await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial or begun:
            raise BrokenMessage("a head broke off") from error
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    return first, tuple(
        (name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines if line)
    )


async def _read_body(reader: asyncio.StreamReader, headers: Headers, *, to_the_end: bool) -> bytes:
    named = {name.lower(): value for name, value in headers}
    if "chunked" in named.get("transfer-encoding", ""):
        parts = []
        while part := await read_chunk(reader):
            parts.append(part)
        return b"".join(parts)
    if "content-length" not in named:
        return await reader.read() if to_the_end else b""
    try:
        return await reader.readexactly(int(named["content-length"]))
    except asyncio.IncompleteReadError as error:
        raise BrokenMessage("a body broke off") from error
