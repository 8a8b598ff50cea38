"""At no time may two replicas begin a call for one backend object, whatever happens to them and to their Leases."""

import asyncio
from dataclasses import dataclass

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from simulation.keepers import Replica
from simulation.kube import SimulatedKube
from simulation.loop import run_virtually

from project_operator.kube.resources import LEASES
from project_operator.runtime.leases import steps
from project_operator.runtime.leases.sight import Sight
from project_operator.runtime.leases.tenure import Pace

UNITS = {"b1", "b2", "b3"}
EVERY = 0.05


@dataclass(frozen=True)
class Trouble:
    """Something that happens to one replica, or to the Leases."""

    kind: str
    replica: int
    at: float
    lasts: float


TROUBLES = st.builds(
    Trouble,
    kind=st.sampled_from(
        ["stop", "cut", "lose answers", "restart", "end", "wall clock", "delete its lease", "delete a backend's lease"]
    ),
    replica=st.integers(0, 2),
    at=st.floats(0.0, 60.0),
    lasts=st.floats(0.5, 30.0),
)


class Stage:
    """Replicas, troubles, and an eye on both."""

    def __init__(self, count: int, rates: list[float], latency: float) -> None:
        self.kube = SimulatedKube()
        self.latency = latency
        self.rates = rates
        self.seed = 0
        self.everybody: list[Replica] = []
        self.replicas = [self.new(one) for one in range(count)]

    def new(self, number: int) -> Replica:
        self.seed += 1
        self.everybody.append(Replica(self.kube, UNITS, self.seed, rate=self.rates[number], latency=self.latency))
        return self.everybody[-1]

    async def suffer(self, trouble: Trouble) -> None:  # noqa: C901 - every kind of trouble, one by one
        await asyncio.sleep(trouble.at)
        number = trouble.replica % len(self.replicas)
        replica = self.replicas[number]
        if replica.task.done():
            return
        match trouble.kind:
            case "stop":
                replica.wire.stop()
                await asyncio.sleep(trouble.lasts)
                replica.wire.go_on()
            case "cut":
                replica.wire.cut = True
                await asyncio.sleep(trouble.lasts)
                replica.wire.cut = False
            case "lose answers":
                replica.wire.lose_answers = 3
            case "restart":
                await replica.kill()
                if self.replicas[number] is replica:
                    self.replicas[number] = self.new(number)
            case "end":
                await replica.end()
                await asyncio.sleep(trouble.lasts)
                if self.replicas[number] is replica:
                    self.replicas[number] = self.new(number)
            case "wall clock":
                replica.clock.wall_offset += trouble.lasts * 100
            case "delete its lease":
                self.delete(replica.keeper.name)
            case _:
                self.delete("backend-b1-")

    def delete(self, beginning: str) -> None:
        """`kubectl delete lease`."""
        for raw in self.kube.all(LEASES):
            if raw["metadata"]["name"].startswith(beginning):
                self.kube._remove(LEASES, raw)

    def acting(self) -> dict[str, list[str]]:
        """Who would begin a call, for each unit; never two."""
        found = {unit: [one.keeper.name for one in self.everybody if one.acts_on(unit)] for unit in UNITS}
        assert all(len(acting) <= 1 for acting in found.values()), f"at once: {found}"
        return found


async def play(
    count: int, rates: list[float], troubles: list[Trouble], *, seconds: float = 95.0, latency: float = 0.002
) -> None:
    stage = Stage(count, rates, latency)
    suffering = [asyncio.ensure_future(stage.suffer(one)) for one in troubles]
    end = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:
        stage.acting()
        await asyncio.sleep(EVERY)
    await asyncio.gather(*suffering)
    # And when all is over everything is somebody's again.
    end += 100.0
    while not all(stage.acting().values()):
        assert asyncio.get_running_loop().time() < end, stage.acting()
        await asyncio.sleep(EVERY)
    for one in stage.everybody:
        await one.kill()


@settings(max_examples=20, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    count=st.integers(2, 3),
    rates=st.lists(st.floats(0.97, 1.03), min_size=3, max_size=3),
    troubles=st.lists(TROUBLES, max_size=6),
)
def test_never_two_at_once_and_never_nobody_for_ever(count: int, rates: list[float], troubles: list[Trouble]) -> None:
    run_virtually(play(count, rates, troubles))


EVEN = [1.0, 1.0, 1.0]
STOPPED = [Trouble("stop", 0, 20.0, 14.5), Trouble("stop", 1, 50.0, 14.5)]
CUT = [Trouble("cut", 0, 20.0, 30.0), Trouble("cut", 1, 80.0, 30.0)]
DELETED = [Trouble("cut", 0, 20.0, 9.0), Trouble("delete its lease", 0, 21.0, 1.0)]
UNIT_DELETED = [Trouble("cut", one, 20.0, 9.0) for one in (0, 1)] + [Trouble("delete a backend's lease", 0, 20.5, 1.0)]


@pytest.mark.parametrize("troubles", [STOPPED, CUT, DELETED, UNIT_DELETED])
def test_the_rules_hold_where_their_twins_do_not(troubles: list[Trouble]) -> None:
    run_virtually(play(2, EVEN, troubles))


def test_a_holder_that_acts_for_as_long_as_candidates_wait_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pace, "hold", property(lambda pace: pace.duration * 1.2))
    with pytest.raises(AssertionError, match="at once"):
        run_virtually(play(2, EVEN, CUT))


async def go_on_while_it_is_taken() -> None:
    """The holder goes on at every moment around that in which others take what it had, over a slow API server."""
    for tenths in range(110, 145, 3):
        await play(2, EVEN, [Trouble("stop", 0, 20.0, tenths / 10)], seconds=45.0, latency=0.5)


def test_a_holder_that_goes_on_while_others_take_what_it_had_acts_no_more() -> None:
    run_virtually(go_on_while_it_is_taken())


def test_a_candidate_that_takes_without_fencing_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sight, "is_dead", lambda sight, name, now, pace: sight.replicas[name].calm(now, pace))
    monkeypatch.setattr(steps, "Fence", lambda _lease: None)
    with pytest.raises(AssertionError, match="at once"):
        run_virtually(go_on_while_it_is_taken())


def test_a_lease_that_somebody_deleted_is_not_free_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sight, "is_dead", lambda sight, name, *_: sight.replicas[name].gone_since is not None)
    with pytest.raises(AssertionError, match="at once"):
        run_virtually(play(2, EVEN, DELETED))
