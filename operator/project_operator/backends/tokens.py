"""The access token of a connection: signed in for when needed, renewed before it ends, and at once where it is refused.

However many calls want a token, one sign-in is under way at a time, and how often one may follow another is bounded: a
backend that refuses good tokens, or accounts that lock after some wrong passwords, make no storm.

A sign-in is nobody's: it has the whole time of a request, however little the call that began it has left, and goes on
when that call gives up. Each call waits for it until its own deadline.
"""

import asyncio
from collections.abc import Awaitable, Callable
from copy import copy
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from project_operator.backends.calls import Answer, NoAnswer
from project_operator.backends.deadlines import apart, shared_deadline
from project_operator.errors import BackendError, BackendUnavailable, BreakerOpen, CredentialsRejected

LEAST_MARGIN: Final = 30.0
"""Seconds before its end at which a token is renewed at the latest; what is left is for sign-ins that fail."""

MARGIN: Final = 0.1
"""Part of its life, where that is longer."""

RENEWAL_PAUSE: Final = 5.0
"""Seconds between two sign-ins because a token was refused."""

FAILURE_PAUSE: Final = 1.0
REJECTION_PAUSE: Final = 5.0
"""Seconds after a sign-in that failed, or was rejected, in which no other is tried (Retry-After makes it longer)."""

_LONGEST_PAUSE: Final = 300.0


@dataclass(frozen=True, slots=True, eq=False)
class AccessToken:
    """What a sign-in gave; vendors add what it says of itself."""

    value: str = field(repr=False)
    life: float
    """Seconds, from when it was asked for."""

    @property
    def youth(self) -> float:
        """Seconds for which it is not renewed: never in its first half."""
        return max(self.life / 2, self.life - max(LEAST_MARGIN, MARGIN * self.life))


Token = TypeVar("Token", bound=AccessToken)

SignIn = Callable[[], Awaitable[Token]]
"""Asks for a token, once. Raises the `BackendError` that says why there is none."""

Outcome = Answer | NoAnswer


