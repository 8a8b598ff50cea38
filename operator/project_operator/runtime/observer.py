"""The shared look at one backend: one listing for everybody, single reads while few are in flight.

Projects say what evidence they want (`Poll`); the observer takes the cheapest reads that give it and tells them when it
is there. What a listing means (is it credible? did too much vanish at once?) is judged by pure functions of
`reconcile.credibility`.
"""

import asyncio
import logging
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from math import ceil
from typing import Final, Protocol

from project_operator.backends.base import Backend, RemoteProject
from project_operator.errors import BackendError, BreakerOpen, PermissionDenied, ProjectNotFound
from project_operator.reconcile.actions import Poll
from project_operator.reconcile.credibility import Census, Judgement, judge
from project_operator.reconcile.evidence import NEVER, Listing
from project_operator.runtime.clock import TICK, Clock
from project_operator.runtime.keys import Key

logger = logging.getLogger(__name__)

READS_AT_ONCE: Final = 4
LISTING_WORTH: Final = 250
"""A listing of so many projects costs about what one more single read does."""
WORK_SHARE: Final = 0.2
"""Of its time, that listings for what is under way may take: thousands of projects take a while to be listed and read,
and while many are made somebody always waits for the next listing."""
LONGEST_REST: Final = 2.0
"""Seconds between two such listings, however long they take."""
HELD_BY_A_PROBE: Final = 1.0
"""Seconds until the next look while it is being tried whether the backend answers; `resume` comes before."""
HELD_BY_A_DEFECT: Final = 30.0
"""Seconds until the next look after one that met what it cannot deal with."""


class Audience(Protocol):
    """Who the observer works for."""

    def census(self) -> Census:
        """What statuses say at this moment about the projects of this backend."""

    def has_read(self, key: Key, poll: Poll, project: RemoteProject | None, *, begun_at: float) -> None:
        """The single read that ``poll`` asked for was answered: look at ``key`` again. None: not found."""

    def note_read(self, project_id: str, project: RemoteProject | None) -> None:
        """The observer read ``project_id`` of its own accord; None: not found."""

    def wake(self, key: Key) -> None:
        """A listing that ``key`` wanted is there."""

    def wake_holders(self, project_ids: Iterable[str]) -> None:
        """These named projects look different from what their Projects last saw."""

    def wake_owners(self, marks: Iterable[str]) -> None:
        """No status names these marked projects: duplicates, or creations whose answer was lost."""

    def failed(self, error: BackendError) -> None:
        """A read failed."""

    def judged(self, judgement: Judgement) -> None:
        """A listing was taken and judged."""


@dataclass(slots=True)
class _Want:
    poll: Poll
    due: float
    held_until: float = NEVER


