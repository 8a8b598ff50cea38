"""A TCP server that says exactly what a test tells it to, byte for byte, and remembers what it was told.

For what no well-behaved server can be made to do: half an answer, a certificate of the wrong host, nothing at all.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from passing_time import pass_time
from waiting import WITHIN


@dataclass(frozen=True)
class Received:
    """A request, as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int
    """Which connection it came over, counted from 1."""


Script = Callable[["Exchange"], Awaitable[None]]
"""What to do with one request. Returning with the connection open awaits the next one."""


@dataclass
class Exchange:
    """One request and the means to answer it."""

    request: Received
    writer: asyncio.StreamWriter
    server: "ScriptedServer"

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, status: int, body: bytes = b"", *headers: str, kind: str = "application/json") -> None:
        lines = [
            f"HTTP/1.1 {status} Whatever",
            f"Content-Length: {len(body)}",
            *([f"Content-Type: {kind}"] if body and kind else []),
            *headers,
        ]
        await self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def close(self) -> None:
        self.writer.close()

    def reset(self) -> None:
        self.writer.transport.abort()

    async def hang(self) -> None:
        """Say nothing until the server is stopped."""
        await self.server.stopping.wait()


@dataclass
class ScriptedServer:
    """Runs ``script`` for each request, on loopback; ``async with``."""

    script: Script
    tls: ssl.SSLContext | None = None
    on_connect: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool]] | None = None
    """Called for each connection before anything is read; False: the connection is not read at all."""
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    resets: int = 0
    """Connections that the other side reset instead of closing."""
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Refuse new connections and reset the old ones."""
        assert self._server is not None
        self.stopping.set()
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def until(self, condition: Callable[["ScriptedServer"], bool], *, seconds: float = WITHIN) -> None:
        """Wait until ``condition`` holds; it is looked at whenever something happens here."""
        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(lambda: condition(self))

    async def _happened(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        number = self.connections
        await self._happened()
        try:
            if self.on_connect is None or await self.on_connect(reader, writer):
                await self._serve(reader, writer, number)
        except ConnectionError:
            self.resets += 1
        except (asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            if self.tls or self.stopping.is_set():
                writer.transport.abort()  # closing TLS politely would wait for the client to do so too
            else:
                writer.close()
            with contextlib.suppress(asyncio.CancelledError):
                await self._happened()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        while not writer.is_closing():
            request = await _read_request(reader, number)
            if request is None:
                return
            self.requests.append(request)
            await self._happened()
            answering = asyncio.ensure_future(self.script(Exchange(request, writer, self)))
            # Reading on is how a reset is noticed while the script takes its time.
            gone = asyncio.ensure_future(_until_gone(reader))
            done, _ = await asyncio.wait({answering, gone}, return_when=asyncio.FIRST_COMPLETED)
            for task in {answering, gone} - done:
                task.cancel()
            await asyncio.gather(answering, gone, return_exceptions=True)
            if answering in done:
                answering.result()
            else:
                gone.result()
                return


async def _until_gone(reader: asyncio.StreamReader) -> None:
    """Return when the other side closes, raise when it resets; what it sends meanwhile stays unread."""
    while not reader.at_eof():
        error = reader.exception()
        if error is not None:
            raise error
        await asyncio.sleep(0.005)


async def _read_request(reader: asyncio.StreamReader, number: int) -> Received | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, target, headers, body, number)


def say(status: int, body: bytes = b"", *headers: str, kind: str = "application/json") -> Script:
    """A script that gives the same answer to every request."""

    async def script(exchange: Exchange) -> None:
        await exchange.answer(status, body, *headers, kind=kind)

    return script


def in_turn(*scripts: Script) -> Script:
    """The first script for the first request, the second for the second; the last for all that follow."""
    waiting = list(scripts)

    async def script(exchange: Exchange) -> None:
        await (waiting.pop(0) if len(waiting) > 1 else waiting[0])(exchange)

    return script


async def hang_up(exchange: Exchange) -> None:
    """Close without a word."""
    exchange.close()


async def reset(exchange: Exchange) -> None:
    """Reset without a word."""
    exchange.reset()


async def never(exchange: Exchange) -> None:
    """Never answer."""
    await exchange.hang()


def silence(seconds: float) -> Script:
    """Never answer, and let ``seconds`` pass at once: who waits no longer than that has given up (`pass_time`)."""

    async def script(exchange: Exchange) -> None:
        pass_time(seconds)
        await exchange.hang()

    return script
