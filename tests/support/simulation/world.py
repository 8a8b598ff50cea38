"""One cluster, one backend, one operator that can be killed at any moment; and the oracles that look at the end."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from random import Random
from typing import Any, Self

from project_operator.api.events import EventReason
from project_operator.api.marks import Mark
from project_operator.api.names import CREDENTIALS_LABEL, FINALIZER
from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.api.v1alpha1.project import DeletionPolicy, ProjectSpec
from project_operator.backends.base import RemoteProject, UnsupportedField
from project_operator.backends.keeping import Keeper
from project_operator.backends.load import Load
from project_operator.backends.registry import Registry
from project_operator.backends.vendor import Open, Surroundings, Vendor
from project_operator.kube.resources import CLUSTER_IDENTITY_BACKENDS, IDENTITY_BACKENDS, PROJECTS, SECRETS, Resource
from project_operator.observability.hooks import FanOut, Hooks
from project_operator.reconcile.actions import Notice
from project_operator.reconcile.view import Cadence, Cluster
from project_operator.runtime.clock import Clock
from project_operator.runtime.engine import Engine
from project_operator.runtime.leadership import Alone, Leadership
from project_operator.runtime.ports import Kube
from simulation.backend import SimulatedBackend
from simulation.families import Family
from simulation.gated import GatedBackend
from simulation.kube import Place, SimulatedKube

CLUSTER = "cluster"
READ_LAG, IN_FLIGHT_BOUND, SEND_VALIDITY = 2.0, 6.0, 1.0
INTERVAL = 20.0
"""Seconds between two listings."""


class SimulatedClock:
    """The loop's virtual time; walls and dice from a seed."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def wall(self) -> float:
        return self.now()

    def token(self) -> str:
        return f"{self._random.getrandbits(128):032x}"

    def jitter(self) -> float:
        return self._random.random()


