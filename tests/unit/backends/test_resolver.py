"""Look-ups: one at a time for each host, none that holds up another, and nothing left behind when the loop ends."""

import asyncio
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
from waiting import WITHIN

from project_operator.backends import resolver as module
from project_operator.backends.resolver import Resolver

Info = tuple[Any, ...]


def infos(*addresses: str) -> list[Info]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every name has one address; the names that were asked for."""
    names: list[str] = []

    def look_up(host: str, *_: Any, **__: Any) -> list[Info]:
        names.append(host)
        return infos("192.0.2.1")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return names


async def test_the_answer_is_kept_for_a_moment_and_asked_for_anew_when_it_led_nowhere(asked: list[str]) -> None:
    resolver = Resolver("a.example.com", 443)
    assert [await resolver.addresses() for _ in range(3)] == [("192.0.2.1",)] * 3
    assert asked == ["a.example.com"]
    resolver.forget()
    await resolver.addresses()
    assert len(asked) == 2


async def test_the_answer_grows_old(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FRESH", -1.0)
    resolver = Resolver("a.example.com", 443)
    await resolver.addresses()
    await resolver.addresses()
    assert len(asked) == 2


async def test_many_who_wait_share_one_look_up(asked: list[str]) -> None:
    resolver = Resolver("a.example.com", 443)
    found = await asyncio.gather(*(resolver.addresses() for _ in range(50)))
    assert set(found) == {("192.0.2.1",)}
    assert asked == ["a.example.com"]


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
async def test_an_address_is_not_looked_up(asked: list[str], address: str) -> None:
    assert await Resolver(address, 443).addresses() == (address,)
    assert asked == []


async def test_a_name_that_does_not_exist_is_said_to_everybody_who_waits_and_asked_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers: list[Callable[[], list[Info]]] = []

    def look_up(*_: Any, **__: Any) -> list[Info]:
        if not answers:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return answers.pop()()

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    resolver = Resolver("a.example.com", 443)
    outcomes = await asyncio.gather(resolver.addresses(), resolver.addresses(), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [socket.gaierror] * 2
    answers.append(lambda: infos("192.0.2.7", "192.0.2.7", "192.0.2.8"))
    assert await resolver.addresses() == ("192.0.2.7", "192.0.2.8")


async def test_names_without_an_answer_hold_up_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """More of them than the event loop has threads: with its own resolver the last would wait for the first."""
    release = threading.Event()
    stuck = threading.Semaphore(0)

    def look_up(host: str, *_: Any, **__: Any) -> list[Info]:
        if host.startswith("dead"):
            stuck.release()
            release.wait(2 * WITHIN)
        return infos("192.0.2.1")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    waiting = [asyncio.ensure_future(Resolver(f"dead{number}.example.com", 443).addresses()) for number in range(40)]
    try:
        await asyncio.sleep(0)
        assert all(stuck.acquire(timeout=WITHIN) for _ in waiting)
        async with asyncio.timeout(WITHIN):
            assert await Resolver("alive.example.com", 443).addresses() == ("192.0.2.1",)
        assert not any(one.done() for one in waiting)
    finally:
        release.set()
        await asyncio.gather(*waiting)


def test_a_look_up_may_outlive_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    begun = threading.Event()
    ended: list[threading.Thread] = []

    def look_up(*_: Any, **__: Any) -> list[Info]:
        ended.append(threading.current_thread())
        begun.set()
        release.wait(2 * WITHIN)
        return infos("192.0.2.1")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)

    async def give_up() -> None:
        looking = asyncio.create_task(Resolver("a.example.com", 443).addresses())
        await asyncio.sleep(0)
        assert begun.wait(WITHIN)
        looking.cancel()
        await asyncio.wait({looking})

    asyncio.run(give_up())
    release.set()
    ended[0].join(WITHIN)
    assert not ended[0].is_alive()
