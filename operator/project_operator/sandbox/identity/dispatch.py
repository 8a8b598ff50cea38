"""The ASGI side of an embedded server: reads a request, lets faults strike, asks the service, answers or hangs up."""

import asyncio
import socket
import struct
from dataclasses import dataclass
from typing import Literal

from starlette.types import Message, Receive, Scope, Send

from project_operator.errors import SandboxError
from project_operator.sandbox.identity.clock import Clock
from project_operator.sandbox.identity.exchange import Answer, IdentityService, Request
from project_operator.sandbox.identity.fault_answers import answer_of, changed
from project_operator.sandbox.identity.faults import Fault, FaultAction, FaultBook, FaultPhase
from project_operator.sandbox.identity.request_log import RequestLog, RequestRecord


class ConnectionDropped(SandboxError):
    """Run in-process there is no connection to cut; this is raised in its place."""


def _transport(receive: Receive) -> asyncio.Transport | None:
    """The connection under an ASGI call.

    ASGI has no way to end a connection without an answer, so this reaches for the one thing that uvicorn's protocols
    have in common: ``receive`` is a method of the object that holds the transport. None where there is no server.
    """
    return getattr(getattr(receive, "__self__", None), "transport", None)


@dataclass(slots=True)
class _Exchange:
    """One request on its connection."""

    receive: Receive
    send: Send
    transport: asyncio.Transport | None

    @property
    def open(self) -> bool:
        return self.transport is None or not self.transport.is_closing()

    async def hung_up(self) -> None:
        """Returns when the client has closed the connection."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def drop(self, *, reset: bool = False) -> None:
        """End the connection without (the rest of) an answer."""
        if self.transport is None:
            raise ConnectionDropped("the embedded server closed the connection without an answer")
        if reset:
            # Closing with nothing to linger for is how a TCP reset is sent (socket(7), SO_LINGER).
            connection = self.transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
        else:
            self.transport.close()
        await self.hung_up()

    async def answer(self, answer: Answer) -> bool:
        """Send all of ``answer``; whether the whole of it was handed to a connection that was open."""
        if not self.open:
            return False
        await self._start(answer, len(answer.body))
        await self.send({"type": "http.response.body", "body": answer.body})
        # Not "is open": the server itself closes after an answer to a request that says "Connection: close".
        return not getattr(getattr(self.receive, "__self__", None), "disconnected", False)

    async def half_answer(self, answer: Answer) -> None:
        """Announce all of ``answer``, send half of its body and close."""
        await self._start(answer, max(len(answer.body), 2))
        await self.send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})
        await self.drop()

    async def _start(self, answer: Answer, length: int) -> None:
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
        if answer.status not in (204, 304):
            headers.append((b"content-length", str(length).encode("ascii")))
        await self.send({"type": "http.response.start", "status": answer.status, "headers": headers})


class Dispatcher:
    """An ASGI application around an `IdentityService`."""

    def __init__(
        self,
        service: IdentityService,
        *,
        clock: Clock,
        faults: FaultBook,
        log: RequestLog,
    ) -> None:
        self._service = service
        self._clock = clock
        self._faults = faults
        self._log = log
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End what is waiting: requests delayed or hanging are dropped, and none of them is handled any more."""
        self._stopping.set()

    def resume(self) -> None:
        """Serve again after `stop`."""
        self._stopping = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3."""
        exchange = _Exchange(receive, send, _transport(receive))
        request = await _read(scope, receive)
        if request is None:
            return
        route = self._service.route(request.method, request.path)
        record = self._log.begin(self._clock.now(), request.method, route.template, route.operation)
        record.organization_id = route.parameters.get("organizationID", "")
        record.project_id = route.parameters.get("projectID", "")
        subject = self._service.subject(request)
        record.name, record.tags = subject.name, subject.tags
        struck = self._faults.select(route.operation, request.method, request.path)
        if struck and not await self._strike(exchange, record, struck, FaultPhase.BEFORE_COMMIT):
            return
        outcome = self._service.handle(route, request)
        record.caller = outcome.caller
        record.project_id = outcome.project_id or record.project_id
        if outcome.committed:
            self._log.commit(record)
        if struck and not await self._strike(exchange, record, struck, FaultPhase.AFTER_COMMIT):
            return
        if outcome.answer is None:
            await self._drop(exchange, record)
            return
        answer = outcome.answer
        for _, fault in struck:
            answer = changed(answer, fault, self._service)
        if any(fault.action is FaultAction.TRUNCATED_BODY for _, fault in struck):
            self._log.end(record, self._clock.now(), "dropped", delivered=False)
            await exchange.half_answer(answer)
            return
        await self._finish(exchange, record, answer)

    async def _strike(
        self, exchange: _Exchange, record: RequestRecord, struck: tuple[tuple[int, Fault], ...], phase: FaultPhase
    ) -> bool:
        """Let the faults of one phase act; whether the request goes on."""
        for fault_id, fault in struck:
            if fault.phase is not phase:
                continue
            if fault.action is FaultAction.DELAY:
                if not await self._pause(fault.seconds):
                    await self._drop(exchange, record)
                    return False
            elif fault.action is FaultAction.DROP:
                await self._drop(exchange, record, reset=fault.reset)
                return False
            elif fault.action is FaultAction.HANG:
                await self._hang(exchange, fault_id)
                await self._drop(exchange, record)
                return False
            elif (answer := answer_of(fault, self._clock.now(), self._service.error_body)) is not None:
                await self._finish(exchange, record, answer)
                return False
        return True

    async def _pause(self, seconds: float) -> bool:
        """Wait; False where the server stopped meanwhile."""
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return True
        return False

    async def _hang(self, exchange: _Exchange, fault_id: int) -> None:
        """Wait for the client to give up, the fault to be removed or the server to stop."""
        if exchange.transport is None:
            raise ConnectionDropped("the embedded server would never answer this request")
        gone = asyncio.ensure_future(exchange.hung_up())
        try:
            while self._faults.in_force(fault_id) and not self._stopping.is_set():
                done, _ = await asyncio.wait({gone}, timeout=0.05)
                if done:
                    return
        finally:
            gone.cancel()

    async def _drop(self, exchange: _Exchange, record: RequestRecord, *, reset: bool = False) -> None:
        self._log.end(record, self._clock.now(), "dropped", delivered=False)
        await exchange.drop(reset=reset)

    async def _finish(self, exchange: _Exchange, record: RequestRecord, answer: Answer) -> None:
        delivered = await exchange.answer(answer)
        status: int | Literal["dropped"] = answer.status if delivered else "dropped"
        self._log.end(record, self._clock.now(), status, delivered=delivered)


async def _read(scope: Scope, receive: Receive) -> Request | None:
    """The request with its whole body; None where the client hung up before it was complete."""
    chunks = []
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            break
    raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
    return Request(
        method=scope["method"],
        path=raw_path.decode("latin-1"),
        query=scope.get("query_string", b"").decode("latin-1"),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body=b"".join(chunks),
        client_certificate=_common_name(_transport(receive)),
    )


def _common_name(transport: asyncio.Transport | None) -> str:
    """Of the certificate that the client showed, which TLS has verified."""
    shown = (transport.get_extra_info("peercert") if transport is not None else None) or {}
    return next((value for names in shown.get("subject", ()) for name, value in names if name == "commonName"), "")
