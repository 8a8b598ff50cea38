"""The life of an access token, in virtual time."""

import asyncio

import pytest

from project_operator.backends.csp.tokens import RENEWAL_PAUSE, Token, TokenKeeper
from project_operator.errors import BackendError, BackendUnavailable, CredentialsRejected, Throttled


class SignIn:
    """Gives tokens one after the other, or fails as it is told."""

    def __init__(self, life: float = 1800.0) -> None:
        self.now = 0.0
        self.life = life
        self.count = 0
        self.failure: BackendError | None = None
        self.under_way = 0
        self.keeper = TokenKeeper(self.ask, lambda: self.now)

    async def ask(self) -> Token:
        self.count += 1
        self.under_way += 1
        assert self.under_way == 1, "one sign-in at a time"
        await asyncio.sleep(0)
        self.under_way -= 1
        if self.failure is not None:
            raise self.failure
        return Token(f"token-{self.count}", self.life)

    async def current(self) -> str:
        return (await self.keeper.current()).value


@pytest.mark.parametrize(
    ("life", "youth"), [(1800.0, 1620.0), (300.0, 270.0), (200.0, 170.0), (40.0, 20.0), (10.0, 5.0), (0.0, 0.0)]
)
def test_it_is_renewed_a_tenth_before_its_end_and_never_in_its_first_half(life: float, youth: float) -> None:
    assert Token("a", life).youth == youth


async def test_it_is_asked_for_once_and_kept() -> None:
    sign_in = SignIn()
    assert {*await asyncio.gather(*(sign_in.current() for _ in range(20)))} == {"token-1"}
    sign_in.now = 1619.0
    assert await sign_in.current() == "token-1"
    sign_in.now = 1621.0
    assert {*await asyncio.gather(*(sign_in.current() for _ in range(20)))} == {"token-2"}
    assert sign_in.count == 2


async def test_while_the_old_one_lives_a_failure_to_renew_stops_nothing() -> None:
    sign_in = SignIn()
    await sign_in.current()
    sign_in.failure = BackendUnavailable("down")
    sign_in.now = 1700.0
    assert await sign_in.current() == "token-1"
    sign_in.now = 1801.0
    with pytest.raises(BackendUnavailable):
        await sign_in.current()
    sign_in.failure = None
    sign_in.now = 1803.0
    assert (await sign_in.current()).startswith("token-")


async def test_a_refused_one_is_replaced_once_in_a_while() -> None:
    sign_in = SignIn()
    first = await sign_in.keeper.current()
    second = await sign_in.keeper.instead_of(first)
    assert second is not None
    assert second.value == "token-2"
    assert await sign_in.keeper.instead_of(first) is second, "somebody else replaced it already"
    assert await sign_in.keeper.instead_of(second) is None, "too soon"
    sign_in.now = RENEWAL_PAUSE + 1
    assert await sign_in.keeper.instead_of(second) is not None
    assert sign_in.count == 3


@pytest.mark.parametrize(
    ("failure", "pause"),
    [
        (CredentialsRejected("no"), 5.0),
        (BackendUnavailable("down"), 1.0),
        (Throttled("slow", retry_after=60.0), 60.0),
        (Throttled("slow", retry_after=9999.0), 300.0),
    ],
)
async def test_after_a_failure_nobody_asks_for_a_while(failure: BackendError, pause: float) -> None:
    sign_in = SignIn()
    sign_in.failure = failure
    for moment in (0.0, pause / 2, pause - 0.01):
        sign_in.now = moment
        with pytest.raises(type(failure)):
            await sign_in.current()
    assert sign_in.count == 1
    sign_in.now = pause + 0.01
    with pytest.raises(type(failure)):
        await sign_in.current()
    assert sign_in.count == 2


async def test_a_secret_is_in_no_repr() -> None:
    assert "token-1" not in repr(Token("token-1", 1.0))
