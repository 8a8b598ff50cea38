"""Two whole operators in one world: the work goes from one to the other, and nothing is done twice."""

import asyncio
import functools
from collections.abc import Awaitable, Callable

import pytest
from simulation.backend import Fault
from simulation.loop import run_virtually
from simulation.replicas import Operator, Replicas
from simulation.world import IN_FLIGHT_BOUND, READ_LAG, SEND_VALIDITY

from project_operator.kube.resources import IDENTITY_BACKENDS
from project_operator.reconcile.record import Timing
from project_operator.runtime import connecting
from project_operator.runtime.handover import Handover

QUARANTINE = Timing(SEND_VALIDITY, 2.0, IN_FLIGHT_BOUND, READ_LAG).quarantine
FAILOVER = 15.0
Story = Callable[[Replicas], Awaitable[None]]


def told(**backend: object) -> Callable[[Story], Callable[[], None]]:
    """A story in a world with one backend object and no operator yet."""

    def decorate(story: Story) -> Callable[[], None]:
        def test() -> None:
            async def begin() -> None:
                async with Replicas(7, **backend) as world:
                    world.install()
                    await story(world)

            run_virtually(begin())

        functools.update_wrapper(test, story, assigned=("__name__", "__doc__", "__module__"), updated=())
        del vars(test)["__wrapped__"]
        return test

    return decorate


def now() -> float:
    return asyncio.get_running_loop().time()


async def a_pair(world: Replicas) -> tuple[Operator, Operator]:
    """The one in charge of the backend object, and the one that stands by."""
    world.begin("a")
    world.begin("b")
    # By then the load is even, and nothing moves any more.
    await asyncio.sleep(60)
    leader = world.leader(world.uid())
    assert leader is not None
    (standby,) = (one for one in world.operators if one is not leader)
    return leader, standby


@told()
async def test_one_is_in_charge_and_the_other_neither_calls_nor_writes(world: Replicas) -> None:
    leader, standby = await a_pair(world)
    begun = now()
    world.apply()
    await world.ready()
    await asyncio.sleep(60)
    assert world.by(leader.name, begun) > 0
    assert world.by(standby.name, begun) == 0
    assert world.backend.count("create") == 1


@told()
async def test_one_that_ends_hands_over_at_once_and_what_is_settled_is_not_written(world: Replicas) -> None:
    leader, standby = await a_pair(world)
    for one in range(5):
        world.apply(f"p{one}")
    await world.ready()
    await asyncio.sleep(30)
    written, ended = world.written(), now()
    await leader.end()
    world.apply("new")
    await world.until(lambda: standby.leads(world.uid()), within=2.0)
    await world.ready()
    assert world.by(leader.name, ended) == 0
    assert world.written() - written == 3
    assert now() - ended < 5


@told()
async def test_a_crash_costs_the_wait_for_its_lease_and_no_quarantine_besides(world: Replicas) -> None:
    """The standby has had its eye on the record all along."""
    leader, standby = await a_pair(world)
    world.backend.faults.append(Fault("create", commit_after=1.0))
    world.apply()
    await world.until(lambda: world.backend.count("create"))
    await asyncio.sleep(0.01)  # it has left
    died = now()
    await leader.kill()
    await world.until(lambda: standby.leads(world.uid()), within=FAILOVER)
    await world.ready()
    assert now() - died < FAILOVER
    assert world.backend.count("create") == 1


@told()
async def test_where_nothing_came_of_the_creation_the_quarantine_has_run_meanwhile(world: Replicas) -> None:
    leader, _ = await a_pair(world)
    world.backend.faults.append(Fault("create", commit_after=None, answer_after=60.0))
    world.apply()
    await world.until(lambda: world.backend.count("create"))
    died = now()
    await leader.kill()
    await world.ready()
    assert now() - died < FAILOVER + READ_LAG
    assert QUARANTINE > READ_LAG + 5  # else this shows nothing
    assert len(world.backend.living()) == 1


