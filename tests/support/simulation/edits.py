"""A world whose Projects people edit, as a state machine of Hypothesis.

The specs are out of our own schema: ones that the API server takes, some of which the backend cannot hold; and ones
that it refuses, which are there all the same where they were stored under an older schema. In between the operator
dies, the backend fails, and somebody changes projects. After every step the promises are looked at that hold at any
time; in the end, whether what came of it is what comes of the last specs alone, and then nothing is written any more.
"""

import asyncio
from collections import Counter
from typing import Any, ClassVar, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from spec_values import Spec, edited, is_valid, specs, spoiled

from project_operator.api.marks import ORPHANED
from project_operator.api.names import FINALIZER, GROUP
from project_operator.api.v1alpha1.project import DeletionPolicy, ProjectSpec
from project_operator.backends.base import ProjectContent, RemoteProject
from project_operator.errors import BackendUnavailable, Throttled
from project_operator.kube.resources import CLUSTER_IDENTITY_BACKENDS, IDENTITY_BACKENDS, PROJECTS
from simulation.backend import Fault
from simulation.differential import WRITES, alone, quiet, started, until_equal
from simulation.families import FAMILIES, Family
from simulation.loop import VirtualLoop
from simulation.world import IN_FLIGHT_BOUND, READ_LAG, World

NAMES: Final = ("shop", "mail", "eu-de_blog", "wiki", "desk", "lab")
ERRORS: Final = (BackendUnavailable("away"), Throttled("slower", retry_after=2.0))
SPECS: Final = {family.vendor.key: specs(family.setting) for family in FAMILIES.values()}
SPOILED: Final = {family.vendor.key: spoiled(family.setting) for family in FAMILIES.values()}

troubles = st.one_of(
    st.builds(
        Fault, st.sampled_from(WRITES), commit_after=st.one_of(st.none(), st.floats(0.01, IN_FLIGHT_BOUND - 0.1))
    ),
    st.builds(Fault, st.sampled_from([*WRITES, "get", "list"]), st.sampled_from(ERRORS)),
    st.sampled_from(NAMES),
)
"""What befalls the next call of the backend; or a name: the API server's next answer about that object is lost."""


