"""A real HTTP/1.1 proxy between the operator and one server, in a thread of its own."""

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Final, Protocol, Self, TypeVar
from urllib.parse import urlsplit

from chaos.faults import Fault, pass_on
from chaos.journal import Entry, Journal
from chaos.rules import RuleBook
from chaos.wire import (
    Answer,
    BrokenMessage,
    Request,
    chunk,
    closes,
    read_answer,
    read_answer_head,
    read_chunk,
    read_request,
)

PATIENCE: Final = 30.0
"""Seconds in which the server answers, and in which the proxy starts and stops."""
_LIMIT: Final = 64 * 1024 * 1024
T = TypeVar("T")
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Subjects(Protocol):
    """Tells whom a request is about."""

    def of(self, request: Request) -> str:
        """The Project, or object; "" where there are several or none."""

    def learn(self, request: Request, subject: str, answer: Answer) -> None:
        """The server has answered it."""


class Nobody:
    """No request is about anybody."""

    def of(self, request: Request) -> str:  # noqa: ARG002 - whatever it is
        return ""

    def learn(self, request: Request, subject: str, answer: Answer) -> None:
        """Nothing."""


class Upstream:
    """The server behind; connections to it are kept where that saves a TLS handshake."""

    def __init__(self, url: str, tls: ssl.SSLContext | None) -> None:
        address = urlsplit(url)
        self._host, self._port = address.hostname or "", address.port or (443 if tls else 80)
        self._tls = tls
        self._idle: list[Connection] = []

    async def open(self) -> Connection:
        """A fresh connection."""
        return await asyncio.open_connection(self._host, self._port, ssl=self._tls, limit=_LIMIT)

    async def ask(self, request: Request) -> Answer:
        """Raises BrokenMessage and OSError where no whole answer comes."""
        reader, writer = await self._take()
        async with asyncio.timeout(PATIENCE):
            try:
                writer.write(request.encode())
                await writer.drain()
                answer = await read_answer(reader, request.method)
            except BaseException:
                writer.transport.abort()
                raise
        if self._tls is None or closes(answer.headers):
            writer.close()
        else:
            self._idle.append((reader, writer))
        return answer

    def close(self) -> None:
        for _, writer in self._idle:
            writer.transport.abort()
        self._idle.clear()

    async def _take(self) -> Connection:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.transport.abort()
        return await self.open()