class TokenKeeper(Generic[Token]):
    """Belongs to the event loop that first uses it."""

    def __init__(
        self,
        sign_in: SignIn[Token],
        clock: Callable[[], float] | None = None,
        *,
        rejection_pause: float = REJECTION_PAUSE,
    ) -> None:
        """``clock`` counts seconds and never goes back; the running loop's, where there is none. ``rejection_pause`` is
        how long no other sign-in is tried after one that was rejected.
        """
        self._rejection_pause = rejection_pause
        self._sign_in = sign_in
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._latest: asyncio.Task[Token] | None = None
        self._token: Token | None = None
        self._asked_at = 0.0
        self._renewed_at = float("-inf")
        self._refusal: BackendError | None = None
        self._resting_until = float("-inf")

    async def keep(self, sign_in: SignIn[Token]) -> Token:
        """A token from a sign-in of the caller's, which is used from now on.

        Raises:
            BackendError: what the sign-in raises, or `BackendUnavailable`: it takes longer than the call may.
        """
        while (other := self._under_way) is not None:
            await _ended(other)
        return await _outcome(self._begin(sign_in))

    async def current(self) -> Token:
        """A token that should be good.

        Raises:
            BackendError: there is none to be had; the sign-in's error, or `BackendUnavailable`: it takes longer than
                the call may.
        """
        if (token := self._aged_less(youth=True)) is not None:
            return token
        try:
            return await self._fresh()
        except BackendError:
            # While the old one lives, a sign-in that fails is no reason to stop.
            if (token := self._aged_less(youth=False)) is not None:
                return token
            raise

    async def instead_of(self, refused: Token) -> Token | None:
        """Another token, as ``refused`` was refused; None where it is too soon after the last time.

        Raises:
            BackendError: as of `current`.
        """
        if self._under_way is None:
            if self._token is not None and self._token is not refused:
                return self._token
            now = self._clock()
            if now - self._renewed_at < RENEWAL_PAUSE:
                return None
            self._renewed_at = now
            self._token = None
        return await self._fresh()

    async def send(
        self, exchange: Callable[[Token], Awaitable[Outcome]], refused: Callable[[Outcome, Token], bool]
    ) -> tuple[Outcome, Token]:
        """What came of ``exchange``, and the token that it was last called with.

        Where ``refused`` says that it may be the token that is refused, that is replaced and ``exchange`` called once
        more: what is refused for its token was not done.

        Raises:
            BackendError: there is no token to be had; the sign-in's error.
        """
        token = await self.current()
        outcome = await exchange(token)
        if refused(outcome, token):
            fresh = await self.instead_of(token)
            if fresh is not None:
                return await exchange(fresh), fresh
        return outcome, token

    def forget(self) -> None:
        """Hold no token any more, and end the sign-in that is under way."""
        self._token = None
        if (task := self._under_way) is not None:
            task.cancel()

    def _aged_less(self, *, youth: bool) -> Token | None:
        token = self._token
        if token is None:
            return None
        return token if self._clock() - self._asked_at < (token.youth if youth else token.life) else None

    @property
    def _under_way(self) -> "asyncio.Task[Token] | None":
        return None if self._latest is None or self._latest.done() else self._latest

    async def _fresh(self) -> Token:
        """From the sign-in that is under way, or from one that begins now."""
        if (task := self._under_way) is not None:
            return await _outcome(task)
        if self._refusal is not None and self._clock() < self._resting_until:
            raise copy(self._refusal).with_traceback(None)
        return await _outcome(self._begin(self._sign_in))

    def _begin(self, sign_in: SignIn[Token]) -> "asyncio.Task[Token]":
        task = asyncio.get_running_loop().create_task(self._signed_in(sign_in), name="sign in")
        task.add_done_callback(_look_at)
        self._latest = task
        return task

    async def _signed_in(self, sign_in: SignIn[Token]) -> Token:
        asked_at = self._clock()
        try:
            with apart():
                token = await sign_in()
        except BreakerOpen:
            # Not asked, so not refused: whoever may ask next is not to be told this.
            raise
        except BackendError as error:
            pause = self._rejection_pause if isinstance(error, CredentialsRejected) else FAILURE_PAUSE
            if pause > REJECTION_PAUSE:
                # Whoever opens another connection with this credential must wait as long.
                error.retry_after = max(error.retry_after or 0.0, pause)
            self._refusal = error
            self._resting_until = self._clock() + min(max(error.retry_after or 0.0, pause), _LONGEST_PAUSE)
            raise
        self._refusal = None
        self._token, self._asked_at = token, asked_at
        return token


def _look_at(task: "asyncio.Task[Token]") -> None:
    if not task.cancelled():
        task.exception()  # whoever waited for it may have gone


async def _ended(task: "asyncio.Task[Token]") -> None:
    """Return when ``task`` has ended, however.

    Raises:
        BackendUnavailable: the call that waits has to end before.
    """
    deadline = shared_deadline()
    if deadline is None:
        await asyncio.wait({task})
        return
    while not task.done():
        left = deadline.at - asyncio.get_running_loop().time()
        if left <= 0:
            words = f"sign in: no answer within the {deadline.seconds:g} s that this call may take"
            raise BackendUnavailable(words, operation="sign_in")
        await asyncio.wait({task}, timeout=left)


async def _outcome(task: "asyncio.Task[Token]") -> Token:
    """What came of a sign-in. Raises its error anew, as many wait for it, and `BackendUnavailable` as `_ended` does."""
    await _ended(task)
    if task.cancelled():
        raise BackendUnavailable("sign in: the operator closed the connection", operation="sign_in")
    error = task.exception()
    if isinstance(error, BackendError):
        raise copy(error).with_traceback(None)
    return task.result()


def was_unauthorized(outcome: Outcome, _: AccessToken) -> bool:
    """Whether the answer is 401: where that alone says that a token is refused."""
    return isinstance(outcome, Answer) and outcome.status == 401  # noqa: PLR2004 - a status of HTTP