@told()
async def test_one_that_is_stopped_and_goes_on_later_begins_no_call(world: Replicas) -> None:
    leader, standby = await a_pair(world)
    world.apply()
    await world.ready()
    leader.wire.stop()
    world.kube.edit("web", description="new")
    world.apply("other")
    await world.ready(within=30.0)
    gone_on = now()
    leader.wire.go_on()
    await asyncio.sleep(10)
    assert standby.leads(world.uid())
    assert world.by(leader.name, gone_on) == 0
    assert len(world.backend.living()) == 2


@told()
async def test_one_that_is_cut_off_from_the_api_server_stops_in_time(world: Replicas) -> None:
    leader, standby = await a_pair(world)
    world.apply()
    await world.ready()
    cut = now()
    leader.wire.cut = True
    await world.until(lambda: standby.leads(world.uid()), within=FAILOVER)
    await asyncio.sleep(30)
    assert world.by(leader.name, cut + 8.5) == 0
    leader.wire.cut = False
    await asyncio.sleep(120)
    assert len(world.backend.living()) == 1


@told()
async def test_several_backend_objects_are_spread_and_spread_anew(world: Replicas) -> None:
    for one in range(7):
        world.kube.make(IDENTITY_BACKENDS, {"metadata": {"name": f"b{one}"}, "spec": world._backend_spec()})
        world.apply(f"p{one}", backendRef={"name": f"b{one}"})
    first = world.begin("a")
    await world.ready()
    assert world.by("a") == len(world.departures)
    second = world.begin("b")
    uids = [world.uid(f"b{one}") for one in range(7)] + [world.uid(), ""]
    await world.until(lambda: sum(second.leads(uid) for uid in uids) == len(uids) // 2, within=120.0)
    await asyncio.sleep(60)
    assert sum(first.leads(uid) for uid in uids) == len(uids) - len(uids) // 2
    assert len(world.backend.living()) == 7
    await second.end()
    await world.until(lambda: all(first.leads(uid) for uid in uids), within=5.0)


@told()
async def test_a_call_under_way_ends_before_others_are_in_charge(world: Replicas) -> None:
    """And the id in its answer is written."""
    leader, standby = await a_pair(world)
    world.backend.create_delay = 3.0
    world.apply()
    await world.until(lambda: world.backend.count("create"))
    begun, ending = now(), asyncio.ensure_future(leader.end())
    await world.until(lambda: standby.leads(world.uid()), within=10.0)
    assert now() - begun > 2.9
    assert world.status()["id"]
    await ending
    assert now() - begun < 5
    await world.ready()
    assert world.backend.count("create") == 1


@told()
async def test_an_answer_that_comes_too_late_is_still_worth_its_id(world: Replicas) -> None:
    leader, _ = await a_pair(world)
    world.backend.create_delay = 11.0
    world.apply()
    await world.until(lambda: world.backend.count("create"))
    leader.keeper._tenure = leader.keeper._tenure.showing({})  # somebody took its Lease away
    await world.until(lambda: world.status().get("id"))
    await world.ready()
    assert world.backend.count("create") == 1


def without_a_gate(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(connecting, "make_sure", lambda *_: None)


def releasing_before_calls_end(patch: pytest.MonkeyPatch) -> None:
    async def at_once(handover: Handover, unit: str, grace: float) -> None:
        pass

    patch.setattr(Handover, "wind_down", at_once)


def test_without_a_gate_one_that_goes_on_begins_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    without_a_gate(monkeypatch)

    async def story() -> None:
        async with Replicas(7, create_queue=20.0) as world:
            world.send_validity = 60.0
            world.install()
            leader, _ = await a_pair(world)
            world.apply()
            await asyncio.sleep(2)
            leader.wire.stop()
            await asyncio.sleep(16)
            leader.wire.go_on()
            await asyncio.sleep(10)

    with pytest.raises(AssertionError, match="begins a call"):
        run_virtually(story())


def test_releasing_before_calls_end_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    releasing_before_calls_end(monkeypatch)
    with pytest.raises(AssertionError):
        test_a_call_under_way_ends_before_others_are_in_charge()
