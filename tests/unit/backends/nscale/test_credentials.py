"""When tokens are replaced, what is asked, and what a refused token means; the clock moves by hand."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import parse_qs

import httpx
import pytest

from project_operator.backends.calls import Answer, Call, NoAnswer, TransportSettings
from project_operator.backends.deadlines import Deadline, within
from project_operator.backends.keeping import Ask, Replacement
from project_operator.backends.nscale import NscaleConfig, open_backend
from project_operator.backends.nscale.config import Session
from project_operator.backends.nscale.credential_payloads import AccountToken
from project_operator.backends.nscale.credentials import (
    AGAIN,
    SPREAD,
    AccountCredential,
    CertificateAlone,
    SessionCredential,
)
from project_operator.backends.nscale.sender import Sender
from project_operator.backends.transport import Transport
from project_operator.backends.trust import ClientCertificate, Lost
from project_operator.backends.vendor import Surroundings
from project_operator.errors import (
    BackendError,
    BackendUnavailable,
    CredentialNotKept,
    CredentialsRejected,
    OutcomeUnknown,
)

START = datetime(2026, 11, 1, tzinfo=UTC)
LIFE = timedelta(days=90)
WEEK = timedelta(days=7)
ORGANIZATION, ACCOUNT = "d4600d6e-org", "a142f641-robot"
SESSION = Session("eyJ-refresh-1", "client-1", "cl/ent s&cret".replace(" ", "+"))


class Server(Transport):
    """Answers what it is told to, in order (the last for ever), and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[Call] = []
        self.answers: list[Answer | NoAnswer] = []
        self.hold: asyncio.Event | None = None
        self.patience = 5.0

    def one_deadline(self, times: int = 1) -> AbstractContextManager[Deadline]:
        return within(self.patience * times)

    async def exchange(self, call: Call) -> Answer | NoAnswer:
        self.asked.append(call)
        if self.hold is not None:
            await self.hold.wait()
        await asyncio.sleep(0)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def aclose(self) -> None:
        pass


class Kept:
    """A keeper that notes in which order things happen."""

    def __init__(self) -> None:
        self.story: list[str] = []
        self.values: list[bytes] = []
        self.refuse: BackendError | None = None
        self.storing: asyncio.Event | None = None

    async def replace(self, ask: Ask) -> Replacement:
        self.story.append("reserve")
        if self.refuse is not None:
            raise self.refuse
        replacement = await ask()
        self.story.append("asked")
        if self.storing is not None:
            await self.storing.wait()
        self.values.append(replacement.value)
        self.story.append("kept")
        return replacement

    async def aclose(self) -> None:
        self.story.append("closed")


