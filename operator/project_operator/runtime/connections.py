"""One open connection per backend object and credential: limiter, observer, groups, and whether it can be used."""

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, Protocol

from project_operator.api.conditions import Reason
from project_operator.api.marks import Mark
from project_operator.api.names import ACCEPT_ABSENCE_ANNOTATION
from project_operator.backends.base import Backend, ConnectionFacts, RemoteProject
from project_operator.backends.load import Load
from project_operator.backends.vendor import Capabilities
from project_operator.errors import (
    BackendError,
    CredentialsRejected,
    HeldBack,
    PermissionDenied,
    RequestRefused,
    Throttled,
)
from project_operator.reconcile.actions import Poll
from project_operator.reconcile.backoff import WORTH_A_WORD
from project_operator.reconcile.credibility import Census, Judgement
from project_operator.reconcile.evidence import NEVER, Observation
from project_operator.reconcile.view import Groups, Roles, Verdict
from project_operator.runtime.breaker import State
from project_operator.runtime.circuit import Circuit
from project_operator.runtime.clock import Clock
from project_operator.runtime.keys import Key
from project_operator.runtime.limiter import Limiter
from project_operator.runtime.observer import Observer
from project_operator.runtime.shared_read import SharedRead

logger = logging.getLogger(__name__)

_NAMED_KEPT: Final = 60.0
"""For how many seconds, and the read lag, it is remembered when an own creation was answered: longer than a listing
takes.
"""


class Owner(Protocol):
    """Who keeps the connections: knows the Projects, and hears of changes."""

    def named(self, endpoint_id: str) -> tuple[frozenset[str], frozenset[str]]:
        """Ids that statuses name in that place, and those of them whose vanishing is no surprise."""

    def has_read(self, key: Key, poll: Poll, observation: Observation) -> None:
        """The single read that ``poll`` asked for ``key`` was answered: look at it again."""

    def wake(self, keys: Iterable[Key], *, routine: bool) -> None:
        """Look at these again."""

    def holders(self, endpoint_id: str, project_id: str) -> Iterable[Key]:
        """The Projects that name a project."""

    def wake_owner(self, uid: str) -> None:
        """Look again at the Project of that uid, if it lives."""

    def connection_changed(self, connection: "Connection") -> None:
        """Whether the connection can be used has changed."""

    def connection_says(self, connection: "Connection") -> None:
        """There is something new to tell about the connection, which nobody waits for."""


