"""The life of an access token, in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest

from project_operator.backends.calls import Answer, NoAnswer
from project_operator.backends.csp.tokens import Token as CSPToken
from project_operator.backends.deadlines import within
from project_operator.backends.keystone_v3.tokens import Token as KeystoneToken
from project_operator.backends.tokens import RENEWAL_PAUSE, AccessToken, TokenKeeper, was_unauthorized
from project_operator.backends.trust import Lost
from project_operator.errors import (
    BackendError,
    BackendUnavailable,
    BreakerOpen,
    ConnectionRefused,
    CredentialsRejected,
    Throttled,
)

Exchange = Callable[[AccessToken], Awaitable[Answer | NoAnswer]]


class Service:
    """Gives tokens that live for 300 s, on a clock that tests move, or fails as it is told."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.asked = 0
        self.error: BackendError | None = None
        self.under_way = 0
        self.keeper = TokenKeeper(self.sign_in, lambda: self.now)

    async def sign_in(self) -> AccessToken:
        self.asked += 1
        number = self.asked
        self.under_way += 1
        assert self.under_way == 1, "one sign-in at a time"
        try:
            await asyncio.sleep(0)
        finally:
            self.under_way -= 1
        if self.error is not None:
            raise self.error
        return AccessToken(f"token-{number}", 300.0)

    async def current(self) -> str:
        return (await self.keeper.current()).value


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.mark.parametrize(
    ("life", "youth"), [(1800.0, 1620.0), (300.0, 270.0), (200.0, 170.0), (40.0, 20.0), (10.0, 5.0), (0.0, 0.0)]
)
def test_it_is_renewed_a_tenth_before_its_end_and_never_in_its_first_half(life: float, youth: float) -> None:
    assert AccessToken("a", life).youth == youth


async def test_many_calls_share_one_sign_in(service: Service) -> None:
    assert {*await asyncio.gather(*(service.current() for _ in range(100)))} == {"token-1"}
    service.now += 269.9
    assert await service.current() == "token-1"
    service.now += 0.2
    assert {*await asyncio.gather(*(service.current() for _ in range(100)))} == {"token-2"}
    assert service.asked == 2


async def test_a_sign_in_that_fails_is_no_reason_to_stop_while_the_old_token_lives(service: Service) -> None:
    await service.current()
    service.error = BackendUnavailable("down")
    service.now += 285
    assert await service.current() == "token-1"
    service.now += 16
    with pytest.raises(BackendUnavailable):
        await service.current()
    service.error = None
    service.now += 2
    assert await service.current() == "token-4"


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
    for part in (0.0, pause / 2, pause / 2 - 0.01):
        service.now += part
        with pytest.raises(type(error), match=str(error)) as raised:
            await service.current()
        assert raised.value.retry_after == error.retry_after
    assert service.asked == 1
    service.now += 0.02
    service.error = None
    assert await service.current() == "token-2"


async def test_a_sign_in_that_was_not_begun_is_told_to_nobody_else(service: Service) -> None:
    """Our own breaker stopped it: the read that tries whether the backend answers again may sign in at once."""
    service.error = BreakerOpen("not asked")
    with pytest.raises(BreakerOpen):
        await service.current()
    service.error = None
    assert await service.current() == "token-2"


async def test_a_call_that_is_cancelled_while_it_signs_in_leaves_the_others_its_sign_in(service: Service) -> None:
    first = asyncio.create_task(service.current())
    others = [asyncio.create_task(service.current()) for _ in range(3)]
    await asyncio.sleep(0)
    first.cancel()
    assert {*await asyncio.gather(*others)} == {"token-1"}
    assert service.asked == 1


