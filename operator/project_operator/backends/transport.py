"""One request to an identity backend, and one answer or a truthful account of why there is none, within one deadline.

What a caller may rely on:

* Nothing is followed, kept or added between call and wire: no redirects, no cookies, no proxy from the environment
  unless that is switched on, no retry of a write. A read is sent once more, at once, where the connection was closed
  instead of answered.
* ``before_send`` runs when the limiter, a connection and TLS have been waited for, immediately before the first byte
  of the request leaves. What it raises is raised as it is, and nothing was sent.
* `NoAnswer.sent` is False only if not one byte of the request left.
* A connection is only ever made to an address that the rules allow, and it is the address that is judged: of what the
  host's name resolves to, the rest is not even tried.
* At the deadline the connection is reset, not closed politely: what still lies in the socket's buffer is thrown away
  instead of arriving later.

It stands on httpx's transports and not on its client, and gives each of its connections a transport of its own (a
*lane*), for two reasons. The client adds what the first point forbids. And the cost of a call from a shared pool
grows with the connections in it (encode/httpx#3215): on one machine 1.5 ms of CPU at 32 calls in flight from a pool,
0.6 ms from lanes, at any number.
"""

import asyncio
import contextlib
import logging
import secrets
import socket
import struct
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass

import httpx

from project_operator import __version__
from project_operator.backends.addresses import AddressRules
from project_operator.backends.calls import Answer, Call, Endpoint, NoAnswer, TransportSettings
from project_operator.backends.deadlines import Deadline, within
from project_operator.backends.resolver import Resolver
from project_operator.backends.trust import (
    Lost,
    connection_fault,
    show_certificate,
    system_trust,
    system_trust_alone,
    trust_only,
)
from project_operator.errors import ConnectionRefused

KEEPALIVE: Final = 0.5
"""Seconds that an idle connection is kept: a Go server without an ingress before it closes idle ones after 1 s
(docs/backends/nscale.md, N6-15), and a request that crosses with the closing is lost."""

LANE_REST: Final = 4 * KEEPALIVE
"""Seconds after which an idle lane is given up, so that a burst does not hold on to dead sockets."""

ADDRESS_LASTS: Final = 60.0
"""Seconds for which a busy lane goes back to its address without asking where the host is now."""

NEXT_ADDRESS: Final = 2.0
"""Seconds that connecting to one address of several may take before the next is tried."""

Admission = AbstractAsyncContextManager[object, bool | None]
"""Held during each request: the caller's limiter. Entered by many tasks at once, like an `asyncio.Semaphore`."""


_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
_CLOSED: Final = "the operator closed the connection"


class _CallError(Exception):
    """A call has no answer; never leaves this module, and is raised without a chain."""

    def __init__(self, why: Lost, words: str) -> None:
        super().__init__(words)
        self.why = why
        self.words = words


@dataclass(slots=True)
class _Lane:
    transport: httpx.AsyncHTTPTransport
    idle_since: float = 0.0
    address: str = ""
    """Where it leads; "" before it was used."""
    resolved_at: float = 0.0

    def goes_on(self, now: float) -> bool:
        """Whether its connection is most likely still open, so that the host need not be looked up."""
        return bool(self.address) and now - self.idle_since < KEEPALIVE and now - self.resolved_at < ADDRESS_LASTS