class Edits(RuleBasedStateMachine):
    """One world, whose Projects people edit."""

    family: ClassVar[Family]
    ends: ClassVar[Counter[str]]
    """How many Projects were compared in the end, by the reason of their Ready."""
    deleted: ClassVar[Counter[str]]
    """How many others were deleted on the way, by name."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner(loop_factory=VirtualLoop)
        self.world = World(1, self.family, read_lag=READ_LAG - 0.1)
        self.specs: dict[str, Spec] = {}
        """What people wrote last, of the Projects that they did not delete."""
        self.good: dict[str, Spec] = {}
        """The last of it that the API server takes."""
        self.leaving: dict[str, str] = {}
        """The uids of those that they deleted."""
        self.drifted: set[str] = set()
        self.released: dict[str, set[str]] = {}
        """Lists that a spec no longer managed: what it left there is nobody's any more."""
        self.foreign: RemoteProject | None = None

    @initialize(data=st.data(), seed=st.integers(0, 2**16))
    def begin(self, data: st.DataObject, seed: int) -> None:
        self.start(seed)
        for name in NAMES:
            self.edit(name, self.family.held(data.draw(SPECS[self.family.vendor.key]), name))

    def start(self, seed: int) -> None:
        self.world.random.seed(seed)
        self.runner.run(self._begin())

    async def _begin(self) -> None:
        await started(self.world)
        self.foreign = self.world.backend.make(ProjectContent("somebody's", "somebody's"))

    @rule(data=st.data(), name=st.sampled_from(NAMES), held=st.sampled_from([True, True, False]))
    def write(self, data: st.DataObject, name: str, held: bool) -> None:  # noqa: FBT001 - Hypothesis draws it
        spec = data.draw(SPECS[self.family.vendor.key])
        self.edit(name, self.family.held(spec, name) if held else spec)

    @rule(data=st.data(), name=st.sampled_from(NAMES))
    def write_what_is_refused(self, data: st.DataObject, name: str) -> None:
        if name not in self.leaving:
            self._store(name, data.draw(SPOILED[self.family.vendor.key]))

    @rule(seconds=st.sampled_from([0.001, 0.003, 0.01, 0.3, 2.0, 9.0, 40.0]))
    def wait(self, seconds: float) -> None:
        self.runner.run(asyncio.sleep(seconds))

    @rule(heard=st.sampled_from([(0, 0.0), (1, 0.0), (2, 0.0), (0, 3.0)]))
    def crash(self, heard: tuple[int, float]) -> None:
        self.runner.run(self._crash(*heard))

    async def _crash(self, stale: int, late: float) -> None:
        await self.world.crash()
        self.world.start(
            stale=lambda place: stale if place[0] == PROJECTS.plural else 0,
            late=lambda resource: late if resource in {IDENTITY_BACKENDS, CLUSTER_IDENTITY_BACKENDS} else 0.0,
        )

    @rule(trouble=troubles)
    def fail(self, trouble: Fault | str) -> None:
        if isinstance(trouble, Fault):
            self.world.backend.faults.append(trouble)
        else:
            self.world.kube.lose_answers.append(trouble)

    @precondition(lambda self: self.specs)
    @rule(data=st.data(), what=st.sampled_from(["name", "description", "tags"]))
    def drift(self, data: st.DataObject, what: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.specs)))
        self.runner.run(self._drift(name, {what: () if what == "tags" else "somebody's"}))

    async def _drift(self, name: str, changes: dict[str, Any]) -> None:
        known = self.world.status(name).get("id")
        project = self.world.backend.truth.get(known or "")
        if project is not None and not project.deleting:
            self.world.backend.edit(project.id, **changes)
            self.drifted.add(name)

    @precondition(lambda self: self.specs)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.specs)))
        raw = self.world.kube.look(name)
        assert raw is not None
        self.leaving[name] = raw["metadata"]["uid"]
        self.runner.run(self._delete(name))
        del self.specs[name]

    async def _delete(self, name: str) -> None:
        self.world.kube.delete(name)

    def edit(self, name: str, spec: Spec) -> None:
        """People write ``spec``, as the API server takes it: an edit leaves as it is what must not change."""
        if name in self.leaving:
            return
        before = self.good.get(name)
        if before is not None:
            spec = edited(before, spec)
        spec = self._consistent(name, before or {}, spec)
        if not is_valid(spec):
            return
        self.good[name] = spec
        self._store(name, spec)

    def _consistent(self, name: str, before: Spec, spec: Spec) -> Spec:
        """What an edit takes out of a spec stays as it is found; only what is never managed again, and locks nothing,
        can be compared with a world where it never was.
        """
        released = self.released.setdefault(name, set())
        spec = {field: value for field, value in spec.items() if field not in released}
        released |= {field for field in ("tags", "groups") if field in before and field not in spec}
        if "immutable" in before.get("keystone", {}) and "immutable" not in spec.get("keystone", {}):
            spec["keystone"] = {**spec.get("keystone", {}), "immutable": False}
        if spec.get("managementPolicy") == "Observe" and not self.world.status(name).get("id"):
            del spec["managementPolicy"]
        return spec

    def _store(self, name: str, spec: Spec) -> None:
        self.specs[name] = spec
        self.runner.run(self._stored(name, spec))

    async def _stored(self, name: str, spec: Spec) -> None:
        if self.world.kube.look(name) is None:
            self.world.apply(name, **spec)
        else:
            self.world.kube.replace_spec(name, spec)

    # The oracles.

    @invariant()
    def promises_hold(self) -> None:
        if self.foreign is not None:
            self.runner.run(self._look())

    async def _look(self) -> None:
        world = self.world
        assert self.foreign is not None
        assert world.backend.truth[self.foreign.id].content == self.foreign.content, "I3"
        marks = Counter(one.content.mark for one in world.backend.living() if one.content.mark not in {"", ORPHANED})
        assert all(count == 1 for count in marks.values()), f"I1: {world.picture()}"
        for name, spec in self.specs.items():
            raw = world.kube.look(name)
            assert raw is not None
            assert raw["spec"] == spec, "I13: the operator wrote a spec"
            assert all(key.startswith(f"{GROUP}/") for key in raw["metadata"].get("annotations", {}))
            if marks[world.mark(raw["metadata"]["uid"], name)]:
                assert FINALIZER in raw["metadata"]["finalizers"], f"I5: {world.picture()}"
            if world.is_ready(name) and name not in self.drifted and spec.get("managementPolicy", "Manage") == "Manage":
                wanted = ProjectSpec.model_validate(spec)
                content = world.remote(name).content
                names = {self.family.as_compared(one) for one in (content.name, wanted.name or name)}
                assert len(names) == 1, f"I7: {world.picture()}"
                assert wanted.description is None or (content.description or "") == wanted.description, "I7"

    def teardown(self) -> None:
        try:
            if self.foreign is not None:
                self.runner.run(self._finish())
        finally:
            self.runner.run(self.world.stop())
            self.runner.close()

    async def _finish(self) -> None:
        """People put right what they can, and wait."""
        world = self.world
        world.backend.faults.clear()
        world.kube.lose_answers.clear()
        for name in self.specs:
            spec = {**self.good.get(name, {}), "suspend": False}
            if name in self.drifted or spec.get("managementPolicy") in {"Plan", "Observe"}:
                spec["managementPolicy"] = "Manage"
            self.specs[name] = spec
            await self._stored(name, spec)
        await self._let_go()
        await until_equal(world, self.specs, await alone(self.family, self.specs))
        await quiet(world)
        await self._look()
        self.ends.update(world.reason(name) for name in self.specs)
        self.deleted.update(list(self.leaving))

    async def _let_go(self) -> None:
        """Nothing holds a deletion but what people said; where they said it, they change their minds."""
        world = self.world
        for name in self.leaving:
            if world.kube.look(name) is not None:
                before = self.good.get(name, {})
                spec: Spec = {**edited(before, {}), "deletionPolicy": DeletionPolicy.ORPHAN}
                if "keystone" in before:
                    spec["keystone"] = {**spec.get("keystone", {}), "immutable": False}
                await self._stored(name, spec)
        await world.until(lambda: not any(world.kube.look(name) for name in self.leaving), within=900)


def machine_of(family: str) -> type[Edits]:
    return type(
        f"EditsOn{family.title()}", (Edits,), {"family": FAMILIES[family], "ends": Counter(), "deleted": Counter()}
    )
