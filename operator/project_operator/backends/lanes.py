"""The connections to one endpoint: httpx transports that hold one connection each (*lanes*), kept while in use.

The cost of a call from a shared pool grows with the connections in it (encode/httpx#3215): on one machine 1.5 ms of CPU
at 32 calls in flight from a pool, 0.6 ms from lanes, at any number.
"""

import asyncio
import socket
import struct
import sys
from collections import deque
from dataclasses import dataclass
from importlib.util import find_spec
from ssl import SSLContext
from typing import Final

import httpx

# httpcore asks for this optional package whenever it makes a lock or an event, four times a call. An import that fails
# searches all of sys.path again each time, unless it is on record that there is nothing to find.
if find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]  # "not there" (import system, 5.3.1)

KEEPALIVE: Final = 0.5
"""Seconds that an idle connection is kept: a Go server without an ingress before it closes idle ones after 1 s
(docs/backends/nscale.md, N6-15), and a request that crosses with the closing is lost."""

LANE_REST: Final = 4 * KEEPALIVE
"""Seconds after which an idle lane is given up, so that a burst does not hold on to dead sockets."""

ADDRESS_LASTS: Final = 60.0
"""Seconds for which a busy lane goes back to its address without asking where the host is now."""


@dataclass(slots=True)
class Lane:
    """One connection, open or to be opened."""

    transport: httpx.AsyncHTTPTransport
    idle_since: float = 0.0
    address: str = ""
    """Where it leads; "" before it was used."""
    resolved_at: float = 0.0

    def goes_on(self, now: float) -> bool:
        """Whether its connection is most likely still open, so that the host need not be looked up."""
        return bool(self.address) and now - self.idle_since < KEEPALIVE and now - self.resolved_at < ADDRESS_LASTS


class Lanes:
    """Those of one endpoint that nobody uses at the moment; as many more as are asked for."""

    def __init__(self, trust: SSLContext, proxy: str | None, timeout: float) -> None:
        """``timeout``: seconds after which the system gives up on bytes that nobody acknowledges."""
        self._trust = trust
        self._proxy = proxy
        self._timeout = timeout
        self._idle: deque[Lane] = deque()

    def __len__(self) -> int:
        return len(self._idle)

    async def take(self) -> Lane:
        """The lane that rested least, or a new one; one that rested too long is given up on the way."""
        lane = self._idle.pop() if self._idle else Lane(self._open())
        if self._idle and asyncio.get_running_loop().time() - self._idle[0].idle_since > LANE_REST:
            await self._idle.popleft().transport.aclose()
        return lane

    async def renew(self, lane: Lane) -> None:
        """Begin anew with a lane on which no connection came about."""
        await lane.transport.aclose()
        lane.transport = self._open()

    async def give_back(self, lane: Lane) -> None:
        """It may be used again, unless more came over it than one answer: what is left would pass for the next one."""
        if _has_more(lane.transport):
            await lane.transport.aclose()
            return
        lane.idle_since = asyncio.get_running_loop().time()
        self._idle.append(lane)

    async def aclose(self) -> None:
        """Close those that nobody uses."""
        while self._idle:
            await self._idle.pop().transport.aclose()

    def _open(self) -> httpx.AsyncHTTPTransport:
        return httpx.AsyncHTTPTransport(
            verify=self._trust,
            trust_env=False,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEEPALIVE),
            proxy=self._proxy,
            socket_options=_socket_options(self._timeout),
        )


def _has_more(transport: httpx.AsyncHTTPTransport) -> bool:
    """Whether bytes lie in the parser behind the answer that was read; those in the socket httpcore sees itself."""
    for connection in transport._pool.connections:  # noqa: SLF001 - httpx and httpcore show it nowhere else
        parser = getattr(getattr(connection, "_connection", None), "_h11_state", None)
        if parser is not None and parser.trailing_data[0]:
            return True
    return False


def _socket_options(timeout: float) -> list[tuple[int, int, int] | tuple[int, int, bytes]]:
    # Closing resets, and throws away what was not sent yet (protocol, section 5: a full socket buffer counts into the
    # in-flight bound).
    options: list[tuple[int, int, int] | tuple[int, int, bytes]] = [
        (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    ]
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux: give up on bytes that nobody acknowledges
        options.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(timeout * 1000)))
    return options
