"""Keeps the Leases: looks, renews, takes, hands over; and answers at any moment whether this replica is in charge.

One task (`LeaseKeeper.run`) does all of it, one look after the other. Whether a call may begin is decided by the clock
alone, and not by whether that task has run lately: a process that slept through its time finds that it is over.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar

from project_operator.errors import KubeConflict, KubeError, KubeNotFound, KubeUnavailable
from project_operator.kube.resources import LEASES, Resource
from project_operator.observability.hooks import Change, Hooks, LeadershipChanged
from project_operator.runtime.clock import TICK, Clock
from project_operator.runtime.leadership import NOBODYS, Crew, Term
from project_operator.runtime.leases import objects
from project_operator.runtime.leases.objects import Lease, LeaseKind
from project_operator.runtime.leases.sight import Seen, Sight, look
from project_operator.runtime.leases.steps import Discard, Fence, Give, Me, Step, Take, next_steps
from project_operator.runtime.leases.tenure import Asked, Pace, Tenure

T = TypeVar("T")

CHECK = "leases"
"""What readiness calls it."""

logger = logging.getLogger(__name__)


class LeaseApi(Protocol):
    """What is asked of the API server; `kube.api.KubeApi` gives it."""

    async def list(
        self, resource: Resource, namespace: str | None = None, *, label_selector: str = ""
    ) -> list[dict[str, Any]]:
        """Live listing, of one moment."""

    async def create(self, resource: Resource, namespace: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        """One new object; `KubeConflict` where there is one of that name."""

    async def patch(self, resource: Resource, obj: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
        """Guarded write (R1)."""

    async def delete(self, resource: Resource, obj: Mapping[str, Any]) -> None:
        """Guarded deletion."""


Report = Callable[[str, str], None]
"""Takes a check's name and why it does not hold ("" = it holds): `Readiness.report`."""


