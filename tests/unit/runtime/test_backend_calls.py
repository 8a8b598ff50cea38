import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from random import Random
from unittest.mock import Mock

import pytest
from simulation.backend import Fault, SimulatedBackend
from simulation.loop import run_virtually
from simulation.views import NOW, a_view
from simulation.world import SimulatedClock

from project_operator.api.conditions import Reason
from project_operator.backends.base import ConnectionFacts, Group, ProjectContent
from project_operator.backends.load import Load
from project_operator.errors import BreakerOpen, PermissionDenied
from project_operator.reconcile.actions import Create, ReadGroups, Rest, VerifyReadAccess
from project_operator.reconcile.evidence import NEVER
from project_operator.reconcile.memory import Memory
from project_operator.reconcile.record import Right
from project_operator.reconcile.view import View
from project_operator.runtime.backend_calls import call, watch
from project_operator.runtime.breaker import Limits, State
from project_operator.runtime.circuit import Circuit
from project_operator.runtime.connections import Connection
from project_operator.runtime.keys import Key
from project_operator.runtime.limiter import Limiter


class Stage:
    """A connection, and calls over it."""

    def __init__(self) -> None:
        random = Random(1)  # noqa: S311 - a simulation wants to be repeated
        self.backend, self.clock, self.view = SimulatedBackend(random), SimulatedClock(random), a_view()
        self.connection = Connection(
            Key("identitybackends", "ns", "default", "b1"),
            self.backend,
            Limiter(requests_per_second=10.0, burst=10, max_in_flight=1),
            Circuit(Limits(), self.clock),
            ConnectionFacts("org"),
            Mock(),
            self.clock,
            capabilities=self.backend.capabilities,
            load=Load(),
            endpoint_id="e1",
            revision="r1",
            interval=60.0,
            read_lag=1.0,
        )

    async def call(self, action: Create | ReadGroups | Rest | VerifyReadAccess, view: View | None = None) -> Memory:
        asked = view or self.view
        return await call(asked, self.connection, action, self.clock, watch(self.clock, asked, self.connection))


def told(story: Callable[[Stage], Awaitable[None]]) -> None:
    async def tell() -> None:
        await story(Stage())

    run_virtually(tell())


def test_groups_are_read_once_for_all_who_want_them() -> None:
    async def story(stage: Stage) -> None:
        stage.backend.groups = [Group("g1", "dev")]
        for _ in range(2):
            assert await stage.call(ReadGroups(NEVER)) == stage.view.memory
        assert stage.backend.count("groups") == 1
        assert stage.connection.groups is not None
        assert stage.connection.groups.groups == (Group("g1", "dev"),)

    told(story)


def test_a_proof_of_read_access_counts_from_its_beginning() -> None:
    async def story(stage: Stage) -> None:
        begun = stage.clock.now()
        await stage.call(VerifyReadAccess())
        assert stage.connection.observer.read_verified_at == begun < stage.clock.now()

    told(story)


def test_a_proof_that_fails_proves_nothing_and_is_told_to_the_connection() -> None:
    async def story(stage: Stage) -> None:
        stage.backend.faults.append(Fault("verify", error=PermissionDenied("no", operation="verify_read_access")))
        memory = await stage.call(VerifyReadAccess())
        assert memory.failure is not None
        assert memory.failure.reason is Reason.PERMISSION_DENIED
        assert stage.connection.observer.read_verified_at == NEVER
        assert stage.connection.not_ready is not None

    told(story)


def test_a_right_too_old_when_the_bytes_would_leave_sends_nothing() -> None:
    async def story(stage: Stage) -> None:
        right = Right(NOW - 5.1, NOW - 5.1, stage.view.record)
        memory = await stage.call(Create(ProjectContent("web"), right))
        assert stage.backend.created == []
        assert (memory.right, memory.unsent_record) == (None, stage.view.record)
        assert stage.connection.circuit.state is State.CLOSED

    told(story)


def test_a_call_that_the_breaker_stopped_is_no_failure_of_the_projects() -> None:
    """Its backoff does not grow, and of a creation nothing was sent."""

    async def story(stage: Stage) -> None:
        stage.backend.faults += [Fault("verify", error=BreakerOpen("not asked", retry_after=40.0)) for _ in range(3)]
        for _ in range(3):
            assert await stage.call(VerifyReadAccess()) == stage.view.memory
        stage.backend.faults.append(Fault("create", error=BreakerOpen("not asked", retry_after=40.0)))
        now = asyncio.get_running_loop().time()
        memory = await stage.call(Create(ProjectContent("web"), Right(now, now, stage.view.record)))
        assert memory == replace(stage.view.memory, unsent_record=stage.view.record)

    told(story)


def test_what_is_no_call_is_a_defect() -> None:
    async def story(stage: Stage) -> None:
        with pytest.raises(AssertionError, match="not a call"):
            await stage.call(Rest())

    told(story)