class Transport:
    """Calls to one endpoint. Belongs to the event loop that first uses it."""

    def __init__(
        self,
        endpoint: Endpoint,
        settings: TransportSettings,
        *,
        admission: Admission | None = None,
        token_hex: Callable[[int], str] = secrets.token_hex,
    ) -> None:
        """Prepare; nothing is connected yet.

        Raises:
            ConnectionRefused: the URL is not one that ``settings`` allow, or the CA bundle cannot be read.
        """
        url = urlsplit(endpoint.url)
        if url.scheme != "https" and not (url.scheme == "http" and settings.allow_http):
            raise ConnectionRefused(
                "must begin with https://; over plain http everybody on the way could read the credential",
                field=f"{endpoint.spec_path}.url",
            )
        self._endpoint = endpoint
        self._settings = settings
        self._admission: Admission = nullcontext() if admission is None else admission
        self._token_hex = token_hex
        self._trust = _trust(endpoint) if url.scheme == "https" else SSLContext(PROTOCOL_TLS_CLIENT)
        self._proxy = _proxy(url.scheme, url.hostname or "") if settings.trust_env else None
        self._host, self._authority = _host(endpoint)
        self._port = url.port or _DEFAULT_PORTS[url.scheme]
        self._resolver = Resolver(self._host, self._port)
        self._last_address = ""
        self._connections = asyncio.Semaphore(endpoint.connections)
        self._idle: deque[_Lane] = deque()
        self._under_way: set[asyncio.Timeout] = set()
        self._ended = asyncio.Event()
        self._closed = False
        _keep_headers_out_of_logs()

    def one_deadline(self, times: int = 1) -> AbstractContextManager[Deadline]:
        """For several calls that are one to the caller: they share a deadline, ``times`` that of a single call."""
        return within(self._endpoint.timeout * times)

    async def exchange(self, call: Call) -> Answer | NoAnswer:
        """Send ``call`` and read the whole answer. Raises nothing but what ``before_send`` and the admission raise.

        The deadline is the call's own, or that which it shares with others (`one_deadline`). Waiting for admission
        does not count: the limiter's waits are the limiter's.
        """
        with self.one_deadline() as deadline:
            return await self._exchange(call, deadline)

    async def _exchange(self, call: Call, deadline: Deadline) -> Answer | NoAnswer:
        trace_id = self._token_hex(16)
        came = asyncio.get_running_loop().time()
        async with self._admission:
            deadline.excuse(came)
            watch = _Watch(call, None if self._proxy is not None else self._settings.addresses)
            timer = asyncio.timeout_at(deadline.at)
            try:
                async with timer:
                    self._under_way.add(timer)
                    outcome = await self._attempt(call, watch, trace_id)
                    if call.safe and isinstance(outcome, NoAnswer) and outcome.why is Lost.DISCONNECTED:
                        outcome = await self._attempt(call, watch, trace_id)
                    return outcome
            except TimeoutError:
                if not timer.expired():
                    raise
            finally:
                self._under_way.discard(timer)
                self._ended.set()
            if self._closed:
                return NoAnswer(Lost.CLOSED, watch.sent, _CLOSED, trace_id)
            return NoAnswer(Lost.DEADLINE, watch.sent, f"no answer within {deadline.seconds:g} s", trace_id)

    async def aclose(self) -> None:
        """Close all connections. Calls under way end at once, without an answer; later ones are not sent."""
        self._closed = True
        for timer in self._under_way:
            if not timer.expired():
                timer.reschedule(0)
        while self._under_way:
            self._ended.clear()
            await self._ended.wait()
        while self._idle:
            await self._idle.pop().transport.aclose()

    async def _attempt(self, call: Call, watch: "_Watch", trace_id: str) -> Answer | NoAnswer:
        async with self._connections:
            if self._closed:
                return NoAnswer(Lost.CLOSED, watch.sent, _CLOSED, trace_id)
            lane = await self._lane()
            try:
                answer = await self._send(lane, call, watch, trace_id)
            except BaseException as error:
                # Nothing is used again on which something went wrong; a cancelled handshake would even leave its
                # socket open.
                await lane.transport.aclose()
                await watch.abort()
                if isinstance(error, _CallError) and not watch.sent:
                    self._resolver.forget()
                if not isinstance(error, _CallError):
                    raise
                why, words = error.why, error.words
            else:
                lane.idle_since = asyncio.get_running_loop().time()
                self._idle.append(lane)
                return answer
        return NoAnswer(why, watch.sent, words, trace_id)

    async def _lane(self) -> _Lane:
        """The lane that rested least, or a new one; one that rested too long is given up on the way."""
        lane = self._idle.pop() if self._idle else self._new_lane()
        if self._idle and asyncio.get_running_loop().time() - self._idle[0].idle_since > LANE_REST:
            await self._idle.popleft().transport.aclose()
        return lane

    def _new_lane(self) -> _Lane:
        return _Lane(
            httpx.AsyncHTTPTransport(
                verify=self._trust,
                trust_env=False,
                limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEEPALIVE),
                proxy=self._proxy,
                socket_options=_socket_options(self._endpoint.timeout),
            )
        )

    async def _send(self, lane: _Lane, call: Call, watch: "_Watch", trace_id: str) -> Answer:
        try:
            if self._proxy is not None:
                self._judge_literal()
                return await self._request(lane, call, watch, trace_id, "")
            addresses = await self._addresses(lane)
            for left, address in enumerate(addresses, 1 - len(addresses)):
                lane.address = address
                try:
                    answer = await self._request(lane, call, watch, trace_id, address, impatient=bool(left))
                except (httpx.ConnectError, httpx.ConnectTimeout):
                    if not left or watch.sent:
                        raise
                    await lane.transport.aclose()
                    await watch.abort()
                    lane.transport = self._new_lane().transport
                else:
                    self._last_address = address
                    return answer
            raise AssertionError("the last address answers or raises")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            if error is watch.refusal:
                raise
            why, words = _fault(error, watch)
        # Not in the handler: a chain of exceptions would hold on to the request, and so to the credential in it.
        raise _CallError(why, words)

    async def _addresses(self, lane: _Lane) -> tuple[str, ...]:
        """Where ``lane`` may lead, the likeliest first."""
        now = asyncio.get_running_loop().time()
        if lane.goes_on(now):
            return (lane.address,)
        found = await self._resolver.addresses()
        lane.resolved_at = now
        objections = {address: self._settings.addresses.objection(address, self._port) for address in found}
        allowed = [address for address in found if not objections[address]]
        if not allowed:
            raise _CallError(Lost.ADDRESS, _refused_at(objections[found[0]]))
        return tuple(sorted(allowed, key=lambda address: address != self._last_address))

    def _judge_literal(self) -> None:
        """A proxy looks names up itself, but an address in the URL is one for it too, in whatever form."""
        try:
            address = socket.inet_ntoa(socket.inet_aton(self._host))
        except (OSError, ValueError):
            address = self._host if ":" in self._host else ""
        if address and (kind := self._settings.addresses.objection(address, self._port)):
            raise _CallError(Lost.ADDRESS, _refused_at(kind))

    async def _request(
        self, lane: _Lane, call: Call, watch: "_Watch", trace_id: str, address: str, *, impatient: bool = False
    ) -> Answer:
        """One request over ``lane``, to ``address`` ("": wherever the proxy finds the host)."""
        base = self._endpoint.url
        extensions: dict[str, Any] = {"trace": watch}
        if address:
            base = _at(base, address)
            # The certificate is the host's, whatever address it is reached at.
            extensions["sni_hostname"] = self._host
        if impatient:
            extensions["timeout"] = {"connect": NEXT_ADDRESS}
        request = httpx.Request(
            call.method,
            _url(base + call.path),
            headers={
                "Host": self._authority,
                "User-Agent": f"project-operator/{__version__}",
                "Accept-Encoding": "identity",
                "traceparent": f"00-{trace_id}-{self._token_hex(8)}-01",
                **call.headers,
            },
            content=call.body,
            extensions=extensions,
        )
        response = await lane.transport.handle_async_request(request)
        try:
            body = await _read(response, call.longest_answer)
        finally:
            await response.aclose()
        return Answer(response.status_code, response.headers, body, trace_id)


