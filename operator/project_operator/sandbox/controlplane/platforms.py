"""The platforms this package knows how to serve, and what a machine has left to build with."""

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from project_operator.errors import SandboxError

_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
SUPPORTED = ("linux-amd64", "linux-arm64", "darwin-arm64")


@dataclass(frozen=True)
class Platform:
    """An operating system and an architecture, in Go's words."""

    os: str
    arch: str

    def __str__(self) -> str:
        return f"{self.os}-{self.arch}"


@dataclass(frozen=True)
class Resources:
    """What is left of a machine, in bytes; memory is None where it cannot be told."""

    disk: int
    memory: int | None


def platform_of(system: str, machine: str) -> Platform:
    """The platform that `uname` names so. Raises SandboxError for one that is not supported."""
    found = Platform(os=system.lower(), arch=_ARCHITECTURES.get(machine.lower(), machine.lower()))
    if str(found) not in SUPPORTED:
        raise SandboxError(
            f"the embedded control plane runs on {', '.join(SUPPORTED)}; this is {found}. "
            "Use a cluster you can throw away instead: --kubeconfig PATH --expendable CONTEXT"
        )
    return found


def this_platform() -> Platform:
    """The platform we run on. Raises SandboxError when it is not supported."""
    return platform_of(platform.system(), platform.machine())


def resources(folder: Path) -> Resources:
    """What is left where `folder` lives."""
    return Resources(disk=shutil.disk_usage(folder).free, memory=_memory())


def _memory() -> int | None:
    """Memory that a build can have, in bytes: what the kernel calls available, within the container's limit."""
    limits = [number for number in (_cgroup_left(), _available()) if number is not None]
    return min(limits, default=None)


def _available() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return _physical()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)


def _physical() -> int | None:
    """All memory there is: macOS does not tell simply what is available."""
    try:
        answer = subprocess.run(["/usr/sbin/sysctl", "-n", "hw.memsize"], check=True, capture_output=True, text=True)
        return int(answer.stdout)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None


def _cgroup_left() -> int | None:
    """What the container's cgroup (version 2) leaves, or None without a limit."""
    folder = Path(os.environ.get("CGROUP_ROOT", "/sys/fs/cgroup"))
    try:
        return int((folder / "memory.max").read_text()) - int((folder / "memory.current").read_text())
    except (OSError, ValueError):
        return None
