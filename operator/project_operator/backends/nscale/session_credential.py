"""A person's session (N3.1-2): access tokens in memory, asked for with a refresh token that works once.

The order in which the next refresh token is kept is the keeper's (`project_operator.backends.keeping`); when it is
time, and what is asked, is here.
"""

import asyncio
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from project_operator.backends.calls import Call
from project_operator.backends.deadlines import apart
from project_operator.backends.keeping import Keeper, Replacement
from project_operator.backends.nscale import paths
from project_operator.backends.nscale.config import Session
from project_operator.backends.nscale.credential_payloads import AccountToken, Tokens, read_tokens
from project_operator.backends.nscale.credentials import SPREAD, pause_after
from project_operator.backends.nscale.errors import ANSWERS, Operation
from project_operator.backends.nscale.sender import Sender
from project_operator.errors import BackendError, BackendUnavailable

RENEW_AT: Final = 0.8
"""The share of an access token's life after which the next one is asked for."""


class SessionCredential:
    """A person's session (N3.1-2): access tokens in memory, asked for with a refresh token that works once."""

    expires_at: datetime | None = None
    renews = True
    not_renewed = ""

    def __init__(self, session: Session, sender: Sender, keeper: Keeper) -> None:
        self._session = session
        self._refresh_token = session.refresh_token
        self._sender = sender
        self._keeper = keeper
        self._tokens = Tokens()
        self._former: tuple[str, ...] = ()
        self._obtained_at: datetime | None = None
        self._failure: BackendError | None = None
        self._not_before: datetime | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """See `Credential.secrets`."""
        return (self._tokens.access_token, self._refresh_token, self._session.client_secret, *self._former)

    async def token(self, until: float) -> str:
        """See `Credential.token`. Requests wait while the next access token is asked for, as that ends this one."""
        now = self._sender.now()
        if self._task is None and self._is_due(now) and (self._not_before is None or now >= self._not_before):
            self._task = asyncio.get_running_loop().create_task(self._refresh(), name="refresh the token")
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=max(0.0, until - asyncio.get_running_loop().time()))
        if self._task is None and self._in_date(self._sender.now()):
            return self._tokens.access_token
        raise self._failure_now() or BackendUnavailable("a new access token is being asked for")

    def may_spread(self, token: str) -> bool:
        """See `Credential.may_spread`. An access token that was accepted for a while and is refused was revoked."""
        if self._task is not None or token != self._tokens.access_token:
            return True
        if self._obtained_at is None or self._sender.now() >= self._obtained_at + SPREAD:
            self._tokens = Tokens()
            self._obtained_at = None
        return True

    def identified(self, organization_id: str, account: AccountToken) -> None:
        """Not a service account."""

    async def aclose(self) -> None:
        """See `Credential.aclose`."""
        await self._keeper.aclose()
        if self._task is not None:
            await asyncio.wait({self._task})

    def _is_due(self, now: datetime) -> bool:
        if self._obtained_at is None:
            return True
        return now >= self._obtained_at + RENEW_AT * self._tokens.lifetime

    def _in_date(self, now: datetime) -> bool:
        return self._obtained_at is not None and now < self._obtained_at + self._tokens.lifetime

    def _failure_now(self) -> BackendError | None:
        """A new exception of what came of the last attempt: one that was raised grows a traceback each time."""
        failure = self._failure
        if self._task is not None or failure is None:
            return None
        return type(failure)(str(failure), operation=failure.operation, status=failure.status)

    async def _refresh(self) -> None:
        obtained: list[Tokens] = []

        async def ask() -> Replacement:
            tokens = await self._ask()
            obtained.append(tokens)
            return Replacement((tokens.refresh_token or self._refresh_token).encode("ascii"))

        try:
            successor = await self._keeper.replace(ask)
        except BackendError as error:
            self._failure = error
            self._not_before = self._sender.now() + pause_after(error)
        else:
            self._former = tuple(filter(None, (self._tokens.access_token, self._refresh_token)))
            self._tokens, self._refresh_token = obtained[0], successor.value.decode("ascii")
            self._obtained_at, self._not_before, self._failure = self._sender.now(), None, None
        finally:
            self._task = None

    async def _ask(self) -> Tokens:
        operation = Operation.REFRESH_TOKEN
        # In the body and not as Basic: the server does not undo the encoding that RFC 6749, 2.3.1 asks for (N3.1-8).
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self._refresh_token,
            "client_id": self._session.client_id,
            "client_secret": self._session.client_secret,
        }
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        call = Call("POST", paths.TOKEN, headers, urlencode(form).encode("ascii"))
        with apart():
            answer = await self._sender.send(operation, call, secrets=self.secrets)
        tokens = read_tokens(answer.body)
        if tokens is None:
            raise ANSWERS.unusable(operation, answer)
        return tokens
