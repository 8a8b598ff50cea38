"""The proxy passes on what comes, does exactly what a rule says, and tells in order what happened."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from chaos.faults import Fault
from chaos.journal import Journal
from chaos.proxy import Proxy
from chaos.rules import Rule, asks
from chaos.wire import Answer, Request
from passing_time import pass_time_of
from scripted_server import Exchange, ScriptedServer
from waiting import WITHIN
from watching import until

from chaos import faults
from project_operator.sandbox.identity.tls import TLSFiles

EVERYTHING = asks()
LINES = [json.dumps({"type": "ADDED", "object": {"n": number}}).encode() + b"\n" for number in range(5)]


class Names:
    """The last part of the path is the subject."""

    def __init__(self) -> None:
        self.learned: list[tuple[str, int]] = []

    def of(self, request: Request) -> str:
        return request.path.rpartition("/")[2]

    def learn(self, request: Request, subject: str, answer: Answer) -> None:  # noqa: ARG002 - the protocol's
        self.learned.append((subject, answer.status))


async def serve(exchange: Exchange) -> None:
    """Lists, streams, or tells what it was sent."""
    if "watch=true" in exchange.request.target:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        stream = b"".join(LINES)
        # Pieces that end anywhere.
        pieces = [stream[start : start + 30] for start in range(0, len(stream), 30)]
        await exchange.send(head + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces))
        await exchange.hang()
    elif exchange.request.target.startswith("/list"):
        number = len(exchange.server.requests)
        await exchange.answer(200, json.dumps({"items": [number], "metadata": {"resourceVersion": "7"}}).encode())
    else:
        await exchange.answer(201, exchange.request.body or b"{}", "X-Of-Server: yes")


class Bench:
    """A server, a proxy in front of it, and a client."""

    def __init__(self, server: ScriptedServer, proxy: Proxy, client: aiohttp.ClientSession, names: Names) -> None:
        self.server, self.proxy, self.client, self.names = server, proxy, client, names

    def spoil(self, fault: Fault, nth: int = 1, count: int = 1) -> Rule:
        rule = Rule("spoilt", EVERYTHING, fault, nth, count)
        self.proxy.rules.add(rule)
        return rule

    async def post(self, path: str = "/things/a", body: str = "hello") -> tuple[int, str]:
        async with self.client.post(self.proxy.url + path, data=body) as response:
            return response.status, await response.text()

    async def give_up(self, when: Callable[[], bool]) -> None:
        """Send a request, and hang up when that is so without having got an answer."""
        call = asyncio.create_task(self.post())
        await until(when, "the request to have come so far")
        assert not call.done()
        call.cancel()
        await asyncio.wait({call})

    async def get(self, path: str = "/list") -> tuple[int, str]:
        async with self.client.get(self.proxy.url + path) as response:
            return response.status, await response.text()

    async def watch(self, lines: int) -> list[int]:
        """The numbers of the first so many events."""
        async with self.client.get(f"{self.proxy.url}/things?watch=true") as response:
            return [json.loads(await response.content.readline()).get("object", {}).get("n", -1) for _ in range(lines)]

    @property
    def asked(self) -> int:
        return len(self.server.requests)


@asynccontextmanager
async def bench(folder: Path | None = None) -> AsyncIterator[Bench]:
    tls = trust = None
    if folder is not None:
        files = TLSFiles.make(folder)
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(files.certificate, files.key)
        trust = ssl.create_default_context(cadata=files.ca_bundle)
    names = Names()
    async with ScriptedServer(serve, tls=tls) as server:
        proxy = Proxy("there", server.url, Journal(), subjects=names, tls=tls, upstream_tls=trust)
        await asyncio.to_thread(proxy.start)
        connector = aiohttp.TCPConnector(ssl=trust if trust is not None else True)
        timeout = aiohttp.ClientTimeout(total=WITHIN)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as client:
            yield Bench(server, proxy, client, names)
        await asyncio.to_thread(proxy.stop)
        assert proxy.failures == []


@pytest.fixture
async def plain() -> AsyncIterator[Bench]:
    async with bench() as made:
        yield made


@pytest.mark.parametrize("encrypted", [False, True])
async def test_everything_passes_and_is_told_in_order(encrypted: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a parameter
    async with bench(tmp_path if encrypted else None) as made:
        async with made.client.post(f"{made.proxy.url}/things/a?q=1", data=b"hello", headers={"X-Mine": "1"}) as answer:
            assert (answer.status, await answer.read(), answer.headers["X-Of-Server"]) == (201, b"hello", "yes")
        assert (await made.get())[0] == 200
        assert await made.watch(5) == [0, 1, 2, 3, 4]

        entries = made.proxy.journal.entries()
        assert [(one.number, one.place, one.request.method, one.subject) for one in entries] == [
            (1, "there", "POST", "a"),
            (2, "there", "GET", "list"),
            (3, "there", "GET", "things"),
        ]
        assert [(one.status, one.told, one.passed_on, one.fault) for one in entries] == [
            (201, 201, 1, ""),
            (200, 200, 1, ""),
            (200, 200, 1, ""),
        ]
        assert made.server.requests[0].headers["x-mine"] == "1"
        assert made.server.requests[0].target == "/things/a?q=1"
        assert made.names.learned == [("a", 201), ("list", 200)]


@pytest.mark.parametrize(
    ("fault", "arrives"),
    [(faults.drop, 0), (faults.reset, 0), (faults.lose, 1), (faults.lose_by_reset, 1), (faults.truncate, 1)],
)
async def test_an_answer_that_never_comes_whole(fault: Fault, arrives: int, plain: Bench) -> None:
    plain.spoil(fault)
    with pytest.raises(aiohttp.ClientError):
        await plain.post()
    assert plain.asked == arrives
    (entry,) = plain.proxy.journal.entries()
    assert (entry.passed_on, entry.told, entry.fault) == (arrives, None, "spoilt")
    assert await plain.post() == (201, "hello"), "the next one is not hit"


@pytest.mark.parametrize(("fault", "arrives"), [(faults.hang, 0), (faults.hang_after, 1)])
async def test_an_answer_that_nobody_lives_to_see(fault: Fault, arrives: int, plain: Bench) -> None:
    rule = plain.spoil(fault)
    await plain.give_up(lambda: rule.hit == 1 and plain.asked == arrives)
    assert await plain.post() == (201, "hello")
    assert plain.asked == arrives + 1


async def test_a_request_may_arrive_when_nobody_waits_any_more(plain: Bench) -> None:
    rule = plain.spoil(faults.delay(600))
    await plain.give_up(lambda: rule.hit == 1)
    assert plain.asked == 0
    assert plain.proxy._loop
    pass_time_of(plain.proxy._loop, 600)
    await plain.server.until(lambda server: len(server.requests) == 1)


@pytest.mark.parametrize("fault", [faults.delay_answer(0.1), faults.trickle(0.1)], ids=["late", "in pieces"])
async def test_an_answer_may_take_its_time(fault: Fault, plain: Bench) -> None:
    plain.spoil(fault)
    assert await plain.post() == (201, "hello")


async def test_a_request_may_arrive_twice(plain: Bench) -> None:
    plain.spoil(faults.ask_twice)
    assert await plain.post() == (201, "hello")
    assert plain.asked == 2


async def test_an_answer_may_come_twice(plain: Bench) -> None:
    plain.spoil(faults.answer_twice)
    reader, writer = await asyncio.open_connection(*plain.proxy.url.removeprefix("http://").split(":"))
    writer.write(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
    answer = b"HTTP/1.1 201 Passed-On\r\n"
    async with asyncio.timeout(WITHIN):
        assert (await reader.readexactly(len(answer))) == answer
        await reader.readuntil(b"abc")
        assert (await reader.readexactly(len(answer))) == answer
    writer.close()


@pytest.mark.parametrize(
    ("fault", "arrives", "told"),
    [
        (faults.refuse(faults.throttled("1")), 0, 429),
        (faults.refuse(faults.html(502)), 0, 502),
        (faults.answer_otherwise(faults.refusal(500, "InternalError")), 1, 500),
    ],
    ids=["throttled", "a page", "after it was done"],
)
async def test_somebody_else_answers(fault: Fault, arrives: int, told: int, plain: Bench) -> None:
    plain.spoil(fault)
    assert (await plain.post())[0] == told
    assert plain.asked == arrives
    (entry,) = plain.proxy.journal.entries()
    assert entry.told == told
    assert entry.status == (201 if arrives else None), "what the server said is not what was told"


async def test_a_listing_may_hold_nothing(plain: Bench) -> None:
    plain.spoil(faults.empty_list)
    assert json.loads((await plain.get())[1]) == {"items": [], "metadata": {"resourceVersion": "7"}}


async def test_a_listing_may_be_an_old_one(plain: Bench) -> None:
    first = await plain.get()
    plain.spoil(faults.Stale(), count=2)
    second, third = await plain.get(), await plain.get()
    assert first != second == third
    assert await plain.get() != third


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (faults.skip_lines(2, 4), [0, 2, 4]),
        (faults.expire(2), [0, 1, -1]),
        (faults.fall_silent(3), [0, 1, 2]),
    ],
    ids=["skips", "expires", "falls silent"],
)
async def test_a_stream_may_leave_something_out(fault: Fault, seen: list[int], plain: Bench) -> None:
    plain.spoil(fault)
    assert await plain.watch(3) == seen


async def test_a_silent_stream_stays_open(plain: Bench) -> None:
    plain.spoil(faults.fall_silent(1))
    async with plain.client.get(f"{plain.proxy.url}/things?watch=true") as response:
        assert await response.content.readline() == LINES[0]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(response.content.readline(), 0.2)


async def test_a_rule_hits_the_nth_that_matches_and_no_other(plain: Bench) -> None:
    rule = Rule("third", asks("POST", "/things/*", subject="a"), faults.refuse(Answer.of(418)), nth=2, count=2)
    plain.proxy.rules.add(rule)
    answers = [await plain.post("/things/a") for _ in range(4)]
    assert [status for status, _ in answers] == [201, 418, 418, 201]
    assert (await plain.post("/things/b"))[0] == (await plain.post("/other/a"))[0] == 201
    assert (rule.matched, rule.hit) == (4, 2)


async def test_a_server_that_is_away_is_away_for_the_operator_too(plain: Bench) -> None:
    await plain.server.stop()
    with pytest.raises(aiohttp.ClientError):
        await plain.post()
    (entry,) = plain.proxy.journal.entries()
    assert (entry.status, entry.told) == (None, None)


async def test_what_follows_an_answer_at_once_is_read_whole(plain: Bench) -> None:
    """Many requests over one connection, each sent the moment that the answer before it is there."""
    reader, writer = await asyncio.open_connection(*plain.proxy.url.removeprefix("http://").split(":"))
    async with asyncio.timeout(WITHIN):
        for number in range(50):
            body = str(number).encode()
            writer.write(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            await reader.readuntil(b"\r\n\r\n" + body)
    writer.close()
    assert plain.asked == 50
