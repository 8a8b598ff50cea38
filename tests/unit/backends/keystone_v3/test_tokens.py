import asyncio
from collections.abc import Callable

import pytest

from project_operator.backends.keystone_v3.tokens import RENEWAL_PAUSE, Token, TokenKeeper
from project_operator.errors import BackendError, BackendUnavailable, CredentialsRejected, Throttled


class Service:
    """Gives tokens that live for 100 s, on a clock that tests move."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.asked = 0
        self.error: BackendError | None = None
        self.meanwhile: Callable[[], None] = lambda: None
        self.keeper = TokenKeeper(self.sign_in, lambda: self.now)

    async def sign_in(self) -> Token:
        self.asked += 1
        number = self.asked
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return Token(f"token-{number}", 100.0)


@pytest.fixture
def service() -> Service:
    return Service()


async def test_many_calls_share_one_sign_in(service: Service) -> None:
    tokens = await asyncio.gather(*(service.keeper.current() for _ in range(100)))
    assert {token.value for token in tokens} == {"token-1"}
    assert service.asked == 1


async def test_a_token_is_replaced_at_four_fifths_of_its_life(service: Service) -> None:
    await service.keeper.current()
    service.now += 79.9
    assert (await service.keeper.current()).value == "token-1"
    service.now += 0.2
    tokens = await asyncio.gather(*(service.keeper.current() for _ in range(100)))
    assert {token.value for token in tokens} == {"token-2"}
    assert service.asked == 2


async def test_a_sign_in_that_fails_is_no_reason_to_stop_while_the_old_token_lives(service: Service) -> None:
    await service.keeper.current()
    service.error = BackendUnavailable("down")
    service.now += 85
    assert (await service.keeper.current()).value == "token-1"
    service.now += 16
    with pytest.raises(BackendUnavailable):
        await service.keeper.current()


async def test_a_token_that_all_calls_were_refused_with_is_replaced_once(service: Service) -> None:
    refused = await service.keeper.current()
    tokens = await asyncio.gather(*(service.keeper.instead_of(refused) for _ in range(100)))
    assert {token.value if token else None for token in tokens} == {"token-2"}
    assert service.asked == 2


async def test_a_server_that_refuses_good_tokens_makes_no_storm(service: Service) -> None:
    for _ in range(100):
        token = await service.keeper.current()
        await service.keeper.instead_of(token)
    assert service.asked == 2
    service.now += RENEWAL_PAUSE
    replaced = await service.keeper.instead_of(await service.keeper.current())
    assert replaced is not None
    assert replaced.value == "token-3"


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (CredentialsRejected("wrong password"), 5.0),
        (BackendUnavailable("down"), 1.0),
        (Throttled("slowly", retry_after=30.0), 30.0),
        (Throttled("slowly", retry_after=1e9), 300.0),
    ],
)
async def test_a_sign_in_that_fails_is_not_tried_again_at_once(
    service: Service, error: BackendError, pause: float
) -> None:
    service.error = error
    for _ in range(100):
        with pytest.raises(type(error), match=str(error)) as raised:
            await service.keeper.current()
        assert raised.value.retry_after == error.retry_after
    assert service.asked == 1
    service.now += pause
    service.error = None
    assert (await service.keeper.current()).value == "token-2"


async def test_a_call_that_is_cancelled_while_it_signs_in_leaves_the_others_a_way(service: Service) -> None:
    first = asyncio.create_task(service.keeper.current())
    others = [asyncio.create_task(service.keeper.current()) for _ in range(3)]
    await asyncio.sleep(0)
    first.cancel()
    assert {token.value for token in await asyncio.gather(*others)} == {"token-2"}


def test_a_token_does_not_show() -> None:
    assert "hunter2" not in repr(Token("hunter2", 1.0))
