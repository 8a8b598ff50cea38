"""The Authorization header is read again every minute, and after a refusal."""

import asyncio
import threading

import pytest

from project_operator.errors import ConfigurationError
from project_operator.kube.token import LIFETIME, Token


class Source:
    """Counts how often it is asked; can fail, and can be held up."""

    def __init__(self) -> None:
        self.asked = 0
        self.value = "Bearer one"
        self.failure: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self) -> str:
        self.gate.wait(10)
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        return self.value


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def token(source: Source, clock: Clock) -> Token:
    return Token(source, clock=clock)


async def test_it_is_asked_for_once_a_minute(token: Token, source: Source, clock: Clock) -> None:
    assert await token.header() == "Bearer one"
    source.value = "Bearer two"
    clock.now += LIFETIME - 1
    assert await token.header() == "Bearer one"
    assert source.asked == 1

    clock.now += 1
    assert await token.header() == "Bearer two"
    assert source.asked == 2


async def test_a_refusal_has_it_asked_for_at_once(token: Token, source: Source) -> None:
    await token.header()
    source.value = "Bearer two"
    token.refused()

    assert token.fresh is None
    assert await token.header() == "Bearer two"


async def test_many_who_wait_ask_once(token: Token, source: Source) -> None:
    source.gate.clear()
    waiting = [asyncio.create_task(token.header()) for _ in range(20)]
    await asyncio.sleep(0)
    source.gate.set()

    assert set(await asyncio.gather(*waiting)) == {"Bearer one"}
    assert source.asked == 1


@pytest.mark.parametrize("failure", [ConfigurationError("empty"), FileNotFoundError("gone")])
async def test_the_old_one_stays_where_the_source_fails(
    token: Token, source: Source, clock: Clock, failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    await token.header()
    clock.now += LIFETIME
    source.failure = failure

    assert await token.header() == "Bearer one"
    assert str(failure) in caplog.text
    assert "Bearer" not in caplog.text


async def test_without_an_old_one_the_failure_is_raised(token: Token, source: Source) -> None:
    source.failure = FileNotFoundError("gone")

    with pytest.raises(FileNotFoundError):
        await token.header()


async def test_no_source_is_no_header() -> None:
    token = Token(None)
    token.refused()

    assert token.fresh == ""