class Observer:
    """Runs as one task per connection (`run`); everything else is called from the same event loop."""

    def __init__(self, backend: Backend, audience: Audience, clock: Clock, *, interval: float) -> None:
        self._backend = backend
        self._audience = audience
        self._clock = clock
        self._interval = interval
        self._wants: dict[Key, _Want] = {}
        self._changed = asyncio.Event()
        self._seen_as: dict[str, RemoteProject] = {}
        self._next_round = NEVER
        self._round_held_until = NEVER
        self._rests_until = NEVER
        self._failures = 0
        self._missing: AbstractSet[str] = frozenset()
        self._in_doubt: dict[str, None] = {}
        self.listing: Listing | None = None
        self.read_verified_at = NEVER

    def want(self, key: Key, poll: Poll) -> None:
        """``key`` wants evidence; replaces what it wanted before."""
        self._wants[key] = _Want(poll, self._clock.now() + poll.within)
        self._changed.set()

    def drop(self, key: Key) -> None:
        """``key`` wants nothing any more."""
        self._wants.pop(key, None)

    def settled_on(self, project_id: str, project: RemoteProject) -> None:
        """The Project of ``project_id`` has dealt with it as it is here; it is woken when it looks different."""
        self._seen_as[project_id] = project

    def resume(self) -> None:
        """The backend answers again: what was put off because of failures is due as it was before."""
        self._failures = 0
        self._hold_until(NEVER)
        self._changed.set()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self._changed.clear()
            pause = self._next_due() - self._clock.now()
            if pause > TICK:
                try:
                    # Not wait_for: before Python 3.12 it loses a cancellation that comes with the wish.
                    async with asyncio.timeout(pause):
                        await self._changed.wait()
                except TimeoutError:
                    pass
                else:
                    # Let a burst of wishes gather: they share a listing.
                    await asyncio.sleep(0.02)
                continue
            try:
                await self._look()
            except BreakerOpen as error:
                self._hold_until(self._clock.now() + max(error.retry_after or 0.0, HELD_BY_A_PROBE))
            except BackendError as error:
                self._failures += 1
                self._audience.failed(error)
                hold = max(
                    error.retry_after or 0.0,
                    min(30.0, 0.5 * 2.0 ** min(self._failures, 8)) * (0.5 + self._clock.jitter() / 2),
                )
                self._hold_until(self._clock.now() + hold)
            except Exception:
                # Without the observer nothing here would ever be seen again.
                logger.exception("a look at a backend met a defect of the operator; trying again in 30 s")
                self._hold_until(self._clock.now() + HELD_BY_A_DEFECT)
            else:
                self._failures = 0

    def _next_due(self) -> float:
        round_due = max(self._next_round, self._round_held_until)
        return min([max(want.due, want.held_until) for want in self._wants.values()] + [round_due])

    def _hold_until(self, moment: float) -> None:
        """What is wanted by now, and the next round, wait until ``moment``; what is wanted later does not."""
        self._round_held_until = moment
        for want in self._wants.values():
            want.held_until = moment

    async def _look(self) -> None:
        now = self._clock.now() + TICK
        due = {key: want for key, want in self._wants.items() if max(want.due, want.held_until) <= now}
        single = {key for key, want in due.items() if want.poll.project_id}
        known = len(self.listing.by_id) if self.listing is not None else 0
        if (
            max(self._next_round, self._round_held_until) > now
            and len(single) == len(due)
            and len(due) <= max(READS_AT_ONCE, ceil(known / LISTING_WORTH))
        ):
            await self._read_each([(key, due[key].poll) for key in single])
        else:
            # Who wants something meanwhile shares that listing too.
            await asyncio.sleep(max(0.0, self._rests_until - self._clock.now()))
            begun_at = self._clock.now()
            await self._list()
            took = self._clock.now() - begun_at
            self._rests_until = begun_at + took + min(LONGEST_REST, took * (1 / WORK_SHARE - 1))

    async def _read_each(self, wanted: list[tuple[Key, Poll]]) -> None:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._read(key, poll)) for key, poll in wanted]
        errors = [error for task in tasks if (error := task.result()) is not None]
        if errors:
            raise errors[0]

    async def _read(self, key: Key, poll: Poll) -> BackendError | None:
        begun_at = self._clock.now()
        project: RemoteProject | None = None
        try:
            project = await self._backend.get_project(poll.project_id, group_ids=poll.group_ids)
        except ProjectNotFound:
            pass
        except BackendError as error:
            return error
        self._wants.pop(key, None)
        self._audience.has_read(key, poll, project, begun_at=begun_at)
        return None

    async def _list(self) -> None:
        begun_at = self._clock.now()
        # What looks as it did is one object with what was seen then: of thousands nothing is kept twice.
        projects = tuple(self._as_seen(project) for project in await self._backend.list_projects())
        census = self._audience.census()
        shown = {project.id for project in projects}
        verified = bool(census.named & shown) or await self._may_read()
        if verified:
            self.read_verified_at = begun_at
        judgement = judge(census, shown, begun_at=begun_at, may_read=verified)
        self._in_doubt = {one: None for one in self._in_doubt if one in judgement.missing}
        self.listing = Listing.of(
            projects, begun_at=begun_at, credible=judgement.credible, in_doubt=tuple(sorted(self._in_doubt))
        )
        self._next_round = self._clock.now() + self._interval * (0.9 + 0.2 * self._clock.jitter())
        self._seen_as = {known: seen for known, seen in self._seen_as.items() if known in census.named}
        self._audience.judged(judgement)
        self._audience.wake_holders(
            project_id
            for project_id in census.named
            if self.listing.by_id.get(project_id) != self._seen_as.get(project_id) or project_id not in shown
        )
        self._audience.wake_owners(
            project.content.mark
            for project in projects
            if project.content.mark and project.id not in census.named and not project.deleting
        )
        for key, want in list(self._wants.items()):
            if want.poll.after < begun_at:
                del self._wants[key]
                self._audience.wake(key)
        if judgement.may_read and not judgement.suspicious:
            await self._look_for(judgement.missing & self._missing)
        self._missing = judgement.missing

    def _as_seen(self, project: RemoteProject) -> RemoteProject:
        seen = self._seen_as.get(project.id)
        return seen if seen is not None and seen == project else project

    async def _look_for(self, missing: AbstractSet[str]) -> None:
        """Read a few of what a listing lacked twice. Whoever names such a project was woken by the first, and may not
        be able to read it: it is suspended, say, or its own backend object cannot be used.
        """
        known = [one for one in self._in_doubt if one in missing]
        chosen = [*sorted(missing - self._in_doubt.keys()), *known][:READS_AT_ONCE]
        async with asyncio.TaskGroup() as group:
            for project_id in chosen:
                group.create_task(self._look_for_one(project_id))

    async def _look_for_one(self, project_id: str) -> None:
        self._in_doubt.pop(project_id, None)
        project: RemoteProject | None = None
        try:
            project = await self._backend.get_project(project_id)
        except ProjectNotFound:
            self._audience.note_read(project_id, None)
            return
        except BackendError as error:
            logger.info("whether project %s is gone is not known: %s", project_id, error)
            self._audience.failed(error)
        else:
            logger.info("project %s is shown by a read of its id, and not by the listing", project_id)
            self._audience.note_read(project_id, project)
        self._in_doubt[project_id] = None

    async def _may_read(self) -> bool:
        try:
            await self._backend.verify_read_access()
        except PermissionDenied as error:
            self._audience.failed(error)
            return False
        return True