class TestDeadlines:
    """Whose time a sign-in takes, and who waits for it how long."""

    async def test_a_call_that_has_nothing_left_takes_no_time_from_the_others(self, service: Service) -> None:
        deadlines: list[float] = []
        sign_in = service.sign_in

        async def timed() -> AccessToken:
            with within(15.0) as deadline:
                deadlines.append(deadline.at - asyncio.get_running_loop().time())
                return await sign_in()

        keeper = TokenKeeper(timed, lambda: service.now)
        with within(0.0), pytest.raises(BackendUnavailable, match="s that this call may take"):
            await keeper.current()
        assert (await keeper.current()).value == "token-1", "no pause follows, and one sign-in does for both"
        assert deadlines == [pytest.approx(15.0, abs=1.0)]

    @pytest.mark.parametrize("why", ["none yet", "refused"])
    async def test_a_call_waits_no_longer_than_it_may(self, service: Service, why: str) -> None:
        ended = asyncio.Event()

        async def slow() -> AccessToken:
            await ended.wait()
            return await service.sign_in()

        keeper = TokenKeeper(slow, lambda: service.now)
        first = asyncio.create_task(keeper.current())
        await asyncio.sleep(0)
        with within(0.02), pytest.raises(BackendUnavailable, match="s that this call may take"):
            await (keeper.current() if why == "none yet" else keeper.instead_of(AccessToken("old", 1.0)))
        with within(0.02), pytest.raises(BackendUnavailable, match="s that this call may take"):
            await keeper.keep(service.sign_in)
        assert not first.done()
        ended.set()
        assert (await first).value == "token-1"

    async def test_a_call_that_may_not_wait_takes_the_old_token_while_it_lives(self, service: Service) -> None:
        await service.current()
        service.now += 285
        with within(0.0):
            assert await service.current() == "token-1"
        await asyncio.sleep(0)
        assert await service.current() == "token-2"

    @pytest.mark.parametrize(
        "error",
        [CredentialsRejected("wrong password", status=401), ConnectionRefused("no such server", field="spec.csp.url")],
    )
    async def test_those_who_wait_hear_the_error_each_for_itself(self, service: Service, error: BackendError) -> None:
        service.error = error
        raised = await asyncio.gather(*(service.current() for _ in range(3)), return_exceptions=True)
        assert [(type(one), str(one), vars(one)) for one in raised] == [(type(error), str(error), vars(error))] * 3
        assert len({id(one) for one in raised}) == 3
        assert service.asked == 1

    async def test_a_sign_in_ends_with_the_connection(self, service: Service) -> None:
        never = asyncio.Event()

        async def endless() -> AccessToken:
            await never.wait()
            raise AssertionError

        keeper = TokenKeeper(endless, lambda: service.now)
        waiting = asyncio.create_task(keeper.current())
        await asyncio.sleep(0)
        keeper.forget()
        with pytest.raises(BackendUnavailable, match="the operator closed the connection"):
            await waiting


async def test_a_token_of_the_callers_own_sign_in_is_used_from_then_on(service: Service) -> None:
    async def sign_in() -> AccessToken:
        return AccessToken("own", 300.0)

    former = asyncio.create_task(service.current())
    await asyncio.sleep(0)
    assert (await service.keeper.keep(sign_in)).value == "own"
    assert await service.current() == "own"
    assert await former == "token-1"
    service.keeper.forget()
    assert await service.current() == "token-2"


class TestSending:
    @pytest.fixture
    def used(self) -> list[str]:
        return []

    @pytest.fixture
    def exchange(self, used: list[str]) -> Exchange:
        async def exchange(token: AccessToken) -> Answer | NoAnswer:
            used.append(token.value)
            return Answer(401 if token.value in {"token-1", "token-3"} else 200, httpx.Headers(), b"")

        return exchange

    async def test_what_is_refused_for_its_token_is_sent_once_more_with_a_new_one(
        self, service: Service, used: list[str], exchange: Exchange
    ) -> None:
        outcome, token = await service.keeper.send(exchange, was_unauthorized)
        assert isinstance(outcome, Answer)
        assert (outcome.status, token.value, used) == (200, "token-2", ["token-1", "token-2"])

    async def test_it_is_not_sent_again_where_no_new_one_may_be_asked_for(
        self, service: Service, used: list[str], exchange: Exchange
    ) -> None:
        await service.keeper.send(exchange, was_unauthorized)
        service.keeper.forget()
        outcome, token = await service.keeper.send(exchange, was_unauthorized)
        assert isinstance(outcome, Answer)
        assert (outcome.status, token.value, used[2:]) == (401, "token-3", ["token-3"])

    def test_silence_is_no_refusal(self) -> None:
        assert not was_unauthorized(NoAnswer(Lost.DEADLINE, sent=True, words="…"), AccessToken("a", 1.0))


def test_a_token_does_not_show() -> None:
    for kind in (AccessToken, KeystoneToken, CSPToken):
        assert "hunter2" not in repr(kind("hunter2", 1.0))
