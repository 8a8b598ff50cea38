"""The operator as a process of its own, started as a person starts it."""

import os
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import httpx
from waiting import wait_until

from project_operator.backends.trust import system_trust
from project_operator.sandbox.controlplane.processes import OwnedProcess
from project_operator.settings import ENV_PREFIX

QUICK: Final = {
    "ALLOW_HTTP": "true",
    "ALLOWED_ADDRESSES": "127.0.0.0/8",
    "LEASE_NAMESPACE": "",  # the only one: after a SIGKILL the next would wait for what it left behind
    "HEALTH_ADDRESS": "127.0.0.1",
    "HEALTH_PORT": "0",
    "LOG_FORMAT": "text",
    "SEND_VALIDITY": "1",
    "POLL_FASTEST": "0.1",
    "POLL_SLOWEST": "1",
    "RESYNC_INTERVAL": "2",
    "SHUTDOWN_GRACE": "5",
}
"""Settings, without their prefix, that let a test see in seconds what takes minutes in earnest."""

Program = Sequence[str]
"""A build of the operator: how to start it, without its arguments."""
OURS: Final[Program] = (str(Path(sys.executable).with_name("project-operator")),)

_ADDRESS: Final = re.compile(r"health and metrics at (http://[^\s/]+)/")


class OperatorProcess:
    """`project-operator run`. A context manager that ends it as Kubernetes does, with SIGTERM."""

    def __init__(
        self,
        kubeconfig: Path,
        log: Path,
        settings: Mapping[str, str] = QUICK,
        program: Program = OURS,
    ) -> None:
        """``settings`` are named without their prefix; nothing else of them comes in from outside.

        ``program`` is other than ours only where a test shows what it catches.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        environ = {name: value for name, value in os.environ.items() if not name.startswith(ENV_PREFIX)}
        environ |= {f"{ENV_PREFIX}{name}": value for name, value in settings.items()}
        self._command = [*program, "run", f"--kubeconfig={kubeconfig}"]
        self._environ = environ
        self._log = log
        self.start()

    def start(self) -> None:
        """Start it, or start it again; what it says is appended to the same log."""
        self._said_before = self._log.stat().st_size if self._log.exists() else 0
        self._process = OwnedProcess("operator", self._command, log=self._log, environ=self._environ)
        self._url = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def log(self) -> str:
        """All it has said."""
        return self._process.log.read_text(encoding="utf-8", errors="replace")

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.running

    def last_lines(self, count: int = 60) -> str:
        """The end of what it has said."""
        return self._process.last_lines(count)

    def readyz(self) -> str:
        """What `/readyz` says; nothing while it does not listen yet."""
        return self.page("/readyz")

    def page(self, path: str) -> str:
        """What it answers at ``path`` of its health port; nothing while it does not listen yet."""
        if not self._url:
            found = _ADDRESS.search(self.log.encode()[self._said_before :].decode())
            if found is None:
                return ""
            self._url = found[1]
        return httpx.get(f"{self._url}{path}", verify=system_trust(), trust_env=False).text

    def wait_ready(self) -> Self:
        """Return once it is ready to work."""
        try:
            wait_until(lambda: "readyz passed" in self.readyz() or not self.running, "the operator to be ready")
            assert self.running, "the operator ended"
        except AssertionError as error:
            error.add_note(self.last_lines())
            raise
        return self

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, and wait for nothing."""
        self._process.signal(number)

    def stop(self) -> int:
        """End it with SIGTERM; its exit status."""
        return self._process.stop(grace=15.0)

    def wait_ended(self) -> int:
        """Its exit status, once it has ended by itself, or by the signal that it was sent."""
        return self._process.wait(20.0)

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._process.kill()
