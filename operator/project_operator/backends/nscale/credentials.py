"""The ways to prove to nscale Identity who we are, each as a source of bearer tokens.

Two of them replace themselves, and their successors are shown once: the order in which that is safe is the keeper's
(`project_operator.backends.keeping`); when it is time, and what is asked, is here.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Final, Protocol
from urllib.parse import urlencode

from project_operator.backends.calls import Call
from project_operator.backends.deadlines import apart
from project_operator.backends.keeping import Keeper, Replacement
from project_operator.backends.nscale import paths
from project_operator.backends.nscale.config import Session
from project_operator.backends.nscale.credential_payloads import AccountToken, Tokens, read_account_token, read_tokens
from project_operator.backends.nscale.errors import ANSWERS, Operation
from project_operator.backends.nscale.sender import Sender
from project_operator.errors import BackendError, BackendUnavailable

SPREAD: Final = timedelta(seconds=30)
"""For so long a new token may be refused here and there: the server checks it against a cache that lags (N3.2-11,
N3.1-10)."""

AGAIN: Final = timedelta(seconds=60)
"""Between two attempts to replace a credential, the first of which failed."""

RENEW_AT: Final = 0.8
"""The share of an access token's life after which the next one is asked for."""


class Credential(Protocol):
    """Where the tokens come from."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must show nowhere."""

    @property
    def expires_at(self) -> datetime | None:
        """When it ends, unless it is replaced; None where that is not known."""

    @property
    def renews(self) -> bool:
        """Whether it is replaced before that."""

    async def token(self, until: float) -> str:
        """The token for a request; "" for a request without one. ``until`` is on the running loop's clock.

        Raises:
            BackendError: there is none to be had, or not until then.
        """

    def may_spread(self, token: str) -> bool:
        """Told of a token that was just refused: whether the same request may be accepted in a moment."""

    def identified(self, organization_id: str, account: AccountToken) -> None:
        """Which service account the token is of, as far as that is known."""

    async def aclose(self) -> None:
        """Let what is under way come to its end."""


class CertificateAlone:
    """No token: who we are is in the certificate of the TLS connection (N5-2)."""

    secrets: tuple[str, ...] = ()
    expires_at: datetime | None = None
    renews = False

    async def token(self, until: float) -> str:  # noqa: ARG002 - there is nothing to wait for
        """None."""
        return ""

    def may_spread(self, token: str) -> bool:  # noqa: ARG002 - there is none
        """There is nothing that could."""
        return False

    def identified(self, organization_id: str, account: AccountToken) -> None:
        """Not a service account."""

    async def aclose(self) -> None:
        """Nothing is under way."""


class AccountCredential:
    """A service account's token (N3.2), which replaces itself where it is told to (N3.2-4, N3.2-9)."""

    def __init__(self, token: str, before: timedelta | None, sender: Sender, keeper: Keeper) -> None:
        """``before``: how long before its expiry the token is to be replaced; None: it is not."""
        self._token = token
        self._former: tuple[str, ...] = ()
        self._before = before
        self._sender = sender
        self._keeper = keeper
        self._organization_id = ""
        self._account = AccountToken()
        self._issued_at: datetime | None = None
        self._not_before: datetime | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """See `Credential.secrets`."""
        return (self._token, *self._former)

    @property
    def expires_at(self) -> datetime | None:
        """See `Credential.expires_at`."""
        return self._account.expires_at

    @property
    def renews(self) -> bool:
        """See `Credential.renews`."""
        return self._before is not None

    async def token(self, until: float) -> str:  # noqa: ARG002 - nobody waits for a rotation
        """See `Credential.token`. The present token stays in use while its successor is asked for."""
        if self._task is None and self._is_due(self._sender.now()):
            self._task = asyncio.get_running_loop().create_task(self._rotate(), name="rotate the token")
        return self._token

    def may_spread(self, token: str) -> bool:
        """See `Credential.may_spread`. While it is replaced, the present token may be dead already."""
        if self._task is not None or token != self._token:
            return True
        return self._issued_at is not None and self._sender.now() < self._issued_at + SPREAD

    def identified(self, organization_id: str, account: AccountToken) -> None:
        """See `Credential.identified`."""
        self._organization_id, self._account = organization_id, account

    async def aclose(self) -> None:
        """See `Credential.aclose`."""
        await self._keeper.aclose()
        if self._task is not None:
            await asyncio.wait({self._task})

    def _is_due(self, now: datetime) -> bool:
        expires_at = self._account.expires_at
        if self._before is None or expires_at is None or not self._account.id:
            return False
        if self._not_before is not None and now < self._not_before:
            return False
        due = expires_at - self._before
        if self._issued_at is not None:
            # Servers with short-lived tokens are not asked for the next one all the time.
            due = max(due, self._issued_at + (expires_at - self._issued_at) / 2)
        return due <= now

    async def _rotate(self) -> None:
        try:
            successor = await self._keeper.replace(self._ask)
        except BackendError as error:
            # The keeper has told of it; the present token goes on being used.
            self._not_before = self._sender.now() + _pause(error)
        else:
            self._former, self._token = (self._token,), successor.value.decode("ascii")
            self._issued_at, self._not_before = self._sender.now(), None
            self._account = AccountToken(self._account.id, expires_at=successor.expires_at)
        finally:
            self._task = None

    async def _ask(self) -> Replacement:
        operation = Operation.ROTATE_TOKEN
        headers = {"Accept": "application/json", "Authorization": f"Bearer {self._token}"}
        call = Call("POST", paths.rotation(self._organization_id, self._account.id), headers)
        with apart():
            answer = await self._sender.send(operation, call, secrets=self.secrets)
        shown = read_account_token(answer.body)
        if shown is None or shown.id != self._account.id:
            raise ANSWERS.unusable(operation, answer)
        return Replacement(shown.token.encode("ascii"), shown.expires_at)


class SessionCredential:
    """A person's session (N3.1-2): access tokens in memory, asked for with a refresh token that works once."""

    expires_at: datetime | None = None
    renews = True

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
            self._not_before = self._sender.now() + _pause(error)
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


def _pause(error: BackendError) -> timedelta:
    return AGAIN if error.retry_after is None else timedelta(seconds=error.retry_after)
