"""When an access token of a session is replaced, what is asked, and what a refused one means."""

import asyncio
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from credential_stage import SESSION, START, Stage, granted, refused, soon

from project_operator.backends.calls import NoAnswer
from project_operator.backends.nscale.credentials import AGAIN, SPREAD
from project_operator.backends.trust import Lost
from project_operator.errors import (
    BackendUnavailable,
    CredentialNotKept,
    CredentialsRejected,
    OutcomeUnknown,
)


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