class _Passage:
    """See `faults.Passage`."""

    def __init__(self, proxy: "Proxy", entry: Entry, writer: asyncio.StreamWriter) -> None:
        self.request = entry.request
        self.gone = asyncio.Event()
        self._proxy = proxy
        self._entry = entry
        self._writer = writer
        self._answer: Answer | None = None

    async def ask(self) -> Answer:
        return await asyncio.shield(self._proxy.keep(self._asked()))

    async def _asked(self) -> Answer:
        self._entry.passed_on += 1
        try:
            answer = await self._proxy.upstream.ask(self.request)
        except (OSError, BrokenMessage, TimeoutError) as error:
            # The server is away, or has hung up: so does the proxy.
            self.close()
            raise Unanswered(str(error)) from error
        self._answer = answer
        self._proxy.journal.answered(self._entry, answer)
        self._proxy.subjects.learn(self.request, self._entry.subject, answer)
        return answer

    async def tell(self, answer: Answer) -> None:
        if not self.gone.is_set():
            self._entry.told = answer.status
            if self._answer is not None and answer != self._answer:
                self._entry.instead = (self._answer, answer)
        await self.say(answer.encode())

    async def say(self, data: bytes) -> None:
        if self.gone.is_set():
            return
        with contextlib.suppress(ConnectionError):
            self._writer.write(data)
            await self._writer.drain()

    async def stream(self, passing: Callable[[bytes], bytes | None]) -> None:
        self._entry.passed_on += 1
        try:
            reader, writer = await self._proxy.upstream.open()
        except OSError as error:
            self.close()
            raise Unanswered(str(error)) from error
        flowing = self._proxy.keep(self._flow(reader, writer, passing))
        leaving = asyncio.ensure_future(self.gone.wait())
        try:
            await asyncio.wait({flowing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            flowing.cancel()
            leaving.cancel()
            writer.transport.abort()
            self.close()

    async def _flow(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, passing: Callable[[bytes], bytes | None]
    ) -> None:
        with contextlib.suppress(OSError, BrokenMessage):
            writer.write(self.request.encode())
            await writer.drain()
            head = await read_answer_head(reader)
            self._proxy.journal.answered(self._entry, head)
            self._entry.told = head.status
            await self.say(head.chunked_head())
            rest = b""
            while part := await read_chunk(reader):
                *lines, rest = (rest + part).splitlines(keepends=True) if part else [rest]
                if rest.endswith(b"\n"):
                    lines, rest = [*lines, rest], b""
                passed = [line for line in map(passing, lines) if line is not None]
                if passed:
                    await self.say(chunk(b"".join(passed)))
            await self.say(chunk(b""))

    def spare(self) -> None:
        self._entry.spoilt = False

    def spoil(self) -> None:
        self._entry.spoilt = True

    def close(self) -> None:
        self._writer.close()

    def reset(self) -> None:
        connection: socket.socket = self._writer.get_extra_info("socket")
        with contextlib.suppress(OSError):
            # Closing with nothing to linger for is how a TCP reset is sent (socket(7), SO_LINGER).
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


async def _deal(fault: Fault, passage: _Passage) -> None:
    await fault(passage)


class Unanswered(Exception):
    """The server behind the proxy gave no whole answer."""


class Proxy:
    """Listens on loopback from `start` to `stop`; a context manager. Rules and journal may be used from any thread."""

    def __init__(
        self,
        place: str,
        upstream: str,
        journal: Journal,
        *,
        subjects: Subjects | None = None,
        tls: ssl.SSLContext | None = None,
        upstream_tls: ssl.SSLContext | None = None,
    ) -> None:
        """``upstream`` is the URL of the server; ``tls`` makes the proxy https, ``upstream_tls`` reaches the server."""
        self.place = place
        self.journal = journal
        self.rules = RuleBook()
        self.subjects: Subjects = subjects or Nobody()
        self.upstream = Upstream(upstream, upstream_tls)
        self._tls = tls
        self._port = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping: asyncio.Event | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self.failures: list[BaseException] = []
        """Defects of the proxy itself."""

    @property
    def url(self) -> str:
        """Where the operator is to go. Known once it was started."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    def start(self) -> Self:
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), name=f"proxy {self.place}", daemon=True)
        self._thread.start()
        assert started.wait(PATIENCE), f"the proxy of {self.place} does not start"
        return self

    def stop(self) -> None:
        if self._loop is not None and self._stopping is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(PATIENCE)
        self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def do(self, what: Callable[[], None]) -> None:
        """Do it in the proxy's own thread, soon."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(what)

    def keep(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run it to its end, whoever waits for it."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, Unanswered):
            self.failures.append(error)

    def _run(self, started: threading.Event) -> None:
        asyncio.run(self._serve(started))

    async def _serve(self, started: threading.Event) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._connected, "127.0.0.1", self._port, ssl=self._tls, limit=_LIMIT)
        self._port = server.sockets[0].getsockname()[1]
        started.set()
        await self._stopping.wait()
        server.close()
        self.upstream.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await self.keep(self._converse(reader, writer))

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun = b""
        try:
            while not writer.is_closing():
                request = await read_request(reader, begun)
                if request is None:
                    return
                begun = await self._pass(request, reader, writer)
        except (OSError, BrokenMessage):
            return
        finally:
            if self._tls is not None:
                writer.transport.abort()  # closing TLS politely would wait for the other side to do so too
            else:
                writer.close()

    async def _pass(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        """Returns when the request was dealt with, or the operator has hung up; then it still takes its course.

        What was read of the next request meanwhile.
        """
        entry = self.journal.begin(self.place, request, self.subjects.of(request))
        passage = _Passage(self, entry, writer)
        rule = self.rules.strike(entry)
        fault: Fault = rule.fault if rule is not None else pass_on
        dealing = self.keep(_deal(fault, passage))
        # Reading on is how the end is noticed.
        reading = asyncio.ensure_future(reader.read(1))
        await asyncio.wait({dealing, reading}, return_when=asyncio.FIRST_COMPLETED)
        if not reading.done():
            reading.cancel()
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await reading
        begun = reading.result() if not reading.cancelled() and reading.exception() is None else b""
        if not dealing.done() or (not begun and not reading.cancelled()):
            passage.gone.set()
            writer.transport.abort()
        return begun
