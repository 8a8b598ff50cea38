"""What nscale Identity answers about credentials: tokens that are shown once, and whose they are.

As in ``payloads``, nothing here raises on what a server sent, and its text stays here.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, StringConstraints, TypeAdapter, ValidationError

from project_operator.backends.answers import clipped, quotable
from project_operator.backends.nscale.payloads import (
    LONGEST_WORD,
    LenientText,
    LenientTime,
    Named,
    Payload,
    object_or_nothing,
)

BearerToken = Annotated[str, StringConstraints(pattern=r"^[!-~]+$", max_length=65536)]
"""What can stand in a header (RFC 6750, 2.1); nscale's are 1 to 2 KB (N3.2-7)."""

_LONGEST_LIFE: Final = 366 * 86400


@dataclass(frozen=True, slots=True)
class AccountToken:
    """A service account and the token that it has."""

    id: str = ""
    token: str = field(default="", repr=False)
    """Empty where it is not shown."""
    expires_at: datetime | None = None
    """Aware."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a grant gave."""

    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    """Empty where the server gave none, so that the present one stays."""
    lifetime: timedelta = timedelta()
    """Of the access token."""


class AccountStatusPayload(Payload):
    """Of a service account's status, what we need (N3.2-2, N3.2-4)."""

    access_token: BearerToken | None = Field(default=None, repr=False)
    expiry: LenientTime = None


class AccountPayload(Payload):
    """A service account as it is read; its token is there only in the answer to what made it."""

    metadata: Named
    status: Annotated[AccountStatusPayload, BeforeValidator(object_or_nothing)] = AccountStatusPayload()


class TokensPayload(Payload):
    """The answer to a grant (N3.1-5)."""

    token_type: Annotated[str, StringConstraints(pattern=r"^[Bb]earer$")] = Field(alias="token_type")
    access_token: BearerToken = Field(alias="access_token", repr=False)
    expires_in: Annotated[int, Field(gt=0, le=_LONGEST_LIFE)] = Field(alias="expires_in")
    refresh_token: BearerToken | None = Field(default=None, alias="refresh_token", repr=False)


class UserinfoPayload(Payload):
    """Who a token is of (N3.1-11)."""

    sub: LenientText = ""


_ACCOUNTS: Final = TypeAdapter(tuple[AccountPayload, ...])


def read_accounts(body: bytes) -> tuple[AccountToken, ...] | None:
    """The service accounts in ``body``; None where it is no list of them."""
    try:
        payloads = _ACCOUNTS.validate_json(body)
    except ValidationError:
        return None
    return tuple(map(_account, payloads))


def read_account_token(body: bytes) -> AccountToken | None:
    """The service account in the answer to its rotation; None where there is no token that could be used."""
    try:
        account = _account(AccountPayload.model_validate_json(body))
    except ValidationError:
        return None
    return account if account.token else None


def read_tokens(body: bytes) -> Tokens | None:
    """The tokens in the answer to a grant; None where there are none that could be used."""
    try:
        found = TokensPayload.model_validate_json(body)
    except ValidationError:
        return None
    return Tokens(found.access_token, found.refresh_token or "", timedelta(seconds=found.expires_in))


def read_subject(body: bytes) -> str:
    """Who the token is of, or ""."""
    try:
        return clipped(quotable(UserinfoPayload.model_validate_json(body).sub), LONGEST_WORD)
    except ValidationError:
        return ""


def _account(payload: AccountPayload) -> AccountToken:
    return AccountToken(payload.metadata.id, payload.status.access_token or "", payload.status.expiry)
