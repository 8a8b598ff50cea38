"""The token of a connection: signed in for when it is needed, replaced before it ends, and at once where it is refused.

However many calls want a token, one sign-in is under way at a time, and how often one may follow another is bounded:
a backend that refuses good tokens, or accounts that lock after some wrong passwords, make no storm.
"""

import asyncio
from collections.abc import Awaitable, Callable
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from project_operator.errors import BackendError, CredentialsRejected

REFRESH_AT: Final = 0.8
"""Part of a token's life after which it is replaced. What is left is for sign-ins that fail."""

RENEWAL_PAUSE: Final = 5.0
"""Seconds between two sign-ins because a token was refused."""

FAILURE_PAUSE: Final = 1.0
REJECTION_PAUSE: Final = 5.0
"""Seconds after a sign-in that failed, or was rejected, in which no other is tried (Retry-After makes it longer)."""

_LONGEST_PAUSE: Final = 300.0


@dataclass(frozen=True, slots=True, eq=False)
class Token:
    """What a sign-in gave."""

    value: str = field(repr=False)
    life: float
    """Seconds, from when it was asked for."""
    user: str = ""
    """Name of who signed in."""
    domain_id: str = ""
    """The domain that it is for; "" where it is for a project, or for the whole cloud."""
    domain_name: str = ""
    project_id: str = ""
    """The project that it is for, likewise."""
    project_domain_id: str = ""
    project_domain_name: str = ""
    """That project's domain."""
    credential_expires_at: datetime | None = None
    """When the password behind it ends, where it does; aware."""


class TokenKeeper:
    """Belongs to the event loop that first uses it."""

    def __init__(self, sign_in: Callable[[], Awaitable[Token]], clock: Callable[[], float]) -> None:
        """``sign_in`` asks for a token, once; ``clock`` counts seconds and never goes back."""
        self._sign_in = sign_in
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token: Token | None = None
        self._asked_at = 0.0
        self._renewed_at = float("-inf")
        self._refusal: BackendError | None = None
        self._resting_until = float("-inf")

    async def current(self) -> Token:
        """A token that should be good.

        Raises:
            BackendError: there is none to be had; the sign-in's error.
        """
        token = self._young()
        if token is not None:
            return token
        async with self._lock:
            token = self._young()
            if token is not None:
                return token
            try:
                return await self._fresh()
            except BackendError:
                # While the old one lives, a sign-in that fails is no reason to stop.
                if self._token is not None and self._age() < self._token.life:
                    return self._token
                raise

    async def instead_of(self, refused: Token) -> Token | None:
        """Another token, as ``refused`` was refused; None where it is too soon after the last time.

        Raises:
            BackendError: there is none to be had; the sign-in's error.
        """
        async with self._lock:
            if self._token is not None and self._token is not refused:
                return self._token
            now = self._clock()
            if now - self._renewed_at < RENEWAL_PAUSE:
                return None
            self._renewed_at = now
            self._token = None
            return await self._fresh()

    def _young(self) -> Token | None:
        token = self._token
        return token if token is not None and self._age() < token.life * REFRESH_AT else None

    def _age(self) -> float:
        return self._clock() - self._asked_at

    async def _fresh(self) -> Token:
        asked_at = self._clock()
        if self._refusal is not None and asked_at < self._resting_until:
            raise copy(self._refusal).with_traceback(None)
        try:
            token = await self._sign_in()
        except BackendError as error:
            pause = REJECTION_PAUSE if isinstance(error, CredentialsRejected) else FAILURE_PAUSE
            self._refusal = error
            self._resting_until = self._clock() + min(max(error.retry_after or 0.0, pause), _LONGEST_PAUSE)
            raise
        self._refusal = None
        self._token, self._asked_at = token, asked_at
        return token
