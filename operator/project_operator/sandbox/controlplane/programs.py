"""Run a program for its answer: versions, and nothing that lasts."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from project_operator.sandbox.controlplane.versions import Version

_ANSWER_WITHIN = 30.0
"""Seconds; a first start of a 100 MB program on a busy machine takes a few."""

_VERSION_ARGUMENTS = {
    "kubectl": ("version", "--client", "--output=json"),
    "go": ("env", "GOVERSION"),
}


def on_path(name: str) -> Path | None:
    """The program that PATH names so."""
    found = shutil.which(name)
    return Path(found) if found else None


def version_of(program: Path) -> Version | None:
    """The version a program tells about itself; None when it does not run here, or tells none."""
    arguments = _VERSION_ARGUMENTS.get(program.name, ("--version",))
    environment = os.environ | {"GOTOOLCHAIN": "local"}
    try:
        answer = subprocess.run(
            [str(program), *arguments],
            check=True,
            capture_output=True,
            text=True,
            timeout=_ANSWER_WITHIN,
            env=environment,
            cwd="/",
        ).stdout
        return Version.parse(json.loads(answer)["clientVersion"]["gitVersion"] if program.name == "kubectl" else answer)
    except (OSError, subprocess.SubprocessError, ValueError, KeyError):
        return None
