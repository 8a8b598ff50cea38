"""The operator as the demo runs it: the real command, as a process of its own."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from project_operator.sandbox.controlplane.processes import OwnedProcess
from project_operator.settings import Settings, variable

SETTINGS: Final[Mapping[str, str]] = {
    "allowed_addresses": "127.0.0.0/8",  # the embedded identity server is on loopback
    "health_address": "127.0.0.1",
    "health_port": "0",
    "log_format": "text",
    "send_validity": "1",
    "poll_fastest": "0.3",
    "poll_slowest": "2",
    "shutdown_grace": "5",
}
"""What differs from the defaults: reachable here, and in seconds what takes minutes in earnest."""
REACH: Final = {variable("allowed_addresses"): SETTINGS["allowed_addresses"]}
"""The environment in which the command line reaches what this operator reaches."""
_GRACE: Final = 15.0


def environment(outside: Mapping[str, str], temporary: Path) -> dict[str, str]:
    """The operator's environment: what is ``outside``, without the settings that are meant for another operator.

    ``temporary`` is where it keeps copies of certificates, which it cannot remove should it be killed.
    """
    settings = {variable(field) for field in Settings.model_fields}
    kept = {name: value for name, value in outside.items() if name not in settings}
    return kept | {variable(field): value for field, value in SETTINGS.items()} | {"TMPDIR": str(temporary)}


def start(kubeconfig: Path, folder: Path) -> OwnedProcess:
    """Start `project-operator run` with its log and all that it stores in the new ``folder``."""
    folder.mkdir()
    command = [sys.executable, "-m", "project_operator", "run", f"--kubeconfig={kubeconfig}"]
    return OwnedProcess("operator", command, log=folder / "operator.log", environ=environment(os.environ, folder))


def stop(process: OwnedProcess) -> int:
    """End it as Kubernetes does; its exit status."""
    return process.stop(grace=_GRACE)
