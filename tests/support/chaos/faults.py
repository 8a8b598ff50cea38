"""What can befall a request or its answer. Each is a coroutine over a `Passage`; what it does not do is not done.

Whether the server has done what it was asked is always plain: a fault asks the server itself, or does not.
"""

import asyncio
import json
import math
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from chaos.wire import Answer, Request

HTML: Final = b"<html><head><title>502</title></head><body><center><h1>Something is wrong</h1></center></body></html>"


class Passage(Protocol):
    """One request on its way through the proxy."""

    request: Request
    gone: asyncio.Event
    """Set when the operator has hung up."""

    async def ask(self) -> Answer:
        """Ask the server; it takes its course, whoever still waits. Asking twice is asking twice."""

    async def tell(self, answer: Answer) -> None:
        """Answer the operator."""

    async def say(self, data: bytes) -> None:
        """Bytes to the operator as they are."""

    async def stream(self, passing: Callable[[bytes], bytes | None]) -> None:
        """Pass an answer on line by line; ``passing`` may change a line or keep it back (None)."""

    def spare(self) -> None:
        """Nothing has befallen it, although a rule struck it; or nothing yet."""

    def spoil(self) -> None:
        """Now something has."""

    def close(self) -> None:
        """End the connection with the operator, politely."""

    def reset(self) -> None:
        """End it with a TCP reset."""


Fault = Callable[[Passage], Awaitable[None]]


async def pass_on(passage: Passage) -> None:
    """No fault."""
    if passage.request.watches:
        await passage.stream(lambda line: line)
        return
    await passage.tell(await passage.ask())


async def drop(passage: Passage) -> None:
    """The request never arrives, and the connection ends."""
    passage.close()


async def reset(passage: Passage) -> None:
    """The request never arrives, and the connection is reset."""
    passage.reset()


async def hang(passage: Passage) -> None:
    """The request never arrives, and nothing is ever said."""
    await passage.gone.wait()


async def lose(passage: Passage) -> None:
    """The server does it; the answer is lost with the connection."""
    await passage.ask()
    passage.close()


async def lose_by_reset(passage: Passage) -> None:
    """The same, with a reset."""
    await passage.ask()
    passage.reset()


async def hang_after(passage: Passage) -> None:
    """The server does it; nothing is ever said."""
    await passage.ask()
    await passage.gone.wait()


async def truncate(passage: Passage) -> None:
    """The server does it; half of the answer comes, then the connection ends."""
    answer = await passage.ask()
    await passage.say(answer.head(max(len(answer.body), 2)) + answer.body[: len(answer.body) // 2])
    passage.close()


async def answer_twice(passage: Passage) -> None:
    """The answer comes twice: the second one is no answer to anything."""
    answer = await passage.ask()
    await passage.say(answer.encode() + answer.encode())


async def ask_twice(passage: Passage) -> None:
    """The server is asked twice; the operator is told the first answer."""
    answer = await passage.ask()
    await passage.ask()
    await passage.tell(answer)


def delay(seconds: float) -> Fault:
    """The request arrives late, whether anybody waits for it or not."""

    async def fault(passage: Passage) -> None:
        await asyncio.sleep(seconds)
        await pass_on(passage)

    return fault


def delay_answer(seconds: float) -> Fault:
    """The server does it at once; the answer comes late."""

    async def fault(passage: Passage) -> None:
        answer = await passage.ask()
        await asyncio.sleep(seconds)
        await passage.tell(answer)

    return fault


def trickle(seconds: float, pieces: int = 8) -> Fault:
    """The answer comes in pieces, over so many seconds."""

    async def fault(passage: Passage) -> None:
        answer = await passage.ask()
        data = answer.encode()
        size = -(-len(data) // pieces)
        for start in range(0, len(data), size):
            await passage.say(data[start : start + size])
            await asyncio.sleep(seconds / pieces)

    return fault


def refuse(answer: Answer) -> Fault:
    """The request never arrives; somebody on the way answers it."""

    async def fault(passage: Passage) -> None:
        await passage.tell(answer)

    return fault


def answer_otherwise(answer: Answer) -> Fault:
    """The server does it; somebody on the way answers something else."""

    async def fault(passage: Passage) -> None:
        await passage.ask()
        await passage.tell(answer)

    return fault


def html(status: int) -> Answer:
    """A page, as proxies and ingresses answer."""
    return Answer(status, (("content-type", "text/html"),), HTML)


def throttled(retry_after: str = "", status: int = 429) -> Answer:
    """Asks for fewer requests; ``retry_after`` is the header's value, and "" leaves it out."""
    headers = (("retry-after", retry_after),) if retry_after else ()
    return Answer.of(status, {"error": "too many requests"}, *headers)


def refusal(status: int, reason: str, message: str = "so the proxy says") -> Answer:
    """The Status in which the API server refuses."""
    document = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": status,
    }
    return Answer.of(status, document)


async def empty_list(passage: Passage) -> None:
    """A listing that succeeds and holds nothing."""
    answer = await passage.ask()
    await passage.tell(answer.with_body(json.dumps(emptied(answer.document)).encode()))


def emptied(document: Any) -> Any:
    """A listing without what it lists, whoever's it is."""
    if isinstance(document, list):
        return []
    return {key: [] if isinstance(value, list) else value for key, value in document.items()}


class Stale:
    """A listing as it was when it was first asked for in that form, given again and again: an answer of a cache."""

    def __init__(self, lasts: float = math.inf) -> None:
        """``lasts`` is for how many seconds the cache is asked, from the first request."""
        self._kept: dict[tuple[str, str], Answer] = {}
        self._ends = math.inf
        self._lasts = lasts

    async def __call__(self, passage: Passage) -> None:
        now = asyncio.get_running_loop().time()
        self._ends = min(self._ends, now + self._lasts)
        told = fresh = await passage.ask()
        if fresh.status < 400 and now < self._ends:
            # As a cache has it: a listing of metadata is no answer to who asks for all of it (RFC 9111, 4.1).
            told = self._kept.setdefault((passage.request.target, passage.request.accept), fresh)
        if told.body == fresh.body:
            passage.spare()
        await passage.tell(told)


def fall_silent(after: int) -> Fault:
    """A stream that passes so many lines on and no more, and stays open."""

    async def fault(passage: Passage) -> None:
        left = after

        def passing(line: bytes) -> bytes | None:
            nonlocal left
            left -= 1
            if left >= 0:
                return line
            passage.spoil()
            return None

        passage.spare()
        await passage.stream(passing)

    return fault


def skip_lines(*numbers: int) -> Fault:
    """A stream without the lines of these numbers, counted from 1."""

    async def fault(passage: Passage) -> None:
        seen = 0

        def passing(line: bytes) -> bytes | None:
            nonlocal seen
            seen += 1
            if seen not in numbers:
                return line
            passage.spoil()
            return None

        passage.spare()
        await passage.stream(passing)

    return fault


def expire(after: int = 0) -> Fault:
    """A stream that passes so many lines on, then says 410 Gone, as one does that is too old."""

    async def fault(passage: Passage) -> None:
        left = after
        gone = {"type": "ERROR", "object": refusal(410, "Expired", "too old resource version").document}

        def passing(line: bytes) -> bytes | None:
            nonlocal left
            left -= 1
            if left >= 0:
                return line
            passage.spoil()
            return json.dumps(gone).encode() + b"\n" if left == -1 else None

        passage.spare()
        await passage.stream(passing)

    return fault