class _Watch:
    """What httpcore tells of one call, step by step, through its trace extension."""

    def __init__(self, call: Call, rules: AddressRules | None) -> None:
        self._call = call
        self._rules = rules
        self._stream: Any = None
        self.sent = False
        self.answered = False
        """Whether an answer has begun."""
        self.refusal: BaseException | None = None
        """What ``before_send`` raised."""

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        """Called by httpcore; what this raises ends the call."""
        if event == "connection.connect_tcp.complete":
            self._stream = info["return_value"]
            self._judge_address()
        elif event == "http11.send_request_headers.started" and info["request"].method != b"CONNECT":
            self._depart()
        elif event == "http11.receive_response_headers.complete" and self.sent:
            self.answered = True

    async def abort(self) -> None:
        """Reset the connection that was opened for this call, if one was."""
        if self._stream is not None:
            await self._stream.aclose()

    def _judge_address(self) -> None:
        if self._rules is None:
            return
        address, port, *_ = self._stream.get_extra_info("server_addr")
        if kind := self._rules.objection(str(address), port):
            raise _CallError(Lost.ADDRESS, _refused_at(kind))

    def _depart(self) -> None:
        if self._call.before_send is not None:
            try:
                self._call.before_send()
            except BaseException as refusal:
                self.refusal = refusal
                raise
        self.sent = True


