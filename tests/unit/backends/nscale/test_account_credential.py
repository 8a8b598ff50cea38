"""When a service account's token is replaced, what is asked, and what a refused token means."""

import asyncio
from datetime import timedelta

import pytest
from credential_stage import ACCOUNT, LIFE, ORGANIZATION, START, WEEK, Stage, answer, refused, rotated, soon

from project_operator.backends.calls import Answer, NoAnswer
from project_operator.backends.nscale.credential_payloads import AccountToken
from project_operator.backends.nscale.credentials import AGAIN, SPREAD
from project_operator.backends.trust import Lost


class TestAccount:
    async def test_nothing_is_asked_for_before_its_time(self, stage: Stage) -> None:
        credential = stage.account()
        stage.now = START + LIFE - WEEK - timedelta(seconds=1)
        assert await credential.token(soon()) == "eyJ-1"
        await asyncio.sleep(0)
        assert stage.keeper.story == []

    @pytest.mark.parametrize(
        ("account", "why"),
        [
            (AccountToken("", expires_at=START), "does not show which service account the token is of; put the token"),
            (AccountToken(ACCOUNT), "does not say when the token expires; put a new one"),
        ],
    )
    async def test_where_it_cannot_be_nothing_is_asked_for_nor_promised_and_that_is_said(
        self, stage: Stage, account: AccountToken, why: str
    ) -> None:
        credential = stage.account()
        assert (credential.renews, credential.not_renewed) == (True, "")
        credential.identified(ORGANIZATION, account)
        stage.now = START + 2 * LIFE
        assert await credential.token(soon()) == "eyJ-1"
        await asyncio.sleep(0)
        assert stage.keeper.story == []
        assert not credential.renews
        assert why in credential.not_renewed

    async def test_where_it_is_switched_off_nothing_is_missed(self, stage: Stage) -> None:
        credential = stage.account(None, expires_in=None)
        stage.now = START + 2 * LIFE
        assert await credential.token(soon()) == "eyJ-1"
        await asyncio.sleep(0)
        assert stage.keeper.story == []
        assert (credential.renews, credential.not_renewed) == (False, "")

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
