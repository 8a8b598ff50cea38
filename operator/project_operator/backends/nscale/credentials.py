"""The ways to prove to nscale Identity who we are, each as a source of bearer tokens."""

from datetime import datetime, timedelta
from typing import Final, Protocol

from project_operator.backends.nscale.credential_payloads import AccountToken
from project_operator.errors import BackendError

SPREAD: Final = timedelta(seconds=30)
"""For so long a new token may be refused here and there: the server checks it against a cache that lags (N3.2-11,
N3.1-10)."""

AGAIN: Final = timedelta(seconds=60)
"""Between two attempts to replace a credential, the first of which failed."""


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

    @property
    def not_renewed(self) -> str:
        """Why it is not although it is told to be, and what to do; "" where it is, or is not told to be."""

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
    not_renewed = ""

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


def pause_after(error: BackendError) -> timedelta:
    """How long a credential is not replaced after an attempt that failed."""
    return AGAIN if error.retry_after is None else timedelta(seconds=error.retry_after)