class Connection:
    """Lives from a successful ``connect`` until the backend object, its Secret or the process goes."""

    def __init__(  # noqa: PLR0913 - what it is made of, and what it knows, one by one
        self,
        key: Key,
        backend: Backend,
        limiter: Limiter,
        circuit: Circuit,
        facts: ConnectionFacts,
        owner: Owner,
        clock: Clock,
        *,
        explain_rejection: Callable[[str], str] = str,
        capabilities: Capabilities,
        load: Load,
        endpoint_id: str,
        revision: str,
        interval: float,
        read_lag: float,
    ) -> None:
        """``backend``: its calls go through ``circuit``. ``explain_rejection``: what is said of a credential that is
        refused, with what else is known of it.
        """
        self.key = key
        self.backend = backend
        self.circuit = circuit
        self.facts = facts
        self.capabilities = capabilities
        self.load = load
        self.endpoint_id = endpoint_id
        self.revision = revision
        self._verdict: Verdict | None = None
        self._outage: Verdict | None = None
        self.groups: Groups | None = None
        self.roles: Roles | None = None
        self.accepted_absence = 0
        self.observer = Observer(backend, self, clock, interval=interval)
        self._explain_rejection = explain_rejection
        self._limiter = limiter
        self._owner = owner
        self._clock = clock
        self.opened_at = clock.now()
        self._read_lag = read_lag
        self.confirmed_gone: set[str] = set()
        self._named_at: OrderedDict[str, float] = OrderedDict()
        self._reading_groups = SharedRead()
        self._reading_roles = SharedRead()
        self._observing: asyncio.Task[None] | None = None
        self._knocking: asyncio.Task[None] | None = None
        self._asked_to_wait = ""
        self._wait_ends_at = NEVER
        circuit.on_change = self._breaker_changed
        limiter.on_pause = self._paused

    @property
    def not_ready(self) -> Verdict | None:
        """Why nothing is asked of the backend at present; None where it is."""
        return self._outage or self._verdict

    @property
    def asked_to_wait(self) -> str:
        """What people are told of the long wait that the backend asks for at present; "" where it asks for none."""
        return self._asked_to_wait if asyncio.get_running_loop().time() < self._wait_ends_at else ""

    def start(self) -> None:
        """Begin to observe."""
        self._observing = asyncio.get_running_loop().create_task(self.observer.run(), name=f"observer {self.key}")

    def tasks(self) -> list[asyncio.Task[None]]:
        """What runs for it: the observer, and who knocks while the breaker is open."""
        return [task for task in (self._observing, self._knocking) if task is not None]

    async def aclose(self) -> None:
        """Stop observing and close the connections; calls under way end with a truthful error."""
        self.circuit.on_change = lambda _before, _error: None
        self._limiter.on_pause = lambda _: None
        for task in self.tasks():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self.backend.aclose()

    async def make_sure_who_we_are(self) -> None:
        """Ask again, where that could not be asked: who made what carries our mark hangs on it (R8)."""
        if not self.facts.principal_in_doubt:
            return
        try:
            self.facts = await self.backend.connect()
        except BackendError as error:
            logger.warning("%s: who its credential is could not be learnt: %s", self.key, error)
            return
        if not self.facts.principal_in_doubt:
            # Only then: this wakes the worker that asks again.
            self._owner.connection_changed(self)

    async def read_groups(self, after: float) -> None:
        """Make `groups` a listing begun after ``after``; many waiters share one."""

        async def read() -> None:
            begun_at = self._clock.now()
            self.groups = Groups(begun_at, await self.backend.list_groups())

        await self._reading_groups.until(lambda: self.groups is not None and self.groups.begun_at > after, read)

    async def read_roles(self, after: float) -> None:
        """Make `roles` a listing begun after ``after``; many waiters share one."""

        async def read() -> None:
            begun_at = self._clock.now()
            self.roles = Roles(begun_at, await self.backend.list_roles())

        await self._reading_roles.until(lambda: self.roles is not None and self.roles.begun_at > after, read)

    def named(self, project_id: str) -> None:
        """An own creation was answered with this id: a listing that began before cannot show it."""
        now = self._clock.now()
        self._named_at[project_id] = now
        while next(iter(self._named_at.values())) + self._read_lag < now - _NAMED_KEPT:
            self._named_at.popitem(last=False)

    def answered(self) -> None:
        """A call got a usable answer."""
        if self._verdict is not None and self._verdict.reason is not Reason.SUSPICIOUS_ABSENCE:
            self._set(None)

    def failed(self, error: BackendError) -> None:
        """A call failed: what that says about the credential and its rights, about names, and about the pace. Whether
        the endpoint answers at all is the circuit's business.
        """
        if isinstance(error, HeldBack):
            return
        if isinstance(error, Throttled):
            self._limiter.pause(error.retry_after or 1.0)
        elif isinstance(error, CredentialsRejected):
            self._set(Verdict(Reason.CREDENTIALS_REJECTED, self._explain_rejection(str(error))))
        elif isinstance(error, PermissionDenied) and error.operation == "verify_read_access":
            self._set(Verdict(Reason.PERMISSION_DENIED, str(error)))
        elif isinstance(error, RequestRefused):
            # Perhaps for a group or a role that is gone: what names mean is asked anew.
            self.groups = self.roles = None

    def census(self) -> Census:
        """See `observer.Audience.census`."""
        named, expected = self._owner.named(self.endpoint_id)
        self.confirmed_gone &= named
        return Census(
            named=named,
            expected=expected,
            confirmed_gone=frozenset(self.confirmed_gone),
            named_at=dict(self._named_at),
            read_lag=self._read_lag,
            accepted=self.accepted_absence,
        )

    def take_over(self, former: "Connection") -> None:
        """What single reads through ``former`` proved gone stays so, where both lead to the same place."""
        if former.endpoint_id == self.endpoint_id:
            self.confirmed_gone |= former.confirmed_gone

    def note_read(self, project_id: str, project: RemoteProject | None) -> None:
        """What a single read said, whoever sent it."""
        self.answered()
        if project is None:
            self.confirmed_gone.add(project_id)
        else:
            self.confirmed_gone.discard(project_id)

    def has_read(self, key: Key, poll: Poll, project: RemoteProject | None, *, begun_at: float) -> None:
        """See `observer.Audience.has_read`."""
        self.note_read(poll.project_id, project)
        self._owner.has_read(key, poll, Observation(begun_at, project))

    def wake(self, key: Key) -> None:
        """See `observer.Audience.wake`."""
        self._owner.wake([key], routine=True)

    def wake_holders(self, project_ids: Iterable[str]) -> None:
        """See `observer.Audience.wake_holders`."""
        for project_id in project_ids:
            self._owner.wake(self._owner.holders(self.endpoint_id, project_id), routine=True)

    def wake_owners(self, marks: Iterable[str]) -> None:
        """See `observer.Audience.wake_owners`."""
        for token in marks:
            if (mark := Mark.parse(token)) is not None:
                self._owner.wake_owner(mark.uid)

    def judged(self, judgement: Judgement) -> None:
        """See `observer.Audience.judged`: too much vanished at once, and nothing is touched (I4)."""
        if judgement.suspicious:
            self._set(
                Verdict(
                    Reason.SUSPICIOUS_ABSENCE,
                    f"{judgement.suspicious} projects vanished from the organization at once, which is not "
                    "believed and nothing is touched. Check the rights "
                    "of the credential; if they are really gone, annotate this object with "
                    f"{ACCEPT_ABSENCE_ANNOTATION}={judgement.suspicious}",
                )
            )
        elif self._verdict is not None and (judgement.may_read or self._verdict.reason is not Reason.PERMISSION_DENIED):
            self._set(None)

    def _set(self, verdict: Verdict | None) -> None:
        if verdict == self._verdict:
            return
        logger.info("%s: %s", self.key, verdict.message if verdict else "ready again")
        self._verdict = verdict
        self._owner.connection_changed(self)

    def _paused(self, until: float) -> None:
        """See `limiter.Limiter.on_pause`. What was told stays true where the wait becomes a little longer."""
        left = until - asyncio.get_running_loop().time()
        if left < WORTH_A_WORD or until - self._wait_ends_at < WORTH_A_WORD:
            return
        self._wait_ends_at = until
        ends = datetime.fromtimestamp(self._clock.wall() + left, tz=UTC)
        self._asked_to_wait = f"the backend asks for fewer requests; none is sent before {ends:%Y-%m-%dT%H:%M:%SZ}"
        logger.warning("%s: %s", self.key, self._asked_to_wait)
        self._owner.connection_says(self)

    def _breaker_changed(self, before: State, error: BackendError | None) -> None:
        """See `circuit.OnChange`. Between open and half open there is nothing to tell: no call of others begins."""
        after = self.circuit.state
        if before is State.CLOSED:
            cause = str(error) if error is not None else "what it answers is not understood"
            self._outage = Verdict(
                Reason.BACKEND_UNAVAILABLE,
                f"{cause}; no further call begins until a read is answered, which is tried now and then",
            )
            logger.warning("%s: %s", self.key, self._outage.message)
            self._knocking = asyncio.get_running_loop().create_task(self._knock(), name=f"knock at {self.key}")
        elif after is State.CLOSED:
            self._outage = None
            logger.info("%s: the backend answers again", self.key)
            self.observer.resume()
        else:
            return
        self._owner.connection_changed(self)

    async def _knock(self) -> None:
        """Try one read now and then until the breaker is closed."""
        while self.circuit.state is not State.CLOSED:
            await asyncio.sleep(self.circuit.pause)
            try:
                await self.circuit.probe(self.backend.verify_read_access)
            except BackendError as error:
                self.failed(error)
            except Exception:
                logger.exception("%s: a probe met a defect of the operator", self.key)


def revision_of(spec_digest: str, secret: Mapping[str, bytes]) -> str:
    """Changes with the backend object's spec and with the content of its Secret; says nothing about either."""
    digest = sha256(spec_digest.encode())
    for name, value in sorted(secret.items()):
        digest.update(f"\0{name}\0{len(value)}\0".encode() + value)
    return digest.hexdigest()[:16]
