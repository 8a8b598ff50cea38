"""One request to an identity backend, and one answer or a truthful account of why there is none, within one deadline.

What a caller may rely on:

* Nothing is followed, kept or added between call and wire: no redirects, no cookies, no proxy from the environment
  unless that is switched on, no retry of a write. What is harmless to repeat is sent once more, at once, where the
  connection was closed instead of answered.
* ``before_send`` runs when the limiter, a connection and TLS have been waited for, immediately before the first byte
  of the request leaves, and the gate of the settings after it, for every request. What they raise is raised as it is,
  and nothing was sent.
* `NoAnswer.sent` is False only if not one byte of the request left.
* A connection is only ever made to an address that the rules allow (`destination`).
* At the deadline the connection is reset, not closed politely: what still lies in the socket's buffer is thrown away
  instead of arriving later.

It stands on httpx's transports (`lanes`) and not on its client, which adds what the first point forbids.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass

import httpx

from project_operator.backends.calls import Answer, Call, Endpoint, NoAnswer, TransportSettings
from project_operator.backends.deadlines import Deadline, within
from project_operator.backends.destination import Destination
from project_operator.backends.exchange import Watch, Wire
from project_operator.backends.lanes import Lane, Lanes
from project_operator.backends.trust import (
    Lost,
    Unanswered,
    show_certificate,
    system_trust,
    system_trust_alone,
    trust_only,
)
from project_operator.errors import ConnectionRefused

Admission = AbstractAsyncContextManager[object, bool | None]
"""Held during each request: the caller's limiter. Entered by many tasks at once, like an `asyncio.Semaphore`."""

_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
_CLOSED: Final = "the operator closed the connection"


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
        self._timeout = endpoint.timeout
        self._admission: Admission = nullcontext() if admission is None else admission
        self._token_hex = token_hex
        self._gate = settings.gate
        self._wire = _wire(endpoint)
        self._destination = Destination(self._wire.host, url.port or _DEFAULT_PORTS[url.scheme], settings.addresses)
        trust = _trust(endpoint) if url.scheme == "https" else SSLContext(PROTOCOL_TLS_CLIENT)
        proxy = _proxy(url.scheme, url.hostname or "") if settings.trust_env else None
        self._proxied = proxy is not None
        self._lanes = Lanes(trust, proxy, endpoint.timeout)
        self._connections = asyncio.Semaphore(endpoint.connections)
        self._under_way: set[asyncio.Timeout] = set()
        self._ended = asyncio.Event()
        self._closed = False
        _keep_headers_out_of_logs()

    def one_deadline(self, times: int = 1) -> AbstractContextManager[Deadline]:
        """For several calls that are one to the caller: they share a deadline, ``times`` that of a single one, which
        each of them keeps.
        """
        return within(self._timeout * times)

    async def exchange(self, call: Call) -> Answer | NoAnswer:
        """Send ``call`` and read the whole answer. Raises nothing but what ``before_send``, the gate
        and the admission raise.

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
            watch = Watch(call, None if self._proxied else self._destination, self._gate)
            # In a deadline of several calls none has more than it would by itself: what is sent ends in known time.
            own = asyncio.get_running_loop().time() + self._timeout
            ends_at, seconds = min((own, self._timeout), (deadline.at, deadline.seconds))
            timer = asyncio.timeout_at(ends_at)
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
            return NoAnswer(Lost.DEADLINE, watch.sent, f"no answer within {seconds:g} s", trace_id)

    async def aclose(self) -> None:
        """Close all connections. Calls under way end at once, without an answer; later ones are not sent."""
        self._closed = True
        for timer in self._under_way:
            if not timer.expired():
                timer.reschedule(0)
        while self._under_way:
            self._ended.clear()
            await self._ended.wait()
        await self._lanes.aclose()

    async def _attempt(self, call: Call, watch: Watch, trace_id: str) -> Answer | NoAnswer:
        async with self._connections:
            if self._closed:
                return NoAnswer(Lost.CLOSED, watch.sent, _CLOSED, trace_id)
            lane = await self._lanes.take()
            try:
                answer = await self._send(lane, call, watch, trace_id)
            except BaseException as error:
                # Nothing is used again on which something went wrong; a cancelled handshake would even leave its
                # socket open.
                await lane.transport.aclose()
                await watch.abort()
                if not isinstance(error, Unanswered):
                    raise
                if not watch.sent:
                    self._destination.forget()
                why, words = error.why, error.words
            else:
                await self._lanes.give_back(lane)
                return answer
        return NoAnswer(why, watch.sent, words, trace_id)

    async def _send(self, lane: Lane, call: Call, watch: Watch, trace_id: str) -> Answer:
        """Raises `Unanswered`, and what ``before_send`` raises."""
        try:
            return await self._reach(lane, call, watch, trace_id)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            if error is watch.refusal:
                raise
            fault = watch.fault(error)
        # Not in the handler: a chain of exceptions would hold on to the request, and so to the credential in it.
        raise fault

    async def _reach(self, lane: Lane, call: Call, watch: Watch, trace_id: str) -> Answer:
        """Try one address after the other until a connection comes about."""
        addresses = await self._addresses(lane)
        for left, address in enumerate(addresses, 1 - len(addresses)):
            lane.address = address
            try:
                answer = await self._wire.exchange(
                    lane.transport,
                    call,
                    watch,
                    trace_id=trace_id,
                    span_id=self._token_hex(8),
                    address=address,
                    impatient=bool(left),
                )
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if not left or watch.sent:
                    raise
                await self._lanes.renew(lane)
                await watch.abort()
            else:
                self._destination.prove(address)
                return answer
        raise AssertionError("the last address answers or raises")

    async def _addresses(self, lane: Lane) -> tuple[str, ...]:
        """Where ``lane`` may lead, the likeliest first; "" where a proxy finds the host."""
        if self._proxied:
            self._destination.judge_literal()
            return ("",)
        now = asyncio.get_running_loop().time()
        if lane.goes_on(now):
            return (lane.address,)
        found = await self._destination.addresses()
        lane.resolved_at = now
        return found


def _wire(endpoint: Endpoint) -> Wire:
    try:
        return Wire(endpoint.url)
    except ValueError:
        words = (
            "must be a URL with a host name, or with an address in its usual form, such as https://identity.example.com"
        )
    raise ConnectionRefused(words, field=f"{endpoint.spec_path}.url")


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


def _keep_headers_out_of_logs() -> None:
    # httpcore writes the headers of answers to its debug log, whatever level the rest of the process logs at.
    logger = logging.getLogger("httpcore")
    logger.setLevel(max(logger.level, logging.INFO))
