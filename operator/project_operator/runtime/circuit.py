"""The circuit breaker of one connection at work: it is told how every call ended, and lets calls begin or not.

A call is a method of `Backend`, which may be several requests. It is stopped before its first request or not at all:
what has begun goes on to its end, so that no half of a change is left behind for the breaker's sake.
"""

import contextlib
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass

from project_operator.errors import BackendError, BreakerOpen, HeldBack
from project_operator.reconcile.backoff import WORTH_A_WORD
from project_operator.runtime.breaker import Breaker, Ended, Limits, State, meaning
from project_operator.runtime.clock import Clock

OnChange = Callable[[State, BackendError | None], None]
"""Told of the state that the breaker was in, after each change, and of the failure that brought it about."""


@dataclass(slots=True)
class _Call:
    turn: int
    begun: bool = False


_CALL: ContextVar[_Call | None] = ContextVar("call", default=None)
"""That which the present task is about, or was begun by."""
_PROBES: ContextVar[bool] = ContextVar("probes", default=False)


class Circuit:
    """One per connection; belongs to one event loop."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._breaker = Breaker(limits)
        self._clock = clock
        self.on_change: OnChange = lambda _before, _error: None

    @property
    def state(self) -> State:
        """Whether calls begin."""
        return self._breaker.state

    @property
    def pause(self) -> float:
        """Seconds until a probe may be made; 0 where that may be now, or none is needed."""
        return max(0.0, self._breaker.probe_at - self._clock.now()) if self.state is State.OPEN else 0.0

    @contextlib.contextmanager
    def call(self, *, of_one: bool = False) -> Iterator[None]:
        """Around one call; ``of_one``: it is about a single project.

        Raises:
            BreakerOpen: it is not to be begun.
        """
        if not self._lets_through():
            raise self._refusal()
        call = _Call(self._breaker.turn)
        token = _CALL.set(call)
        try:
            yield
        except BackendError as error:
            self._ended(call, meaning(error, of_one=of_one), error)
            raise
        except Exception:
            # What it answers is not understood.
            self._ended(call, Ended.FAILED)
            raise
        else:
            self._ended(call, Ended.ANSWERED)
        finally:
            _CALL.reset(token)

    def begin(self) -> None:
        """The first byte of a request is about to leave: what waited for the limiter is looked at once more.

        Raises:
            BreakerOpen: it is the first of its call, and the breaker has opened meanwhile.
        """
        call = _CALL.get()
        if call is not None and call.begun:
            return
        if not self._lets_through():
            raise self._refusal()
        if call is not None:
            call.begun = True

    @staticmethod
    def held(seconds: float) -> None:
        """A request is about to wait for so long because the backend asked for it. A call that has not begun does not
        wait where that is worth a word to people: who makes it has others to tell.

        Raises:
            HeldBack: it is not begun.
        """
        call = _CALL.get()
        if call is not None and not call.begun and seconds >= WORTH_A_WORD:
            raise HeldBack("not sent, because the backend asks for fewer requests", retry_after=seconds)

    async def probe(self, ask: Callable[[], Awaitable[None]]) -> None:
        """Half open: ``ask``, which is one call, shows whether it is over. Nothing where it is not time for that; where
        it is cancelled, the next may come at once.

        Raises:
            BackendError: what ``ask`` raises.
        """
        self._become(self._breaker.tried(self._clock.now()))
        if self.state is not State.HALF_OPEN:
            return
        token = _PROBES.set(True)
        try:
            await ask()
        finally:
            _PROBES.reset(token)

    def _lets_through(self) -> bool:
        return self.state is State.CLOSED or (self.state is State.HALF_OPEN and _PROBES.get())

    def _refusal(self) -> BreakerOpen:
        message = "not asked, because the backend gives no usable answers at present; when it does, this goes on"
        return BreakerOpen(message, retry_after=self.pause)

    def _ended(self, call: _Call, how: Ended, error: BackendError | None = None) -> None:
        retry_after = error.retry_after if error is not None else None
        now, jitter = self._clock.now(), 0.0 if how is Ended.ANSWERED else self._clock.jitter()
        self._become(self._breaker.ended(call.turn, how, now=now, jitter=jitter, retry_after=retry_after), error)

    def _become(self, after: Breaker, error: BackendError | None = None) -> None:
        before, self._breaker = self._breaker, after
        if before.turn != after.turn:
            self.on_change(before.state, error)
