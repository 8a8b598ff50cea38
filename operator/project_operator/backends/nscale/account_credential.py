"""A service account's token, which replaces itself where it is told to (N3.2-4, N3.2-9).

Its successor is shown once: the order in which that is safe is the keeper's (`project_operator.backends.keeping`); when
it is time, and what is asked, is here.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from project_operator.backends.calls import Call
from project_operator.backends.deadlines import apart
from project_operator.backends.keeping import Keeper, Replacement
from project_operator.backends.nscale import paths
from project_operator.backends.nscale.credential_payloads import AccountToken, read_account_token
from project_operator.backends.nscale.credentials import SPREAD, pause_after
from project_operator.backends.nscale.errors import ANSWERS, Operation
from project_operator.backends.nscale.sender import Sender
from project_operator.errors import BackendError

_NO_ACCOUNT: Final = (
    "`rotation` does nothing: nscale does not show which service account the token is of; put the token of a service "
    "account into the Secret, or take `rotation` away"
)
_NO_EXPIRY: Final = (
    "`rotation` does nothing: nscale does not say when the token expires; put a new one into the Secret in time, or "
    "take `rotation` away"
)


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
        return self._before is not None and not self.not_renewed

    @property
    def not_renewed(self) -> str:
        """See `Credential.not_renewed`."""
        if self._before is None:
            return ""
        if not self._account.id:
            return _NO_ACCOUNT
        return _NO_EXPIRY if self._account.expires_at is None else ""

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
        if self._before is None or expires_at is None or not self.renews:
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
            self._not_before = self._sender.now() + pause_after(error)
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
