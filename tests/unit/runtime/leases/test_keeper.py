"""One keeper, and what it tells the rest of the process."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from simulation.keepers import NAMESPACE, PACE, Replica
from simulation.kube import SimulatedKube
from simulation.loop import run_virtually

from project_operator.api import names
from project_operator.kube.resources import LEASES
from project_operator.runtime.leadership import NOBODYS, Alone

Story = Callable[[SimulatedKube], Awaitable[None]]


def told(story: Story) -> None:
    async def tell() -> None:
        await story(SimulatedKube())

    run_virtually(tell())


def holders(kube: SimulatedKube, kind: str = "backend") -> dict[str, str | None]:
    """Who holds each Lease of a kind, by its name without the digits at its end."""
    return {
        raw["metadata"]["name"].rpartition("-")[0]: raw["spec"].get("holderIdentity")
        for raw in kube.all(LEASES)
        if raw["metadata"]["labels"][names.LEASE_LABEL] == kind
    }


def test_it_says_who_it_is_and_takes_everything_when_it_is_alone() -> None:
    async def story(kube: SimulatedKube) -> None:
        one = Replica(kube, {"b1"}, 1)
        await asyncio.sleep(1)
        assert holders(kube) == {"backend-b1": one.keeper.name, "backend": one.keeper.name}
        assert holders(kube, "replica") == {"pod-1": one.keeper.name}
        assert {raw["metadata"]["namespace"] for raw in kube.all(LEASES)} == {NAMESPACE}
        assert one.keeper.standing() == (2, 1)
        assert sorted(one.crew.changes) == [NOBODYS, "b1"]
        assert one.problems == [""]
        await one.kill()

    told(story)


def test_replicas_that_look_after_something_else_have_backend_objects_of_their_own_and_no_share_in_ours() -> None:
    async def story(kube: SimulatedKube) -> None:
        one, stranger = Replica(kube, {"b1"}, 1), Replica(kube, {"b2"}, 2, scope="else")
        await asyncio.sleep(90)
        assert one.acts_on("b1")
        assert one.acts_on(NOBODYS)
        assert stranger.acts_on("b2")
        assert stranger.acts_on(NOBODYS)
        assert one.keeper.standing() == (2, 1)
        await one.kill()
        await stranger.kill()

    told(story)


def test_before_it_is_ready_it_takes_part_in_nothing_and_not_for_ever() -> None:
    async def story(kube: SimulatedKube) -> None:
        one = Replica(kube, {"b1"}, 1)
        one.is_ready = False
        await asyncio.sleep(2 * PACE.duration - 1)
        assert kube.all(LEASES) == []
        await asyncio.sleep(3)
        assert one.acts_on("b1")
        await one.kill()

    told(story)


def test_nothing_is_written_but_its_own_renewals() -> None:
    async def story(kube: SimulatedKube) -> None:
        one, other = Replica(kube, {"b1", "b2", "b3"}, 1), Replica(kube, {"b1", "b2", "b3"}, 2)
        await asyncio.sleep(60)
        before = len(kube.writes)
        await asyncio.sleep(240)
        written = kube.writes[before:]
        assert {name for _, name, _ in written} == {one.keeper.name, other.keeper.name}
        assert len(written) <= 2 * 240 / PACE.renew
        assert one.keeper.standing() == other.keeper.standing() == (2, 2)
        await one.kill()
        await other.kill()

    told(story)


def test_however_much_there_is_to_take_the_renewal_comes_in_time() -> None:
    async def story(kube: SimulatedKube) -> None:
        units = {f"b{number}" for number in range(80)}
        one = Replica(kube, units, 1, latency=0.1)
        await asyncio.sleep(60)
        assert one.keeper.standing() == (81, 1)
        assert len(one.crew.changes) == 81  # each was gained once, and none lost
        await one.kill()

    told(story)


def test_a_term_that_lapsed_for_a_moment_is_another_one() -> None:
    async def story(kube: SimulatedKube) -> None:
        one = Replica(kube, {"b1"}, 1)
        await asyncio.sleep(5)
        before = one.keeper.term("b1")
        one.wire.cut = True
        await asyncio.sleep(PACE.hold + 0.5)
        assert one.keeper.term("b1") is None
        one.wire.cut = False
        await asyncio.sleep(3)
        after = one.keeper.term("b1")
        assert before is not None
        assert after is not None
        assert (after.number > before.number, after.since > before.since) == (True, True)
        assert one.crew.changes.count("b1") == 3
        await one.kill()

    told(story)


def test_what_keeps_it_from_the_leases_is_told_and_taken_back() -> None:
    async def story(kube: SimulatedKube) -> None:
        one = Replica(kube, {"b1"}, 1)
        await asyncio.sleep(1)
        one.wire.cut = True
        await asyncio.sleep(5)
        assert NAMESPACE in one.problems[-1]
        one.wire.cut = False
        await asyncio.sleep(5)
        assert one.problems[-1] == ""
        await one.kill()

    told(story)


def test_a_wall_clock_that_jumps_spoils_the_term_until_the_next_renewal() -> None:
    async def story(kube: SimulatedKube) -> None:
        one = Replica(kube, {"b1"}, 1)
        await asyncio.sleep(5)
        one.clock.wall_offset = 3600.0
        assert one.keeper.term("b1") is None
        await asyncio.sleep(2 * PACE.look)
        assert one.acts_on("b1")
        await one.kill()

    told(story)


def test_one_whose_name_was_taken_out_begins_anew_under_another() -> None:
    async def story(kube: SimulatedKube) -> None:
        one = Replica(kube, {"b1"}, 1)
        await asyncio.sleep(5)
        former = one.keeper.name
        raw = kube.look(former, LEASES, NAMESPACE)
        assert raw is not None
        await kube.patch(LEASES, raw, {"spec": {"holderIdentity": None}})
        await asyncio.sleep(3)
        assert one.keeper.name != former
        assert one.acts_on("b1")
        assert holders(kube)["backend-b1"] == one.keeper.name
        await one.kill()

    told(story)


def test_what_it_does_not_know_any_more_it_gives_up() -> None:
    async def story(kube: SimulatedKube) -> None:
        units = {"b1", "b2"}
        one = Replica(kube, units, 1)
        await asyncio.sleep(1)
        units.remove("b1")
        await asyncio.sleep(2 * PACE.look)
        assert set(holders(kube)) == {"backend-b2", "backend"}
        assert one.keeper.term("b1") is None
        await one.kill()

    told(story)


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_it_recovers_from_answers_that_are_lost(lost: int) -> None:
    async def story(kube: SimulatedKube) -> None:
        one = Replica(kube, {"b1"}, 1)
        one.wire.lose_answers = lost
        await asyncio.sleep(5)
        assert one.acts_on("b1")
        await one.kill()

    told(story)


def test_resigning_waits_for_the_work_and_leaves_nothing_behind() -> None:
    async def story(kube: SimulatedKube) -> None:
        one, other = Replica(kube, {"b1", "b2"}, 1), Replica(kube, {"b1", "b2"}, 2)
        await asyncio.sleep(60)
        one.crew.takes = 5.0
        begun, ending = asyncio.get_running_loop().time(), asyncio.ensure_future(one.end())
        while not other.acts_on("b1") or not other.acts_on("b2"):
            assert asyncio.get_running_loop().time() < begun + 7
            assert one.keeper.standing()[0] == 0 or asyncio.get_running_loop().time() - begun < 0.1
            await asyncio.sleep(0.05)
        assert asyncio.get_running_loop().time() - begun > 4.9
        await ending
        assert holders(kube, "replica") == {"pod-2": other.keeper.name}
        assert set(holders(kube).values()) == {other.keeper.name}
        await other.kill()

    told(story)


def test_resigning_without_an_api_server_ends_all_the_same() -> None:
    async def story(kube: SimulatedKube) -> None:
        one = Replica(kube, {"b1"}, 1)
        await asyncio.sleep(1)
        one.wire.cut = True
        async with asyncio.timeout(10.0 + 2 * PACE.patience):
            await one.end()
        assert one.keeper.term("b1") is None

    told(story)


def test_resigning_before_anything_began_is_nothing() -> None:
    async def story(kube: SimulatedKube) -> None:
        one = Replica(kube, {"b1"}, 1)
        await one.end()
        assert kube.all(LEASES) == []

    told(story)


def test_the_only_process_is_always_in_charge() -> None:
    async def story(kube: SimulatedKube) -> None:
        one = Replica(kube, set(), 1)
        alone = Alone(one.clock)
        assert alone.term("b1") == alone.term(NOBODYS)
        assert alone.term("b1").since == one.clock.now()
        assert alone.standing() == (0, 0)
        await one.kill()

    told(story)
