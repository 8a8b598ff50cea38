"""A fresh control plane, a fast identity server and the operator, each a process of its own."""

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from operator_process import OperatorProcess
from prometheus_client.parser import text_string_to_metric_families

from bench import identity, manifests
from bench.kube import Kube, each
from bench.meter import Meter
from bench.patience import until
from bench.sight import Sight
from bench.traffic import Traffic
from project_operator.api.crd import crd_name
from project_operator.api.kinds import KINDS
from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane.plane import ControlPlane
from project_operator.sandbox.controlplane.report import Report

ROOT: Final = Path(__file__).resolve().parent.parent
SETTINGS: Final = {
    "ALLOW_HTTP": "true",
    "ALLOWED_ADDRESSES": "127.0.0.0/8",
    "LEASE_NAMESPACE": "",
    "HEALTH_ADDRESS": "127.0.0.1",
    "HEALTH_PORT": "0",
    "LOG_FORMAT": "json",
}
"""What loopback needs. All else of the operator is as it is without settings."""
_EVERY: Final = 0.25
_STILL: Final = 0.15
"""Seconds of processor time in a second in which it has nothing to do."""


class IdentityServers:
    """The fast identity servers, one process. A context manager."""

    def __init__(self, count: int = 1, latency: float = 0.0, provisioning: float = 1.0) -> None:
        command = [sys.executable, "-m", identity.__name__, f"--servers={count}"]
        command += [f"--latency={latency}", f"--provisioning={provisioning}"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
        if self._process.stdout is None or not (line := self._process.stdout.readline()):
            raise SandboxError("the fast identity server does not start")
        self.urls: list[str] = json.loads(line)

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(10)


@dataclass
class Stage:
    """A context manager. With it are the definitions, a namespace with the Secret, and no backend object."""

    folder: Path
    """For logs."""
    servers: int = 1
    latency: float = 0.0
    provisioning: float = 1.0
    warm_up: int = 0
    """Seconds that the control plane has at most to come to rest."""
    plane: ControlPlane = field(init=False)
    identity: IdentityServers = field(init=False)
    kube: Kube = field(init=False)
    sight: Sight = field(init=False)
    traffic: Traffic = field(init=False)
    operators: list[OperatorProcess] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        self._exits = contextlib.AsyncExitStack()
        try:
            # In a thread, as other stages may be under way in this one's loop.
            started = await asyncio.to_thread(ControlPlane.start, report=Report(sys.stderr))
            self.plane = self._exits.enter_context(started)
            refuse_emulated(self.plane)
            self.identity = self._exits.enter_context(IdentityServers(self.servers, self.latency, self.provisioning))
            await asyncio.to_thread(self._install)
            self.kube = await self._exits.enter_async_context(Kube(self.plane.kubeconfig))
            self.sight = await self._exits.enter_async_context(Sight(self.kube))
            self.traffic = Traffic(self.plane.audit_log)
            await self._warmed_up()
            self._exits.callback(self._stop_operators)
        except BaseException:
            await self._exits.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            for operator in self.operators:
                error.add_note(f"--- the operator's last words\n{operator.last_lines(30)}")
        await self._exits.aclose()

    def _install(self) -> None:
        self.plane.kubectl("apply", "--server-side", "--kustomize", str(ROOT / "crds"))
        self.plane.wait_established(*(crd_name(kind) for kind in KINDS))
        self.plane.kubectl("create", "namespace", manifests.NAMESPACE)

    async def connect(self, interval: str = "10m") -> None:
        """The Secret, and the backend object that Projects use which name none."""
        await self.kube.ask("POST", manifests.SECRETS, manifests.secret())
        member = manifests.nscale(self.identity.urls[0])
        await self.kube.ask("POST", manifests.BACKENDS, manifests.backend(manifests.DEFAULT, member, interval))

    async def apply(self, count: int, prefix: str = "team", **spec: Any) -> None:
        """So many Projects; returns when the watch has shown them."""
        width = len(str(count - 1))

        async def create(number: int) -> None:
            name = f"{prefix}-{number:0{width}}"
            await self.kube.ask("POST", manifests.PROJECTS, manifests.project(name, **spec))

        before = len(self.sight.added)
        await each(create, range(count))
        await self.sight.until(lambda: len(self.sight.added) >= before + count, "the Projects to be seen")

    def start_operator(self, **settings: str) -> OperatorProcess:
        """Start one; stop it before the next, unless they share the work."""
        log = self.folder / f"operator-{len(self.operators)}.log"
        self.operators.append(OperatorProcess(self.plane.kubeconfig, log, SETTINGS | settings))
        return self.operators[-1]

    async def ready(self, operator: OperatorProcess) -> None:
        """Return when ``operator`` has seen everything; with ten thousand Projects that takes a while."""
        await until(lambda: "readyz passed" in operator.readyz(), "the operator to be ready", every=_EVERY)

    def meter(self) -> Meter:
        """Of the control plane and the identity server, from now on."""
        return Meter(self.plane.pids | {"identity": self.identity.pid})

    async def told(self, name: str = "", server: int = 0) -> dict[str, Any]:
        """What an identity server says of itself; of a project of that name when it was asked for."""
        url = f"{self.identity.urls[server]}{identity.STEERING}?name={name}"
        async with self.kube.session.get(url) as answer:
            told: dict[str, Any] = await answer.json()
            return told

    async def steer(self, server: int = 0, **attributes: Any) -> None:
        """Have an identity server behave differently."""
        async with self.kube.session.post(
            f"{self.identity.urls[server]}{identity.STEERING}", json=attributes
        ) as answer:
            answer.raise_for_status()

    async def idle(self, operator: OperatorProcess, looks: int) -> None:
        """Return when nothing is due in ``operator`` any more, and it has looked at so many Projects."""

        def rests() -> bool:
            if not operator.running:
                raise SandboxError(f"the operator ended:\n{operator.last_lines()}")
            found = metrics(operator)
            return found["looks"] >= looks and not found["due"]

        await until(rests, "the operator to have looked at all, and to rest", every=_EVERY)

    async def _warmed_up(self) -> None:
        """An API server that has just begun has much to do of its own; return when it has done that."""
        for _ in range(self.warm_up):
            meter = self.meter()
            await asyncio.sleep(1.0)
            if sum(meter.cpu_seconds().values()) < _STILL:
                return

    def _stop_operators(self) -> None:
        for operator in self.operators:
            if operator.running:
                operator.stop()


def refuse_emulated(plane: ControlPlane) -> None:
    """Raises SandboxError where the API server is no real one: no figure comes from that."""
    if plane.emulated:
        raise SandboxError(
            "the bench measures on a real API server, and only the emulated one is to be had here; "
            "`make sandbox BUILD_ONLY=1` says why"
        )


def metrics(operator: OperatorProcess) -> dict[str, float]:
    """How often it has looked at a Project, and how many objects are due."""
    found = {"looks": 0.0, "due": 0.0}
    for name, labels, value in _samples(operator.page("/metrics")):
        if name == "project_operator_reconciles_total" and labels.get("kind") == "projects":
            found["looks"] += value
        elif name == "project_operator_queue_depth":
            found["due"] += value
    return found


def _samples(page: str) -> Iterator[tuple[str, dict[str, str], float]]:
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            yield sample.name, sample.labels, sample.value