class LeaseKeeper:
    """Implements `Leadership` for one replica of several."""

    def __init__(  # noqa: PLR0913 - every port and setting, by name
        self,
        *,
        api: LeaseApi,
        clock: Clock,
        namespace: str,
        pod: str,
        scope: str,
        pace: Pace,
        ready: Callable[[], bool],
        report: Report,
        hooks: Hooks,
    ) -> None:
        """``pod``: what people know this replica by; ``scope``: what it looks after, the same for all that share the
        work; ``ready``: whether it has seen what there is, before which it takes part in nothing.
        """
        self._api = api
        self._clock = clock
        self._namespace = namespace
        self._pod = pod
        self._pace = pace
        self._ready = ready
        self._report = report
        self._hooks = hooks
        self._me = Me(self._new_name(), scope)
        self._begun_at = clock.now()
        self._sight: Sight | None = None
        self._tenure = Tenure()
        self._terms: dict[str, Term] = {}
        self._numbers = 0
        self._names: dict[str, str] = {}
        self._known_since: dict[str, float] = {}
        self._giving: dict[str, asyncio.Task[None]] = {}
        self._writing = asyncio.Lock()
        self._resigning = False
        self._crew: Crew | None = None

    @property
    def name(self) -> str:
        """Of this replica's own Lease, and so what others see as the holder."""
        return self._me.name

    def term(self, unit: str) -> Term | None:
        """See `Leadership.term`."""
        return self._terms.get(unit) if unit not in self._giving and self._may_act(unit) else None

    def standing(self) -> tuple[int, int]:
        """See `Leadership.standing`."""
        if self._sight is None:
            return 0, 0
        living = self._sight.living(self._me.scope, self._clock.now(), self._pace)
        return sum(self.term(unit) is not None for unit in self._terms), len(living)

    async def run(self, crew: Crew) -> None:
        """Keep the Leases until cancelled."""
        self._crew = crew
        while True:
            try:
                async with self._writing:
                    await self._round(crew)
            except KubeError as error:
                self._report(CHECK, f"the Leases in namespace '{self._namespace}': {error}")
            except Exception:
                logger.exception("the Leases could not be kept: a defect of the operator; trying again")
            self._end_terms()
            await asyncio.sleep(self._pause())

    async def resign(self, grace: float) -> None:
        """Let everything go, each unit as soon as nothing of it is under way, for which there are ``grace`` seconds.
        `run` goes on meanwhile, and is to be cancelled after. Without an API server this ends all the same: then the
        others wait for what is not renewed any more.
        """
        self._resigning = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace + self._pace.patience):
                await self._resign(grace)
        self._rest_on(Tenure())

    async def _resign(self, grace: float) -> None:
        async with self._writing:
            if self._crew is None or self._own() is None:
                return
            try:
                await self._renew(objects.leaving)
            except KubeError as error:
                logger.info("the other replicas are not told that this one ends: %s", error)
        for unit, seen in self._shown().units.items():
            if self._is_ours(seen):
                self._hand_over(unit, self._crew, grace)
        await asyncio.gather(*self._giving.values())
        async with self._writing:
            if (own := self._own()) is not None:
                try:
                    await self._asked(self._api.delete(LEASES, own.raw))
                except KubeError as error:
                    logger.info("the Lease %s stays until the others see that it is not renewed: %s", own.name, error)
                self._sight = self._shown().without(own)
                self._rest_on(Tenure())

    # One look, and what follows from it.

    async def _round(self, crew: Crew) -> None:
        asked = self._now()
        listed = await self._asked(self._api.list(LEASES, self._namespace, label_selector=objects.SELECTOR))
        leases = [lease for raw in listed if (lease := Lease.parse(raw)) is not None and self._concerns_us(lease)]
        now = self._clock.now()
        sight = self._sight = look(self._sight, leases, asked=asked, now=now, pace=self._pace)
        if self._own() is None and self._tenure.renewed is not None:
            self._start_anew()
        shown = {unit: asked for unit, seen in sight.units.items() if self._is_ours(seen)}
        self._rest_on(self._tenure.showing(shown))
        if not await self._is_there():
            return
        self._names = dict(crew.units())
        self._known_since = {unit: self._known_since.get(unit, now) for unit in self._names}
        steps = self._steps()
        await self._do_all(steps, crew)
        if any(isinstance(step, Fence) for step in steps):
            # What it had is free this moment.
            await self._do_all(self._steps(), crew)

    async def _do_all(self, steps: Iterable[Step], crew: Crew) -> None:
        """As many as there is time for until the next renewal; the others come after it."""
        for step in steps:
            if self._renewal_is_due():
                return
            await self._do(step, crew)

    def _steps(self) -> tuple[Step, ...]:
        return next_steps(self._me, self._shown(), self._known_since, now=self._clock.now(), pace=self._pace)

    async def _is_there(self) -> bool:
        """Whether this replica's own Lease is there and fresh; it is made or renewed when it is time."""
        if self._own() is not None:
            if self._renewal_is_due():
                await self._renew(objects.renewal)
        elif self._resigning or not (self._ready() or self._clock.now() - self._begun_at > 2 * self._pace.duration):
            return False
        else:
            asked = self._now()
            body = objects.replica(self._me.name, self._me.scope, self._pace.duration, asked.wall)
            await self._create(body)
            self._rest_on(self._tenure.renewed_at(asked))
            logger.info("this replica is %s", self._me.name)
        self._report(CHECK, "")
        return not self._resigning

    def _renewal_is_due(self) -> bool:
        renewed, now = self._tenure.renewed, self._now()
        return renewed is None or not renewed.holds(now=now.at, wall=now.wall, within=self._pace.renew)

    async def _renew(self, changes: Callable[[float], Mapping[str, Any]]) -> None:
        own, asked = self._own(), self._now()
        if own is not None:
            await self._patch(own, changes(asked.wall))
            self._rest_on(self._tenure.renewed_at(asked))

    async def _do(self, step: Step, crew: Crew) -> None:
        try:
            match step:
                case Fence(lease):
                    await self._patch(lease, objects.vacating(self._clock.wall()))
                    logger.warning("%s has not renewed its Lease; what it was in charge of is taken over", lease.name)
                case Take(unit, lease):
                    await self._take(unit, lease)
                case Give(unit):
                    logger.info("%s is handed over, for an even load", self._names[unit])
                    self._hand_over(unit, crew, 2 * self._pace.duration)
                case Discard(lease):
                    if lease.kind is LeaseKind.BACKEND:
                        self._rest_on(self._tenure.without_unit(lease.unit))
                    await self._asked(self._api.delete(LEASES, lease.raw))
                    self._sight = self._shown().without(lease)
        except (KubeConflict, KubeNotFound) as error:
            logger.debug("somebody was faster: %s", error)

    async def _take(self, unit: str, lease: Lease | None) -> None:
        asked = self._now()
        if lease is None:
            called = objects.name_of_unit(unit or self._me.scope, self._names[unit])
            body = objects.backend(called, unit, self._me.name, self._pace.duration, asked.wall, scope=self._me.scope)
            await self._create(body)
        else:
            await self._patch(lease, objects.taking(lease, self._me.name, self._pace.duration, asked.wall))
        self._rest_on(self._tenure.with_unit(unit, asked))

    def _hand_over(self, unit: str, crew: Crew, grace: float) -> None:
        if unit not in self._giving:
            letting_go = self._let_go(unit, crew, grace)
            self._giving[unit] = asyncio.get_running_loop().create_task(letting_go, name=f"hand over {unit}")
            self._end_terms()

    async def _let_go(self, unit: str, crew: Crew, grace: float) -> None:
        """Nothing begins any more; when nothing is under way either, somebody else may be in charge."""
        try:
            await crew.wind_down(unit, grace)
            while (seen := self._shown().units.get(unit)) is not None and self._is_ours(seen):
                try:
                    async with self._writing:
                        await self._release(unit)
                except KubeError as error:
                    logger.info("the Lease %s is not released yet: %s", seen.lease.name, error)
                    if self._resigning:
                        return
                    await asyncio.sleep(self._pace.look)
        except Exception:
            logger.exception("%s could not be handed over: a defect of the operator", unit)
        finally:
            self._giving.pop(unit, None)

    async def _release(self, unit: str) -> None:
        seen = self._shown().units.get(unit)
        if seen is not None and self._is_ours(seen):
            await self._patch(seen.lease, objects.vacating(self._clock.wall()))
            self._rest_on(self._tenure.without_unit(unit))

    def _start_anew(self) -> None:
        """Our Lease is gone, or over: whoever counts on that may be in charge already. Whatever begins from now on
        begins under another name.
        """
        logger.warning("the Lease %s is over; this replica begins anew", self._me.name)
        self._me = Me(self._new_name(), self._me.scope, self._me.former | {self._me.name})
        self._rest_on(Tenure())

    # Terms: how the rest of the process sees it.

    def _rest_on(self, tenure: Tenure) -> None:
        """What calls rest on from now on. A term that was over before, if only for a moment, stays over (R5)."""
        self._end_terms()
        self._tenure = tenure
        self._end_terms()
        for unit in tenure.shown:
            if unit not in self._terms and unit not in self._giving and not self._resigning and self._may_act(unit):
                self._numbers += 1
                self._terms[unit] = Term(self._numbers, self._clock.now())
                self._tell(unit, "gained")

    def _end_terms(self) -> None:
        for unit in [one for one in self._terms if self.term(one) is None]:
            del self._terms[unit]
            self._tell(unit, "given" if unit in self._giving else "lost")

    def _tell(self, unit: str, change: Change) -> None:
        self._hooks.emit(LeadershipChanged(change))
        level = logging.WARNING if change == "lost" else logging.INFO
        logger.log(level, "leadership of %s: %s", self._names.get(unit, unit), change)
        if self._crew is not None:
            self._crew.leadership_changed(unit)

    # Small things.

    def _may_act(self, unit: str) -> bool:
        return self._tenure.holds(unit, now=self._clock.now(), wall=self._clock.wall(), pace=self._pace)

    def _own(self) -> Lease | None:
        seen = self._sight.replicas.get(self._me.name) if self._sight is not None else None
        return seen.lease if seen is not None and self._is_ours(seen) else None

    def _is_ours(self, seen: Seen) -> bool:
        return seen.gone_since is None and seen.lease.holder == self._me.name

    def _concerns_us(self, lease: Lease) -> bool:
        """Projects without a backend object are looked after scope by scope."""
        return lease.kind is LeaseKind.REPLICA or lease.unit != NOBODYS or lease.scope == self._me.scope

    def _shown(self) -> Sight:
        if self._sight is None:
            raise AssertionError("nothing is done before the first look")
        return self._sight

    async def _create(self, body: Mapping[str, Any]) -> None:
        self._note(await self._asked(self._api.create(LEASES, self._namespace, body)))

    async def _patch(self, lease: Lease, changes: Mapping[str, Any]) -> None:
        self._note(await self._asked(self._api.patch(LEASES, lease.raw, changes)))

    def _note(self, raw: Mapping[str, Any]) -> None:
        lease = Lease.parse(raw)
        if lease is not None:
            self._sight = self._shown().noting(lease, self._clock.now())

    def _now(self) -> Asked:
        return Asked(self._clock.now(), self._clock.wall())

    def _pause(self) -> float:
        ordinary = self._pace.look * (0.9 + 0.2 * self._clock.jitter())
        soonest = self._sight.next_calm(self._clock.now(), self._pace) if self._sight is not None else ordinary
        return min(ordinary, soonest + TICK)

    def _new_name(self) -> str:
        return objects.name_of_replica(self._pod, self._clock.token())

    async def _asked(self, call: Awaitable[T]) -> T:
        """What ``call`` returns, within our patience: a renewal that hangs must not keep us from the next."""
        try:
            async with asyncio.timeout(self._pace.patience):
                return await call
        except TimeoutError:
            raise KubeUnavailable(f"no answer within {self._pace.patience:g} s") from None