class Stage:
    """A credential of each kind, its server, its keeper, and a clock."""

    def __init__(self) -> None:
        self.server = Server()
        self.keeper = Kept()
        self.now = START
        self.sender = Sender(self.server, lambda: self.now)

    def account(self, before: timedelta | None = WEEK, *, expires_in: timedelta | None = LIFE) -> AccountCredential:
        credential = AccountCredential("eyJ-1", before, self.sender, self.keeper)
        expires_at = START + expires_in if expires_in is not None else None
        credential.identified(ORGANIZATION, AccountToken(ACCOUNT, expires_at=expires_at))
        return credential

    def session(self) -> SessionCredential:
        return SessionCredential(SESSION, self.sender, self.keeper)

    async def until(self, condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(5):
            while not condition():  # noqa: ASYNC110 - what is waited for is inside of what is tested
                await asyncio.sleep(0)


def answer(status: int, body: Any) -> Answer:
    return Answer(status, httpx.Headers(), json.dumps(body).encode())


def rotated(token: str, expires_at: datetime, account: str = ACCOUNT) -> Answer:
    status = {"accessToken": token, "expiry": expires_at.isoformat()}
    return answer(200, {"metadata": {"id": account, "name": "robot"}, "spec": {"groupIDs": []}, "status": status})


def granted(number: int, seconds: int = 3600) -> Answer:
    body = {"token_type": "Bearer", "access_token": f"eyJ-access-{number}", "expires_in": seconds}
    return answer(200, body | {"refresh_token": f"eyJ-refresh-{number + 1}"})


def refused(status: int, code: str) -> Answer:
    return answer(status, {"error": code, "error_description": "eyJ-refresh-1 is not wanted here"})


def soon() -> float:
    return asyncio.get_running_loop().time() + 5


@pytest.fixture
def stage() -> Stage:
    return Stage()


class TestAccount:
    async def test_nothing_is_asked_for_before_its_time(self, stage: Stage) -> None:
        credential = stage.account()
        stage.now = START + LIFE - WEEK - timedelta(seconds=1)
        assert await credential.token(soon()) == "eyJ-1"
        await asyncio.sleep(0)
        assert stage.keeper.story == []

    @pytest.mark.parametrize("why", ["switched off", "expiry not known", "account not known"])
    async def test_nothing_is_asked_for_where_it_cannot_be(self, stage: Stage, why: str) -> None:
        credential = stage.account(None if why == "switched off" else WEEK, expires_in=None)
        if why == "account not known":
            credential.identified(ORGANIZATION, AccountToken("", expires_at=START))
        stage.now = START + 2 * LIFE
        assert await credential.token(soon()) == "eyJ-1"
        await asyncio.sleep(0)
        assert stage.keeper.story == []
        assert credential.renews == (why != "switched off")

    async def test_the_new_token_is_kept_before_it_is_used(self, stage: Stage) -> None:
        credential = stage.account()
        stage.now = START + LIFE - WEEK
        stage.server.answers = [rotated("eyJ-2", stage.now + LIFE)]
        stage.keeper.storing = asyncio.Event()
        assert await credential.token(soon()) == "eyJ-1"
        await stage.until(lambda: "asked" in stage.keeper.story)
        assert await credential.token(soon()) == "eyJ-1", "what is not kept is not used"
        stage.keeper.storing.set()
        await stage.until(lambda: "kept" in stage.keeper.story)
        await asyncio.sleep(0)
        assert await credential.token(soon()) == "eyJ-2"
        assert stage.keeper.values == [b"eyJ-2"]
        assert credential.expires_at == stage.now + LIFE
        (call,) = stage.server.asked
        assert (call.method, call.path) == (
            "POST",
            f"/api/v1/organizations/{ORGANIZATION}/serviceaccounts/{ACCOUNT}/rotate",
        )
        assert (call.headers["Authorization"], call.body) == ("Bearer eyJ-1", None)

    async def test_many_calls_make_one_rotation(self, stage: Stage) -> None:
        credential = stage.account()
        stage.now = START + LIFE
        stage.server.answers = [rotated("eyJ-2", stage.now + LIFE)]
        await asyncio.gather(*(credential.token(soon()) for _ in range(50)))
        await stage.until(lambda: stage.keeper.values)
        await asyncio.gather(*(credential.token(soon()) for _ in range(50)))
        assert len(stage.server.asked) == 1

    @pytest.mark.parametrize(
        "outcome", [refused(403, "forbidden"), NoAnswer(Lost.CUT_OFF, sent=True, words="gone"), answer(200, {})]
    )
    async def test_after_a_failure_the_present_token_stays_and_a_pause_follows(
        self, stage: Stage, outcome: Answer | NoAnswer
    ) -> None:
        credential = stage.account()
        stage.now = START + LIFE - WEEK
        stage.server.answers = [outcome]
        for _ in range(5):
            assert await credential.token(soon()) == "eyJ-1"
            await stage.until(lambda: credential._task is None)
        assert len(stage.server.asked) == 1
        stage.now += AGAIN
        await credential.token(soon())
        await stage.until(lambda: len(stage.server.asked) == 2)

    async def test_the_token_of_another_account_is_not_taken(self, stage: Stage) -> None:
        credential = stage.account()
        stage.now = START + LIFE
        stage.server.answers = [rotated("eyJ-2", stage.now + LIFE, account="b-other")]
        await credential.token(soon())
        await stage.until(lambda: credential._task is None)
        assert stage.keeper.values == []
        assert await credential.token(soon()) == "eyJ-1"

    async def test_tokens_that_live_shortly_are_used_for_half_of_their_life(self, stage: Stage) -> None:
        credential = stage.account(before=timedelta(days=30), expires_in=timedelta(hours=1))
        stage.server.answers = [
            rotated("eyJ-2", START + timedelta(hours=1)),
            rotated("eyJ-3", START + timedelta(hours=2)),
        ]
        await credential.token(soon())
        await stage.until(lambda: credential._task is None)
        stage.now = START + timedelta(minutes=29)
        await credential.token(soon())
        await asyncio.sleep(0)
        assert len(stage.server.asked) == 1
        stage.now = START + timedelta(minutes=30)
        await credential.token(soon())
        await stage.until(lambda: len(stage.server.asked) == 2)

    async def test_a_refused_token_may_spread_just_after_it_was_made_and_not_later(self, stage: Stage) -> None:
        credential = stage.account()
        assert not credential.may_spread("eyJ-1")
        stage.now = START + LIFE
        stage.server.answers = [rotated("eyJ-2", stage.now + LIFE)]
        await credential.token(soon())
        assert credential.may_spread("eyJ-1"), "it may be dead already, while the new one is on its way"
        await stage.until(lambda: credential._task is None)
        assert credential.may_spread("eyJ-1")
        assert credential.may_spread("eyJ-2")
        stage.now += SPREAD
        assert not credential.may_spread("eyJ-2")

    async def test_closing_waits_for_what_is_under_way(self, stage: Stage) -> None:
        credential = stage.account()
        stage.now = START + LIFE
        stage.server.answers = [rotated("eyJ-2", stage.now + LIFE)]
        await credential.token(soon())
        await credential.aclose()
        assert stage.keeper.story == ["closed", "reserve", "asked", "kept"]
        assert await credential.token(soon()) == "eyJ-2"


class TestSession:
    async def test_the_first_call_signs_in_and_the_next_refresh_token_is_kept_first(self, stage: Stage) -> None:
        credential = stage.session()
        stage.server.answers = [granted(1)]
        stage.keeper.storing = asyncio.Event()
        waiting = asyncio.ensure_future(credential.token(soon()))
        await stage.until(lambda: "asked" in stage.keeper.story)
        assert not waiting.done(), "an access token whose refresh token is not kept is not used"
        stage.keeper.storing.set()
        assert await waiting == "eyJ-access-1"
        assert stage.keeper.values == [b"eyJ-refresh-2"]

    async def test_what_is_sent_is_the_form_of_rfc_6749(self, stage: Stage) -> None:
        stage.server.answers = [granted(1)]
        await stage.session().token(soon())
        (call,) = stage.server.asked
        assert (call.method, call.path) == ("POST", "/oauth2/v2/token")
        assert call.headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert "Authorization" not in call.headers
        assert parse_qs((call.body or b"").decode()) == {
            "grant_type": ["refresh_token"],
            "refresh_token": ["eyJ-refresh-1"],
            "client_id": ["client-1"],
            "client_secret": [SESSION.client_secret],
        }

    async def test_fifty_callers_spend_one_refresh_token(self, stage: Stage) -> None:
        credential = stage.session()
        stage.server.answers = [granted(1)]
        tokens = await asyncio.gather(*(credential.token(soon()) for _ in range(50)))
        assert set(tokens) == {"eyJ-access-1"}
        assert len(stage.server.asked) == 1

    async def test_the_next_one_is_asked_for_before_the_present_one_expires_with_the_next_refresh_token(
        self, stage: Stage
    ) -> None:
        credential = stage.session()
        stage.server.answers = [granted(1), granted(2)]
        await credential.token(soon())
        stage.now = START + timedelta(minutes=47)
        assert await credential.token(soon()) == "eyJ-access-1"
        stage.now = START + timedelta(minutes=48)
        assert await credential.token(soon()) == "eyJ-access-2"
        assert parse_qs((stage.server.asked[1].body or b"").decode())["refresh_token"] == ["eyJ-refresh-2"]
        assert stage.keeper.values == [b"eyJ-refresh-2", b"eyJ-refresh-3"]

    async def test_where_nothing_can_be_kept_the_present_access_token_is_used_to_its_end(self, stage: Stage) -> None:
        credential = stage.session()
        stage.server.answers = [granted(1)]
        await credential.token(soon())
        stage.keeper.refuse = CredentialNotKept("the Secret cannot be written")
        stage.now = START + timedelta(minutes=59)
        assert await credential.token(soon()) == "eyJ-access-1"
        stage.now = START + timedelta(minutes=60)
        with pytest.raises(CredentialNotKept, match="cannot be written"):
            await credential.token(soon())
        assert len(stage.server.asked) == 1, "no refresh token was spent"

    async def test_a_session_that_is_over_is_said_and_not_asked_again_at_once(self, stage: Stage) -> None:
        credential = stage.session()
        stage.server.answers = [refused(400, "invalid_grant")]
        for _ in range(3):
            with pytest.raises(CredentialsRejected, match="sign in again") as raised:
                await credential.token(soon())
            assert "eyJ" not in str(raised.value)
        assert len(stage.server.asked) == 1
        stage.now += AGAIN
        with pytest.raises(CredentialsRejected):
            await credential.token(soon())
        assert len(stage.server.asked) == 2

    async def test_a_lost_answer_is_an_unknown_outcome(self, stage: Stage) -> None:
        stage.server.answers = [NoAnswer(Lost.DEADLINE, sent=True, words="no answer within 15 s")]
        with pytest.raises(OutcomeUnknown):
            await stage.session().token(soon())

    async def test_a_caller_waits_no_longer_than_it_may(self, stage: Stage) -> None:
        credential = stage.session()
        stage.server.answers = [granted(1)]
        stage.server.hold = asyncio.Event()
        with pytest.raises(BackendUnavailable, match="is being asked for"):
            await credential.token(asyncio.get_running_loop().time() + 0.01)
        stage.server.hold.set()
        assert await credential.token(soon()) == "eyJ-access-1", "what was asked for meanwhile is not lost"
        assert len(stage.server.asked) == 1

    async def test_an_access_token_that_was_revoked_is_replaced(self, stage: Stage) -> None:
        credential = stage.session()
        stage.server.answers = [granted(1), granted(2)]
        first = await credential.token(soon())
        assert credential.may_spread(first)
        assert await credential.token(soon()) == first, "just made, it is only not known everywhere"
        stage.now += SPREAD
        assert credential.may_spread(first)
        assert await credential.token(soon()) == "eyJ-access-2"
        assert credential.may_spread(first), "a call that was under way with the former one"

    async def test_secrets_show_in_no_repr(self, stage: Stage) -> None:
        credential = stage.session()
        stage.server.answers = [granted(1)]
        await credential.token(soon())
        assert {"eyJ-access-1", "eyJ-refresh-1", "eyJ-refresh-2", SESSION.client_secret} <= set(credential.secrets)
        shown = repr((credential, credential._session, credential._tokens, SESSION))
        assert not any(secret in shown for secret in credential.secrets)


class TestCertificateAlone:
    async def test_there_is_no_token(self) -> None:
        credential = CertificateAlone()
        assert await credential.token(soon()) == ""
        assert not credential.may_spread("")

    async def test_requests_carry_no_authorization(self, stage: Stage) -> None:
        backend = open_backend(NscaleConfig(url="https://a"), Surroundings(TransportSettings()))
        backend._client._sender.transport = stage.server
        stage.server.answers = [answer(200, [{"metadata": {"id": ORGANIZATION, "name": "demo"}}])]
        facts = await backend.connect()
        assert facts.principal == ""
        assert all("Authorization" not in call.headers for call in stage.server.asked)

    def test_the_key_does_not_show(self) -> None:
        assert "PRIVATE" not in repr(NscaleConfig(url="https://a", certificate=ClientCertificate("PEM", "PRIVATE")))


async def ask(backend: Any, name: str) -> Any:
    calls: dict[str, Callable[[], Awaitable[Any]]] = {
        "read": backend.list_groups,
        "write": lambda: backend.delete_project("p1", before_send=lambda: None),
    }
    return await calls[name]()


class TestSpreading:
    """What a call makes of a token that the server does not know everywhere yet."""

    def backend(self, stage: Stage, *, fresh: bool) -> Any:
        backend = open_backend(
            NscaleConfig(url="https://a", token="eyJ-1", rotate_before=WEEK), Surroundings(TransportSettings())
        )
        credential = cast("AccountCredential", backend._credential)
        credential._issued_at = START if fresh else None
        backend._client._sender.transport = stage.server
        backend._client._sender.now = lambda: stage.now
        backend._organization_id = ORGANIZATION
        return backend

    async def test_a_read_is_sent_again_until_it_is_accepted(self, stage: Stage) -> None:
        stage.server.answers = [refused(401, "access_denied"), refused(401, "access_denied"), answer(200, [])]
        assert await ask(self.backend(stage, fresh=True), "read") == ()
        assert len(stage.server.asked) == 3

    async def test_a_write_is_sent_once(self, stage: Stage) -> None:
        stage.server.answers = [refused(401, "access_denied")]
        with pytest.raises(BackendUnavailable, match="not accepted everywhere yet"):
            await ask(self.backend(stage, fresh=True), "write")
        assert len(stage.server.asked) == 1

    async def test_a_read_ends_in_time(self, stage: Stage) -> None:
        stage.server.answers = [refused(401, "access_denied")]
        stage.server.patience = 0.6
        with pytest.raises(BackendUnavailable, match="not accepted everywhere yet"):
            await ask(self.backend(stage, fresh=True), "read")
        assert 2 <= len(stage.server.asked) <= 4

    @pytest.mark.parametrize("name", ["read", "write"])
    async def test_a_token_that_is_not_new_is_rejected_at_once(self, stage: Stage, name: str) -> None:
        stage.server.answers = [refused(401, "access_denied")]
        with pytest.raises(CredentialsRejected):
            await ask(self.backend(stage, fresh=False), name)
        assert len(stage.server.asked) == 1
