"""Whatever breaks, in whatever order: nothing is lost, nothing doubled, and it settles (I1, I2, I3, I5, I6, I8).

Hypothesis chooses what people do, what the backend does to each write, and when the operator dies; the bounds of the
world are kept throughout, so the promises must hold without exception.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from simulation.backend import Fault
from simulation.kube import SimulatedKube
from simulation.loop import run_virtually
from simulation.world import IN_FLIGHT_BOUND, READ_LAG, World

from project_operator.api.names import FINALIZER
from project_operator.errors import BackendUnavailable, Throttled
from project_operator.kube.resources import PROJECTS, Resource
from project_operator.reconcile import creation
from project_operator.reconcile.record import Timing

NAMES = ("web", "shop", "mail")

ERRORS = {"unavailable": BackendUnavailable("away"), "throttled": Throttled("slower", retry_after=2.0)}

Step = tuple[object, ...]

faults = st.one_of(
    st.builds(
        lambda operation, commit: ("fault", operation, "unknown", commit),
        st.sampled_from(["create", "update", "delete"]),
        st.one_of(st.none(), st.floats(0, IN_FLIGHT_BOUND - 0.1)),
    ),
    st.builds(
        lambda operation, kind: ("fault", operation, kind, None),
        st.sampled_from(["create", "update", "delete", "list", "get"]),
        st.sampled_from(["unavailable", "throttled"]),
    ),
)
deeds = st.one_of(
    st.builds(lambda name: ("apply", name), st.sampled_from(NAMES)),
    st.builds(lambda name, text: ("edit", name, text), st.sampled_from(NAMES), st.sampled_from(["a", "b", "c"])),
    st.builds(lambda name: ("delete", name), st.sampled_from(NAMES)),
    st.builds(lambda name: ("lose answer", name), st.sampled_from(NAMES)),
    st.builds(lambda stale: ("crash", stale), st.integers(0, 2)),
    st.builds(lambda name: ("drift", name), st.sampled_from(NAMES)),
    faults,
)
stories = st.lists(st.tuples(deeds, st.sampled_from([0.0, 0.001, 0.003, 0.01, 0.3, 2.0, 9.0])), min_size=2, max_size=14)


async def play(world: World, story: list[tuple[Step, float]]) -> None:
    """Do what the story says, then let everything be repaired, and look."""
    world.install()
    world.start()
    await world.until(lambda: world.backend.count("connect"))
    for deed, pause in story:
        await do(world, deed)
        await asyncio.sleep(pause)
    world.backend.faults.clear()
    world.kube.lose_answers.clear()
    await world.until(lambda: settled(world), within=900)
    await asyncio.sleep(IN_FLIGHT_BOUND + READ_LAG + 60)
    writes, calls = len(world.kube.writes), Counter(name for name, _, _ in world.backend.calls)
    await asyncio.sleep(120)
    later = Counter(name for name, _, _ in world.backend.calls)
    assert len(world.kube.writes) == writes, f"still writing: {world.kube.writes[writes:]}"
    assert {name for name in later if later[name] != calls[name]} <= {"list", "verify"}, world.picture()
    look(world)


async def do(world: World, deed: Step) -> None:
    match deed:
        case ("apply", str(name)) if world.kube.look(name) is None:
            world.apply(name, description="first")
        case ("edit", str(name), text) if world.kube.look(name) is not None:
            world.kube.edit(name, description=text)
        case ("delete", str(name)) if world.kube.look(name) is not None:
            world.kube.delete(name)
        case ("slow watch", float(seconds)):
            world.kube.watch_delay = seconds
        case ("lose answer", name):
            world.kube.lose_answers.append(str(name))
        case ("crash", int(stale)):
            await world.crash()
            world.start(stale=lambda place: stale if place[0] == PROJECTS.plural else 0)
        case ("drift", str(name)) if (known := world.status(name).get("id")) in world.backend.truth:
            world.backend.edit(known, description="somebody's")
        case ("fault", str(operation), str(kind), commit):
            world.backend.faults.append(Fault(operation, ERRORS.get(kind), commit))  # type: ignore[arg-type]  # a number or None is drawn


def settled(world: World) -> bool:
    return all(
        "deletionTimestamp" not in raw["metadata"] and world.is_ready(raw["metadata"]["name"])
        for raw in world.kube.all()
    )


def look(world: World) -> None:
    """The oracles."""
    objects = {raw["metadata"]["uid"]: raw for raw in world.kube.all()}
    living = world.backend.living()
    marks = Counter(project.content.mark for project in living)
    assert all(count == 1 for count in marks.values()), f"doubled: {world.picture()}"
    named = {raw["status"]["id"] for raw in objects.values()}
    assert named == {project.id for project in living}, f"leaked or lost: {world.picture()}"
    for raw in objects.values():
        name, uid = raw["metadata"]["name"], raw["metadata"]["uid"]
        project = world.backend.truth[raw["status"]["id"]]
        assert project.content.mark == world.mark(uid, name)
        assert project.content.description == raw["spec"]["description"]
        assert FINALIZER in raw["metadata"]["finalizers"]
        assert project.id not in raw["status"].get("condemned", [])


async def run(story: list[tuple[Step, float]], seed: int) -> None:
    async with World(seed, read_lag=READ_LAG - 0.1) as world:
        await play(world, story)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(story=stories, seed=st.integers(0, 2**16))
def test_whatever_breaks_nothing_is_lost_or_doubled(story: list[tuple[Step, float]], seed: int) -> None:
    run_virtually(run(story, seed))


# Builds with one rule taken out; each must fail a story that the real build survives.

LATE_CREATE: list[tuple[Step, float]] = [
    (("fault", "create", "unknown", IN_FLIGHT_BOUND - 0.1), 0.01),
    (("apply", "web"), 0.01),
]
STALE_AFTER_CRASH: list[tuple[Step, float]] = [
    (("fault", "create", "unknown", IN_FLIGHT_BOUND - 0.1), 0.0),
    (("apply", "shop"), 1.0),
    (("slow watch", 2.0), 0.0),
    (("crash", 2), 4.0),
    (("slow watch", 0.002), 0.0),
]


def without_the_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(creation, "_absence_is_proved", lambda _view, _backend: True)


def without_the_flight_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Timing, "quarantine", property(lambda self: self.send_validity + self.read_lag))


def without_guards(monkeypatch: pytest.MonkeyPatch) -> None:
    guarded = SimulatedKube.patch

    async def patch(self: SimulatedKube, resource: Resource, obj: Any, changes: Any, *, subresource: str = "") -> Any:
        metadata = obj["metadata"]
        live = await self.get(resource, metadata.get("namespace", ""), metadata["name"])
        return await guarded(self, resource, live, changes, subresource=subresource)

    monkeypatch.setattr(SimulatedKube, "patch", patch)


@pytest.mark.parametrize(
    ("break_it", "story"),
    [
        pytest.param(without_the_look, LATE_CREATE, id="R4-without-the-look"),
        pytest.param(without_the_flight_time, LATE_CREATE, id="R4-quarantine-one-step-short"),
        pytest.param(without_guards, STALE_AFTER_CRASH, id="R1-without-guards"),
    ],
)
def test_a_build_without_the_rule_is_caught(
    break_it: Callable[[pytest.MonkeyPatch], None], story: list[tuple[Step, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_virtually(run(story, 1))
    break_it(monkeypatch)
    with pytest.raises(AssertionError, match="doubled"):
        run_virtually(run(story, 1))
