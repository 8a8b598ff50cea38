"""The access token of a connection: asked for when needed, renewed before it ends, and at once where it is refused.

However many calls want a token, one sign-in is under way at a time, and how often one may follow another is bounded.
"""

import asyncio
from collections.abc import Awaitable, Callable
from copy import copy
from dataclasses import dataclass, field
from typing import Final

from project_operator.errors import BackendError, CredentialsRejected

LEAST_MARGIN: Final = 30.0
"""Seconds before its end at which a token is renewed at the latest (V9-6)."""

MARGIN: Final = 0.1
"""Part of its life, where that is longer."""

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
    organization_id: str = ""
    """The organization that it is for; "" where it does not say."""
    principal: str = ""
    """Who it is of, as ``createdBy`` would say it."""

    @property
    def youth(self) -> float:
        """Seconds for which it is not renewed."""
        return max(self.life / 2, self.life - max(LEAST_MARGIN, MARGIN * self.life))


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

    async def keep(self, sign_in: Callable[[], Awaitable[Token]]) -> Token:
        """A token from ``sign_in`` of the caller's, which is used from now on. Raises what that raises."""
        async with self._lock:
            asked_at = self._clock()
            token = await sign_in()
            self._token, self._asked_at, self._refusal = token, asked_at, None
            return token

    async def current(self) -> Token:
        """A token that should be good.

        Raises:
            BackendError: there is none to be had; the sign-in's error.
        """
        if (token := self._aged_less(youth=True)) is not None:
            return token
        async with self._lock:
            if (token := self._aged_less(youth=True)) is not None:
                return token
            failure: BackendError
            try:
                return await self._fresh()
            except BackendError as error:
                failure = error
            # While the old one lives, a sign-in that fails is no reason to stop.
            if (token := self._aged_less(youth=False)) is not None:
                return token
            raise failure

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

    def _aged_less(self, *, youth: bool) -> Token | None:
        token = self._token
        if token is None:
            return None
        return token if self._clock() - self._asked_at < (token.youth if youth else token.life) else None

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
