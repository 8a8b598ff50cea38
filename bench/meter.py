"""What processes take of the machine: processor time and memory, from outside."""

import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_HERTZ: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one process up to now."""

    cpu_seconds: float
    """In user and in system mode."""
    resident_bytes: int


def usage(pid: int) -> Usage:
    """Of a process that lives."""
    if platform.system() == "Linux":
        times = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1]
        return Usage((int(times[11]) + int(times[12])) / _HERTZ, int(pages) * _PAGE)
    told = subprocess.run(
        ["ps", "-o", "time=,rss=", "-p", str(pid)],
        check=True,
        capture_output=True,
        text=True,
    )
    clock, kilobytes = told.stdout.split()
    seconds = 0.0
    for part in clock.replace("-", ":").split(":"):
        seconds = seconds * 60 + float(part)
    return Usage(seconds, int(kilobytes) * 1024)


class Meter:
    """What several processes use from its beginning on."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        """By name. A process that begins later is added with `add`."""
        self._pids = dict(pids)
        self._before = {name: usage(pid).cpu_seconds for name, pid in pids.items()}

    def add(self, name: str, pid: int) -> None:
        """One that has just begun: all it has used counts."""
        self._pids[name] = pid
        self._before[name] = 0.0

    def cpu_seconds(self) -> dict[str, float]:
        """By name, since the beginning."""
        return {name: round(usage(pid).cpu_seconds - self._before[name], 2) for name, pid in self._pids.items()}

    def resident_bytes(self, name: str) -> int:
        """Now."""
        return usage(self._pids[name]).resident_bytes
