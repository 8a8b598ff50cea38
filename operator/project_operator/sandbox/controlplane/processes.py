"""Processes that end with their owner, however that ends."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from project_operator.errors import SandboxError

_WATCHDOG = Path(__file__).with_name("watchdog.py")
_TAIL = 20


class OwnedProcess:
    """A running program below a watchdog that holds a pipe to us: when we die, by SIGKILL even, it dies."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        environ: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        """Start the program with its output appended to `log`. Raises SandboxError when it cannot be started."""
        self.name = name
        self.log = log
        self._watchdog = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_WATCHDOG), str(log), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environ,
            cwd=folder,
            text=True,
            start_new_session=True,
        )
        try:
            pid = self._watchdog.stdout.readline().strip() if self._watchdog.stdout else ""
        except BaseException:  # a signal's, say: nobody will hold us, so nobody could end it
            self._orphan()
            raise
        if not pid:
            self._reap()
            raise SandboxError(f"{name} cannot be started: {command[0]} does not run")
        self.pid = int(pid)

    @property
    def running(self) -> bool:
        """Whether the program has not ended yet."""
        return self._watchdog.poll() is None

    @property
    def returncode(self) -> int | None:
        """The program's exit status, 128 + n when signal n ended it; None while it runs."""
        return self._watchdog.poll()

    def signal(self, number: signal.Signals) -> None:
        """Send the program a signal; nothing when it has ended."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End the program with SIGKILL and wait until it has ended."""
        self.signal(signal.SIGKILL)
        self._reap()

    def stop(self, grace: float = 5.0) -> int:
        """Ask the program to end, insist after `grace` seconds, and return its exit status."""
        self.signal(signal.SIGTERM)
        try:
            self._watchdog.wait(grace)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
        return self._reap()

    def wait(self, timeout: float) -> int:
        """Wait until the program has ended by itself. Raises subprocess.TimeoutExpired after `timeout` seconds."""
        self._watchdog.wait(timeout)
        return self._reap()

    def last_lines(self, count: int = _TAIL) -> str:
        """The end of the program's output."""
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(lines[-count:])

    def _orphan(self) -> None:
        """Let the watchdog end the program as it does when we die, and wait until that is done."""
        if self._watchdog.stdin is not None:
            self._watchdog.stdin.close()
        self._reap()

    def _reap(self) -> int:
        status = self._watchdog.wait()
        for stream in (self._watchdog.stdin, self._watchdog.stdout):
            if stream is not None:
                stream.close()
        return status
