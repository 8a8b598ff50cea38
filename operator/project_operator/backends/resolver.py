"""From the name of one backend's host to its addresses, without standing in the way of anybody else's.

The system's resolver blocks, for a minute if its servers are silent, and the event loop's own threads for it are few
and shared by all: names of one tenant that do not resolve would hold up the calls of every other. Here each connection
has one look-up under way at a time, in a thread of its own, and all its calls wait for that one.
"""

import asyncio
import contextlib
import socket
from ipaddress import ip_address
from threading import Thread
from typing import Final

FRESH: Final = 10.0
"""Seconds for which an answer is used again."""

Found = tuple[str, ...]


class Resolver:
    """The addresses of one host. Belongs to the event loop that first uses it."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._known: Found = ()
        self._fresh_until = float("-inf")
        self._looking: asyncio.Future[Found | Exception] | None = None

    async def addresses(self) -> Found:
        """As text, in the order in which they are to be tried; never empty.

        Raises:
            OSError, ValueError: there is no such name, it is none, or nobody could be asked.
        """
        if _is_address(self._host):
            return (self._host,)
        loop = asyncio.get_running_loop()
        if self._known and loop.time() < self._fresh_until:
            return self._known
        if self._looking is None:
            self._looking = loop.create_future()
            self._looking.add_done_callback(self._found)
            Thread(target=self._look_up, args=(loop, self._looking), name=f"look-up {self._host}", daemon=True).start()
        found = await asyncio.shield(self._looking)
        if isinstance(found, Exception):
            raise found
        return found

    def forget(self) -> None:
        """What was found leads nowhere: ask again before the next connection."""
        self._fresh_until = float("-inf")

    def _found(self, looking: "asyncio.Future[Found | Exception]") -> None:
        self._looking = None
        found = looking.result()
        if not isinstance(found, Exception):
            self._known = found
            self._fresh_until = looking.get_loop().time() + FRESH

    def _look_up(self, loop: asyncio.AbstractEventLoop, looking: "asyncio.Future[Found | Exception]") -> None:
        found: Found | Exception
        try:
            infos = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
            found = tuple(dict.fromkeys(str(address[0]) for *_, address in infos))
        except (OSError, ValueError) as error:
            found = error
        # The loop may have ended meanwhile, and nobody waits any more.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(looking.set_result, found)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
