"""Two tenants with a backend each, one of which accepts and never answers: how long the other's Projects wait."""

import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from chart_installation import Installation
from hosting import KEPT
from objects import Object, Objects
from operator_process import OURS, QUICK, OperatorProcess, Program
from scenario import PROMPT, condition, manifest
from waiting import wait_until

from project_operator.api import names
from project_operator.kube.resources import IDENTITY_BACKENDS, PROJECTS, SECRETS
from project_operator.sandbox.controlplane.plane import ControlPlane
from project_operator.sandbox.identity.faults import Fault, FaultAction
from project_operator.sandbox.identity.nscale.embedded import EmbeddedIdentityServer

ALIVE, SILENT = "alive", "silent"
WORKERS: Final = 8
TIMEOUT: Final = 3
"""Seconds until the operator gives up on a call."""
SETTLED_WITHIN: Final = 90.0


@dataclass(frozen=True, slots=True)
class Spread:
    """Of some waits, in seconds."""

    p50: float
    p95: float
    longest: float

    @classmethod
    def of(cls, waits: Iterable[float]) -> Self:
        """``waits`` are some."""
        ordered = sorted(waits)
        return cls(ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)], ordered[-1])

    def __str__(self) -> str:
        return f"p50 {self.p50:.3f} s, p95 {self.p95:.3f} s, max {self.longest:.3f} s"


@dataclass
class Tenants:
    """A namespace, both identity servers, and an operator for them alone. A context manager."""

    control_plane: ControlPlane
    installation: Installation
    """Whose rights the operator has."""
    namespace: str
    folder: Path
    program: Program = OURS
    identities: dict[str, EmbeddedIdentityServer] = field(
        default_factory=lambda: {name: EmbeddedIdentityServer(PROMPT, keep_alive=KEPT) for name in (ALIVE, SILENT)}
    )
    applied: dict[str, float] = field(default_factory=dict)
    """When each Project was created, in seconds since the epoch."""
    ready: dict[str, float] = field(default_factory=dict)
    """When each was seen to be Ready."""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for identity in self.identities.values():
                identity.start()
                stack.callback(identity.stop)
            self.objects = Objects(self.control_plane.kubeconfig, self.namespace)
            stack.callback(self.objects.close)
            self.objects.make_namespace()
            for name, identity in self.identities.items():
                self._make_backend(name, identity)
            settings = (
                self.installation.settings
                | QUICK
                | {"NAMESPACES": self.namespace, "WORKERS": str(WORKERS), "SEND_VALIDITY": "2"}
            )
            log = self.folder / f"{self.namespace}.log"
            self.operator = stack.enter_context(
                OperatorProcess(self.installation.kubeconfig, log, settings, self.program)
            )
            self.operator.wait_ready()
            for name, identity in self.identities.items():
                self.wait_for_breaker(name, "Closed")
                # Without a look at what is there nothing is created.
                wait_until(partial(was_listed, identity), f"a listing of {name}")
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            error.add_note(self.operator.last_lines(40))
        self._stack.close()

    def fall_silent(self) -> None:
        """It does what it is asked, and never answers."""
        self.identities[SILENT].admin.add_fault(Fault(action=FaultAction.HANG, count=None))

    def come_back(self) -> None:
        """It answers again."""
        self.identities[SILENT].admin.clear_faults()

    def apply(self, tenant: str, number: int) -> None:
        """Create a Project, and look around now and then."""
        name = f"{tenant}-{number:03}"
        self.applied[name] = time.time()
        self.objects.create(PROJECTS, manifest("Project", name, {"backendRef": {"name": tenant}}))
        if number % 5 == 0:
            self.look()

    def wait_all_ready(self, tenant: str) -> None:
        """Return once all Projects of a tenant are Ready."""
        wanted = {name for name in self.applied if name.startswith(tenant)}
        wait_until(lambda: wanted <= self.look(), f"all of {tenant}", within=SETTLED_WITHIN, every=0.02)

    def look(self) -> set[str]:
        """The Projects that have become Ready."""
        for one in self.objects.list(PROJECTS):
            if condition(one, "Ready").get("status") == "True":
                self.ready.setdefault(one["metadata"]["name"], time.time())
        return set(self.ready)

    def wait_for_breaker(self, tenant: str, state: str) -> Object:
        """The backend object once it shows the breaker so."""
        return wait_until(
            lambda: next(
                (one for one in [self.backend(tenant)] if one.get("status", {}).get("breaker") == state), None
            ),
            f"the breaker of {tenant} to be {state}",
            within=SETTLED_WITHIN,
        )

    def backend(self, tenant: str) -> Object:
        """A backend object."""
        found = self.objects.find(IDENTITY_BACKENDS, tenant)
        assert found is not None
        return found

    def to_first_call(self) -> Spread:
        """How long the living tenant's Projects waited until the identity server was asked to create theirs."""
        asked: dict[str, float] = {}
        for one in self.identities[ALIVE].admin.requests(operation="createProject"):
            asked.setdefault(one.name, one.begun)
        return Spread.of(at - self.applied[name] for name, at in asked.items())

    def to_ready(self) -> Spread:
        """How long they waited until they were seen to be Ready."""
        return Spread.of(at - self.applied[name] for name, at in self.ready.items() if name.startswith(ALIVE))

    def _make_backend(self, name: str, identity: EmbeddedIdentityServer) -> None:
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "labels": {names.CREDENTIALS_LABEL: "true"}},
            "stringData": {"token": identity.token},
        }
        auth = {"serviceAccountToken": {"secretRef": {"name": name}}}
        spec: Mapping[str, Any] = {
            "nscale": {"url": identity.url, "auth": auth},
            "consistency": {"readLag": "300ms", "inFlightBound": f"{TIMEOUT}s"},
            "timeout": f"{TIMEOUT}s",
            "interval": "2s",
            "breaker": {"longestPause": "2s"},
        }
        self.objects.create(SECRETS, secret)
        self.objects.create(IDENTITY_BACKENDS, manifest("IdentityBackend", name, spec))


def was_listed(identity: EmbeddedIdentityServer) -> bool:
    """Whether a listing was answered."""
    listed = identity.admin.counts().get("listProjects")
    return listed is not None and listed.delivered > 0
