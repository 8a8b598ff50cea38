"""What holds for every credential: what requests carry, and what is done while a new one spreads."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from credential_stage import ACCOUNT, LIFE, ORGANIZATION, START, WEEK, Stage, answer, refused, rotated, soon

from project_operator.backends.calls import Answer, TransportSettings
from project_operator.backends.nscale import NscaleConfig, open_backend
from project_operator.backends.nscale.account_credential import AccountCredential
from project_operator.backends.nscale.credentials import CertificateAlone
from project_operator.backends.trust import ClientCertificate
from project_operator.backends.vendor import Surroundings
from project_operator.errors import (
    BackendUnavailable,
    CredentialsRejected,
)


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
        stage.server.patience, stage.server.takes = 60.0, 25.0
        with pytest.raises(BackendUnavailable, match="not accepted everywhere yet"):
            await ask(self.backend(stage, fresh=True), "read")
        assert len(stage.server.asked) == 3

    @pytest.mark.parametrize("name", ["read", "write"])
    async def test_a_token_that_is_not_new_is_rejected_at_once(self, stage: Stage, name: str) -> None:
        stage.server.answers = [refused(401, "access_denied")]
        with pytest.raises(CredentialsRejected):
            await ask(self.backend(stage, fresh=False), name)
        assert len(stage.server.asked) == 1


class TestWhoseItIs:
    """One request in vain, when connecting, does not switch off for good that the token replaces itself."""

    ORGANIZATIONS = answer(200, [{"metadata": {"id": ORGANIZATION, "name": "demo"}}])
    VERSION = answer(200, {"version": "1.14.0"})

    def backend(self, stage: Stage) -> Any:
        surroundings = Surroundings(TransportSettings(), now=lambda: stage.now, keeper=stage.keeper)
        backend = open_backend(NscaleConfig(url="https://a", token="eyJ-1", rotate_before=WEEK), surroundings)
        backend._client._sender.transport = stage.server
        return backend

    def accounts(self, **status: Any) -> Answer:
        return answer(200, [{"metadata": {"id": ACCOUNT, "name": "robot"}, "status": status}])

    @pytest.mark.parametrize(
        "failure", [answer(503, {}), answer(200, "no list"), refused(401, "access_denied"), refused(429, "slow_down")]
    )
    async def test_asked_in_vain_it_is_asked_again_and_replaced_in_time(self, stage: Stage, failure: Answer) -> None:
        backend = self.backend(stage)
        stage.server.answers = [self.ORGANIZATIONS, failure, self.VERSION]
        facts = await backend.connect()
        assert (facts.principal, facts.credential_expires_at, facts.credential_renews) == ("", None, False)
        assert facts.principal_in_doubt
        assert "`rotation` waits: nscale does not say whose the token is; it is asked again" in facts.not_renewed
        expires_at = START + LIFE
        stage.server.answers = [self.ORGANIZATIONS, self.accounts(expiry=expires_at.isoformat()), self.VERSION]
        facts = await backend.connect()
        assert (facts.principal, facts.credential_expires_at, facts.credential_renews) == (ACCOUNT, expires_at, True)
        assert facts.not_renewed == ""
        stage.now = expires_at - WEEK
        stage.server.answers = [answer(200, []), rotated("eyJ-2", expires_at + LIFE)]
        await backend.list_groups()
        await stage.until(lambda: stage.keeper.values == [b"eyJ-2"])

    @pytest.mark.parametrize(
        ("found", "why"),
        [
            (refused(403, "forbidden"), "does not show which service account the token is of; put the token"),
            (answer(200, []), "does not show which service account the token is of; put the token"),
            (None, "does not say when the token expires; put a new one"),
        ],
    )
    async def test_where_it_stays_unknown_it_is_said_why_it_is_not_replaced(
        self, stage: Stage, found: Answer | None, why: str
    ) -> None:
        backend = self.backend(stage)
        stage.server.answers = [self.ORGANIZATIONS, found or self.accounts(), self.VERSION]
        facts = await backend.connect()
        assert not facts.credential_renews
        assert why in facts.not_renewed
        assert not facts.principal_in_doubt
