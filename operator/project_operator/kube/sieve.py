"""A watch without the echoes of our own writes.

Each write comes back as an event with an object that its answer has shown already: three of four events of a creation.
To take them apart, hand them on and find that they are no newer costs more than the decision that led to the write.
They are told by their first bytes, before anything is made of them.
"""

import re
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import aiohttp

PASSED: Final = 32
"""Of so many echoes in a row one is passed on: a watch that ends goes on from the last event that was shown, and what
was left out since then comes once more."""

Seen = Callable[[str, str, str, int], bool]
"""Whether that state of an object, or a later one, is known: namespace, name, uid, resourceVersion."""


def nothing_seen(_namespace: str, _name: str, _uid: str, _version: int) -> bool:
    """Everything is news."""
    return False


_MODIFIED: Final = b'{"type":"MODIFIED"'
_WHO: Final = re.compile(
    rb'"name":"([a-z0-9.-]+)","namespace":"([a-z0-9-]+)","resourceVersion":"(\d+)","uid":"([0-9a-f-]+)"'
)
"""In `metadata`, whose names the API server writes in alphabetical order. With owner references, and without a
namespace, it is not found, and the event is no echo of what we care for."""


def is_echo(line: bytes, seen: Seen) -> bool:
    """Whether ``line``, an event, tells nothing that is not ``seen``. Never of an object that has come or gone.

    Whatever is not plainly so is none: annotations, say, that look like a second identity.
    """
    if not line.startswith(_MODIFIED):
        return False
    found = _WHO.findall(line)
    if len(found) != 1:
        return False
    name, namespace, version, uid = (part.decode() for part in found[0])
    return seen(namespace, name, uid, int(version))


class Sieve:
    """Stands for the content of a watch's answer, for whoever reads it in chunks."""

    def __init__(self, content: aiohttp.StreamReader, seen: Seen) -> None:
        self._content = content
        self._seen = seen
        self._left_out = 0

    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        """What is left, in whole lines."""
        rest = b""
        async for data in self._content.iter_chunked(size):
            *lines, rest = (rest + data).split(b"\n")
            if kept := [line for line in lines if line and not self._leaves_out(line)]:
                yield b"\n".join([*kept, b""])
        if rest:
            yield rest

    def _leaves_out(self, line: bytes) -> bool:
        self._left_out = self._left_out + 1 if is_echo(line, self._seen) else 0
        return self._left_out % PASSED != 0

    def __getattr__(self, name: str) -> Any:
        """Everything else is the content's."""
        return getattr(self._content, name)
