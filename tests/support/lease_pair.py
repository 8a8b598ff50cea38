"""Two operators that share one namespace by Leases, and what they made of it."""

import json
import os
import signal
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from audit import AuditLog, Write
from crowd import Account, Bounds, Crowd, account
from objects import Object
from operator_process import OURS, OperatorProcess, Program
from scenario import condition
from waiting import wait_until

from project_operator.api import names
from project_operator.kube.resources import IDENTITY_BACKENDS, LEASES, PROJECTS
from project_operator.sandbox.controlplane.plane import ControlPlane

BUILD: Final = Path(__file__).parents[1] / "chaos" / "leadership" / "stopping_build.py"
DURATION: Final = 6
"""T, in seconds: short enough to wait for, long enough for a busy machine."""
HOLD: Final = DURATION * 2 / 3
BOUNDS: Final = Bounds(send_validity=2.0, in_flight=10.0, read_lag=0.3, timeout=3.0)
"""A request that left the check of a stopped process takes effect when that goes on: within ``in_flight``."""
COUNT: Final = 12
ADMINISTRATOR: Final = "sandbox-administrator"
"""Who the operators are in the audit log, and who looks at them."""
STANDING: Final = 3.5
"""Seconds without a write, after which Events have come too, and the backend object has said how many Projects it has:
longer than its ``interval``.
"""
WITHIN: Final = 60.0


def stopping(folder: Path, moment: str, times: int = 1, *, gated: bool = True) -> Program:
    """The build that stops itself there; not ``gated``, it looks at no Lease before it sends."""
    return (sys.executable, str(BUILD), str(folder), moment, str(times), "gated" if gated else "ungated")


@dataclass
class Pair:
    """A context manager; begins with the backend object, Ready, and both operators, of which one is in charge."""

    control_plane: ControlPlane
    namespace: str
    folder: Path
    program: Program = OURS
    kubeconfigs: tuple[Path, ...] = ()
    """Of the first and the second, where these are their own."""
    crowd: Crowd = field(init=False)

    def __enter__(self) -> Self:
        self.crowd = Crowd(self.control_plane, self.namespace, COUNT, self.folder, BOUNDS)
        self.crowd.__enter__()
        self._audit = AuditLog(self.control_plane.audit_log, ADMINISTRATOR, from_now=True)
        try:
            for number in range(2):
                self._start(number)
            for operator in self.crowd.operators:
                operator.wait_ready()
            # Not before: whoever stops while it connects does not say any more that it is ready.
            self.crowd.apply_backend()
            wait_until(lambda: len(self.living()) == len(self.crowd.operators), "both to take part", within=WITHIN)
            wait_until(self.in_charge, "somebody to be in charge", within=WITHIN)
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for operator in self.crowd.operators:
            operator.signal(signal.SIGCONT)
        self.crowd.__exit__(kind, error, trace)

    def _start(self, number: int) -> None:
        settings = {"LEASE_NAMESPACE": self.namespace, "LEASE_DURATION": str(DURATION)}
        kubeconfig = self.kubeconfigs[number] if self.kubeconfigs else None
        self.crowd.start_operator(self.program, kubeconfig, **settings)

    def leases(self, kind: str) -> list[Object]:
        """The Leases of that kind."""
        return self.crowd.objects.list(LEASES, labelSelector=f"{names.LEASE_LABEL}={kind}")

    def holder(self) -> str:
        """Who is in charge of the backend object."""
        backend = self.crowd.objects.find(IDENTITY_BACKENDS, "default")
        uid = backend["metadata"]["uid"] if backend is not None else "none"
        found = [one for one in self.leases("backend") if one["metadata"]["labels"][names.LEASE_BACKEND_LABEL] == uid]
        return str(found[0]["spec"].get("holderIdentity") or "") if found else ""

    def in_charge(self) -> OperatorProcess | None:
        """The process that is in charge of the backend object; None where none is, or it has not said its name yet."""
        holder = self.holder()
        said = f"this replica is {holder} "
        return next((one for one in self.crowd.operators if holder and said in one.log), None)

    def living(self) -> list[Object]:
        """The Leases of the replicas that take part."""
        return [one for one in self.leases("replica") if one["spec"].get("holderIdentity")]

    def live(self, stopped: Path) -> int:
        """Create, change and delete until all is done, or somebody has stopped; how many Projects are left."""
        self.crowd.apply_projects()
        done = lambda: stopped.exists() or all_ready(self.crowd.projects())  # noqa: E731 - asked twice
        wait_until(done, "the Projects to be Ready, or somebody to stop", within=WITHIN)
        for number in range(4):
            self.crowd.objects.patch(PROJECTS, f"team-{number:02}", {"spec": {"description": "new"}})
        wait_until(done, "the changes to be made, or somebody to stop", within=WITHIN)
        for number in range(4, 8):
            self.crowd.objects.delete(PROJECTS, f"team-{number:02}")
        return COUNT - 4

    def wait_settled(self, count: int) -> None:
        """Return once so many Projects are left, all Ready, and nothing is under way in the identity server."""
        settled = lambda: len(found := self.crowd.projects()) == count and all_ready(found)  # noqa: E731 - as above
        wait_until(settled, f"{count} Projects, all Ready", within=WITHIN, every=0.3)
        self.crowd.wait_answered()

    def quiet_writes(self, intervals: int = 3) -> list[Write]:
        """What is written while the backend is listed so many times more, once nothing was written for a moment."""
        written, since = -1, time.monotonic()

        def stands() -> bool:
            nonlocal written, since
            now = len(self._audit.writes(namespace=self.namespace))
            if now != written:
                written, since = now, time.monotonic()
            return time.monotonic() - since > STANDING

        def listed() -> int:
            return self.crowd.identity.admin.counts()["listProjects"].requests

        wait_until(stands, "the writes to end", within=WITHIN, every=0.2)
        before = listed()
        wait_until(lambda: listed() >= before + intervals, f"{intervals} more listings", within=WITHIN, every=0.5)
        return self._audit.writes(namespace=self.namespace)[written:]

    def described(self) -> str:
        """The Leases, for whoever looks at a failure."""
        return json.dumps([*self.leases("replica"), *self.leases("backend")], indent=1)

    def account(self) -> Account:
        """What is wrong in the end."""
        return account(self.crowd.projects(), self.crowd.identity.living())


def all_ready(objects: Iterable[Object]) -> bool:
    """Whether all of them are, for their present generation."""
    return all(
        condition(one, "Ready").get("status") == "True"
        and condition(one, "Ready").get("observedGeneration") == one["metadata"]["generation"]
        for one in objects
    )


def departures(folder: Path, pid: int, since: float) -> list[str]:
    """The requests of a process that passed their check after that moment."""
    path = folder / f"departed-{pid}"
    lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    return [line for line in lines if float(line.split()[0]) > since]


def go_on(pid: int) -> float:
    """SIGCONT; when that was."""
    moment = time.time()
    os.kill(pid, signal.SIGCONT)
    return moment