class World:
    """Use within `run_virtually`. Bounds are those of the constants above, and the backend keeps them unless a test
    breaks them. With a ``family`` the backend object is of that kind, else of one that holds everything.
    """

    def __init__(self, seed: int = 1, family: Family | None = None, **backend: Any) -> None:
        self.random = Random(seed)  # noqa: S311 - a simulation wants to be repeated
        self.family = family
        self.backend = SimulatedBackend(self.random, **({**family.backend, **backend} if family else backend))
        self.kube = SimulatedKube()
        self.notices: list[tuple[str, Notice]] = []
        self.engine: Engine | None = None
        self.replaces = ""
        """The key of the Secret whose value the backend may replace."""
        self.opened: list[tuple[dict[str, bytes], Keeper]] = []
        """Each connection's secrets, and what keeps their successors."""
        self.surroundings: list[Surroundings] = []
        """What each was given by the process around it."""
        self.elsewhere: dict[str, SimulatedBackend] = {}
        """Further backends, by URL."""
        self.default_backend = ("IdentityBackend", "default")
        """Kind and name, of the next engine."""
        self.unsupported: Callable[[ProjectSpec, str], tuple[UnsupportedField, ...]] = lambda _spec, _name: ()
        self.load = Load()
        """What the backend is asked to bear where its object does not say."""
        self.send_validity = SEND_VALIDITY
        """Of the next engine."""
        self.hooks: Hooks = FanOut()
        """Likewise."""
        self.cluster = Cluster(CLUSTER)
        """Likewise."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def install(self, **spec: Any) -> None:
        """The Secret and the backend object."""
        self._make_secret("ns")
        self.kube.make(IDENTITY_BACKENDS, {"metadata": {"name": "default"}, "spec": self._backend_spec() | spec})

    def install_for_all(self, name: str = "cloud", **spec: Any) -> None:
        """A backend object for every namespace, unless ``spec`` says otherwise, with its Secret in one of its own."""
        self._make_secret("identity")
        own = {"secretNamespace": "identity", "namespaceSelector": {}}
        self.kube.make(
            CLUSTER_IDENTITY_BACKENDS, {"metadata": {"name": name}, "spec": self._backend_spec() | own | spec}
        )

    def _make_secret(self, namespace: str) -> None:
        metadata = {"name": "token", "namespace": namespace, "labels": {CREDENTIALS_LABEL: "true"}}
        self.kube.make(SECRETS, {"metadata": metadata, "data": {"token": "dG9rZW4="}})

    def _backend_spec(self) -> dict[str, Any]:
        secret = {"secretRef": {"name": "token"}}
        plain = {"nscale": {"url": "https://identity", "auth": {"serviceAccountToken": secret}}}
        member = plain if self.family is None else dict(self.family.member)
        bounds = {"readLag": f"{READ_LAG:g}s", "inFlightBound": f"{IN_FLIGHT_BOUND:g}s"}
        return {**member, "timeout": "2s", "interval": f"{INTERVAL:g}s", "consistency": bounds}

    def apply(self, name: str = "web", /, **spec: Any) -> str:
        """A new Project; its uid."""
        return str(self.kube.make(PROJECTS, {"metadata": {"name": name}, "spec": spec})["metadata"]["uid"])

    def start(
        self, *, stale: Callable[[Place], int] = lambda _: 0, late: Callable[[Resource], float] = lambda _: 0.0
    ) -> None:
        """An operator starts and lists what there is; for ``stale`` and ``late`` see `SimulatedKube.replay`."""
        clock = SimulatedClock(self.random)
        self.engine = self.new_engine(self.kube, clock, Alone(clock), self._open)
        self.engine.start()
        self.kube.replay(self.engine.observe, stale=stale, late=late, sweep=self.engine.sweep)

    def new_engine(self, kube: Kube, clock: Clock, leadership: Leadership, opening: Open) -> Engine:
        """An operator that has not begun to work; ``opening`` is how it connects."""
        return Engine(
            kube=kube,
            registry=Registry([self._vendor(opening)]),
            surround=lambda limiter: Surroundings(admission=limiter),
            clock=clock,
            cluster=self.cluster,
            default_backend=self.default_backend[1],
            default_backend_kind=self.default_backend[0],
            send_validity=self.send_validity,
            cadence=Cadence(fast=0.2, slow=5.0, resync=30.0),
            publish=self._publish,
            hooks=self.hooks,
            workers=4,
            leadership=leadership,
        )

    def _vendor(self, opening: Open) -> Vendor:
        if self.family is not None:
            return replace(self.family.vendor, open=opening, load=self.load)
        return Vendor(
            key="nscale",
            title="simulated",
            default_deletion_policy=DeletionPolicy.DELETE,
            capabilities=self.backend.capabilities,
            open=opening,
            unsupported=self._unsupported,
            endpoint=lambda spec: spec.nscale.url if spec.nscale else "",
            load=self.load,
            replaces=lambda _: self.replaces,
        )

    async def crash(self) -> None:
        """SIGKILL: whatever was going on is gone; what was sent may still take effect."""
        if self.engine is not None:
            self.kube.listener = None
            await self.kill(self.engine)
            self.engine = None

    @staticmethod
    async def kill(engine: Engine) -> None:
        """The same for an operator that another one has taken over from."""
        for task in engine.tasks():
            task.cancel()
        await asyncio.sleep(0)

    def take_over(self) -> Engine:
        """Another operator starts, while this one goes on with what it has begun and hears of nothing new; which is
        returned.
        """
        assert self.engine is not None
        former, self.engine = self.engine, None
        self.start()
        return former

    async def stop(self) -> None:
        """SIGTERM."""
        if self.engine is not None:
            await self.engine.stop(5.0)
            self.engine = None
            self.kube.listener = None

    async def until(self, holds: Callable[[], object], *, within: float = 600.0) -> None:
        """Let virtual time pass until ``holds``; fail with the state of things after ``within`` seconds of it."""
        deadline = asyncio.get_running_loop().time() + within
        while not holds():
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"not within {within:g} s: {self.picture()}")
            await asyncio.sleep(0.05)

    async def ready(self, *names: str, within: float = 600.0) -> None:
        """Every named Project (all, if none is named) is Ready for its generation."""
        await self.until(lambda: all(self.is_ready(one) for one in names or self.names()), within=within)

    def names(self) -> Iterable[str]:
        """The Projects that are."""
        return [raw["metadata"]["name"] for raw in self.kube.all()]

    def status(self, name: str = "web") -> dict[str, Any]:
        """The status as it is."""
        raw = self.kube.look(name)
        return dict((raw or {}).get("status") or {})

    def condition(self, name: str = "web", type_: str = "Ready") -> dict[str, Any]:
        """One condition; {} where it is not."""
        found = [one for one in self.status(name).get("conditions", []) if one["type"] == type_]
        return dict(found[0]) if found else {}

    def reason(self, name: str = "web") -> str:
        """Ready's reason."""
        return str(self.condition(name).get("reason", ""))

    def is_ready(self, name: str = "web") -> bool:
        """Whether Ready is True for the present generation."""
        raw = self.kube.look(name)
        ready = self.condition(name)
        return (
            raw is not None
            and ready.get("status") == "True"
            and ready.get("observedGeneration") == raw["metadata"]["generation"]
        )

    def remote(self, name: str = "web") -> RemoteProject:
        """The project that the status names."""
        return self.backend.truth[self.status(name)["id"]]

    def mark(self, uid: str, name: str = "web") -> str:
        """The mark of an object."""
        namespace_uid = "00000000-0000-4000-8000-000000000001"
        return str(Mark.of(cluster_id=CLUSTER, namespace="ns", name=name, namespace_uid=namespace_uid, uid=uid))

    def picture(self) -> str:
        """What there is, for a failed test to show."""
        projects = [
            (raw["metadata"]["name"], FINALIZER in raw["metadata"].get("finalizers", ()), raw.get("status", {}))
            for raw in self.kube.all()
        ]
        return f"{projects} | {list(self.backend.truth.values())} | last calls {self.backend.calls[-12:]}"

    def _publish(self, obj: Mapping[str, Any], notice: Notice) -> None:
        assert isinstance(notice.reason, EventReason)
        self.notices.append((obj["metadata"]["name"], notice))

    def _open(
        self,
        spec: IdentityBackendSpec,
        secret: Mapping[str, bytes],
        surroundings: Surroundings,
    ) -> GatedBackend:
        self.opened.append((dict(secret), surroundings.keeper))
        self.surroundings.append(surroundings)
        opened = self.elsewhere.get(spec.nscale.url, self.backend) if spec.nscale is not None else self.backend
        opened.admission = surroundings.admission or nullcontext()
        return GatedBackend(opened, surroundings.transport.gate)

    def _unsupported(
        self,
        spec: ProjectSpec,
        *,
        name: str,
        deletion_policy: DeletionPolicy,  # noqa: ARG002 - the port's signature
    ) -> tuple[UnsupportedField, ...]:
        return self.unsupported(spec, name)