@lru_cache(maxsize=64)
def _url(text: str) -> httpx.URL:
    # Taking a URL apart is a quarter of what a call costs before httpcore has it, and most calls are to a few paths.
    return httpx.URL(text)


def _host(endpoint: Endpoint) -> tuple[str, str]:
    """Host as it is looked up and stands in certificates, and authority as it stands in requests."""
    with contextlib.suppress(httpx.InvalidURL):
        url = httpx.URL(endpoint.url)
        return url.raw_host.decode("ascii"), url.netloc.decode("ascii")
    raise ConnectionRefused(
        "must be a URL with a host name, or with an address in its usual form, such as https://identity.example.com",
        field=f"{endpoint.spec_path}.url",
    )


@lru_cache(maxsize=64)
def _at(url: str, address: str) -> str:
    """``url`` with ``address`` for its host."""
    return str(httpx.URL(url).copy_with(host=address)).rstrip("/")


def _refused_at(kind: str) -> str:
    article = "an" if kind[0] in "AEIOUaeiou" else "a"
    return f"the host is at {article} {kind} address, where backends may not be"


async def _read(response: httpx.Response, longest: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        if size > longest:
            raise _CallError(Lost.OVERSIZED, f"the answer is longer than {longest} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def _fault(error: Exception, watch: _Watch) -> tuple[Lost, str]:
    if isinstance(error, httpx.ProxyError):
        return Lost.PROXY, "the proxy did not connect us"
    why, words = connection_fault(error)
    # TLS 1.3 refuses the client's certificate when the client has begun to send.
    if not watch.sent or why is Lost.CERTIFICATE:
        return why, words
    if watch.answered:
        return Lost.CUT_OFF, "the answer is cut off"
    return Lost.DISCONNECTED, "the connection was closed instead of an answer"


def _trust(endpoint: Endpoint) -> SSLContext:
    certificate = endpoint.client_certificate
    if not endpoint.ca_bundle and certificate is None:
        return system_trust()
    field = f"{endpoint.spec_path}.caBundle"
    try:
        context = trust_only(endpoint.ca_bundle) if endpoint.ca_bundle else system_trust_alone()
        if certificate is not None:
            field = certificate.spec_path
            show_certificate(context, certificate)
    except ValueError as error:
        words = str(error)
    else:
        return context
    raise ConnectionRefused(words, field=field)


def _proxy(scheme: str, host: str) -> str | None:
    return None if proxy_bypass(host) else getproxies_environment().get(scheme)


def _socket_options(timeout: float) -> list[tuple[int, int, int] | tuple[int, int, bytes]]:
    # Closing resets, and throws away what was not sent yet (protocol, section 5: a full socket buffer counts into the
    # in-flight bound).
    options: list[tuple[int, int, int] | tuple[int, int, bytes]] = [
        (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    ]
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux: give up on bytes that nobody acknowledges
        options.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(timeout * 1000)))
    return options


def _keep_headers_out_of_logs() -> None:
    # httpcore writes the headers of answers to its debug log, whatever level the rest of the process logs at.
    logger = logging.getLogger("httpcore")
    logger.setLevel(max(logger.level, logging.INFO))
