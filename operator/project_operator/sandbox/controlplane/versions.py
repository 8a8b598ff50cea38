"""Versions: how they are read, which Kubernetes is pinned, and what fits what."""

import re
from dataclasses import dataclass
from pathlib import Path

from project_operator.errors import SandboxError

MODULES = Path(__file__).parent / "modules"
"""One folder per thing built from the Go module proxy; its go.mod and go.sum are the pin."""


@dataclass(frozen=True, order=True)
class Version:
    """Major, minor, patch; whatever a vendor appends is dropped."""

    major: int
    minor: int
    patch: int = 0

    @classmethod
    def parse(cls, text: str) -> "Version":
        """The first version in the text: `go version go1.26.8`, `v1.32.4-dispatcher`, `1.36`.

        Raises ValueError when there is none.
        """
        match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
        if match is None:
            raise ValueError(f"no version in {text[:80]!r}")
        return cls(int(match[1]), int(match[2]), int(match[3] or 0))

    @property
    def series(self) -> str:
        """The minor release, as people say it: `1.37`."""
        return f"{self.major}.{self.minor}"

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


@dataclass(frozen=True)
class Module:
    """A pinned Go module: where its go.mod is, the version it requires, and the oldest Go that builds it."""

    folder: Path
    version: Version
    go: Version


def kubernetes_series() -> tuple[str, ...]:
    """The Kubernetes minors that are pinned here, newest first."""
    folders = MODULES.glob("kubernetes-*")
    versions = sorted((Version.parse(folder.name) for folder in folders), reverse=True)
    return tuple(version.series for version in versions)


def kubernetes_module(series: str | None) -> Module:
    """The pin for one Kubernetes minor, the newest by default. Raises SandboxError for a minor that is not pinned."""
    pinned = kubernetes_series()
    wanted = series or pinned[0]
    if wanted not in pinned:
        raise SandboxError(f"Kubernetes {wanted} is not pinned here; choose one of {', '.join(pinned)}")
    return read_module(MODULES / f"kubernetes-{wanted}", "k8s.io/kubernetes")


def etcd_module() -> Module:
    """The pin for etcd."""
    return read_module(MODULES / "etcd", "go.etcd.io/etcd/server/v3")


def read_module(folder: Path, requirement: str) -> Module:
    """What the folder's go.mod says about itself and the module it is there for."""
    text = (folder / "go.mod").read_text(encoding="utf-8")
    go = re.search(r"^go (\S+)$", text, flags=re.MULTILINE)
    required = re.search(rf"^(?:require|\t)\s*{re.escape(requirement)} (v\S+)", text, flags=re.MULTILINE)
    if go is None or required is None:
        raise SandboxError(f"{folder / 'go.mod'} names no Go version or does not require {requirement}: restore it")
    return Module(folder=folder, version=Version.parse(required[1]), go=Version.parse(go[1]))


def kubectl_fits(kubectl: Version, server: Version) -> bool:
    """Kubernetes' version skew policy: kubectl is within one minor of the API server."""
    return kubectl.major == server.major and abs(kubectl.minor - server.minor) <= 1
