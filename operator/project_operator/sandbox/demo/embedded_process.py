"""An embedded identity server as a process of a demo, and what it says of itself once it serves."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from project_operator.sandbox.controlplane.processes import OwnedProcess
from project_operator.sandbox.demo.waiting import must_run, until
from project_operator.sandbox.identity.tls import TLSFiles

_WITHIN: Final = 60.0

Announcement = dict[str, Any]


@contextmanager
def embedded(backend: str, folder: Path, tls: TLSFiles, *options: str) -> Iterator[tuple[OwnedProcess, Announcement]]:
    """Runs ``project-operator sandbox identity`` of that vendor until the block ends; its log lies in ``folder``.

    Raises SandboxError when it does not start.
    """
    command = [
        *(sys.executable, "-m", "project_operator", "sandbox", "identity", f"--backend={backend}"),
        *options,
        f"--tls-cert={tls.certificate}",
        f"--tls-key={tls.key}",
        "--output=json",
    ]
    process = OwnedProcess("identity server", command, log=folder / "identity-server.log")
    try:
        about = until(
            lambda: _announced(process.log),
            "the identity server to start",
            check=lambda: must_run(process),
            within=_WITHIN,
        )
        yield process, about
    finally:
        process.stop()


def _announced(log: Path) -> Announcement | None:
    """What the server says once it serves: a line of JSON."""
    for line in log.read_text(encoding="utf-8").splitlines(keepends=True) if log.exists() else ():
        if line.startswith("{") and line.endswith("\n"):
            about: Announcement = json.loads(line)
            return about
    return None
