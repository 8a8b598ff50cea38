"""Which source serves which program: pure decisions over what was found, each with the sentence that explains it."""

from dataclasses import dataclass
from pathlib import Path

from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane.platforms import Resources
from project_operator.sandbox.controlplane.versions import Version, kubectl_fits

OLDEST_ETCD = Version(3, 4, 10)
"""The first etcd with --unsafe-no-fsync in its 3.4 line; 3.4.23 and 3.5.1 were run with Kubernetes 1.36 and 1.37."""

GIB = 1024**3
BUILD_DISK = 6 * GIB
"""Measured for Kubernetes 1.37.1: 0.6 GiB of modules, 3.5 GiB of build cache, 0.2 GiB of programs; and some room."""
BUILD_MEMORY = 5 * GIB // 2
"""Measured at its highest, when kube-apiserver is compiled and linked on two cores: 2 GiB."""


@dataclass(frozen=True)
class Use:
    """This source serves; why says with what."""

    why: str


@dataclass(frozen=True)
class Skip:
    """This source does not serve; why says what is missing."""

    why: str


@dataclass(frozen=True)
class GoFound:
    """The go command on PATH."""

    path: Path
    version: Version


def outcome(decision: Use | Skip) -> str:
    """The decision as a person reads it."""
    return f"{'used' if isinstance(decision, Use) else 'skipped'}: {decision.why}"


def judge_kubeconfig(given: Path | None, expendable: str | None, current_context: str | None) -> Use | Skip:
    """A cluster of the user's own is used only when its current context is named as one that may be destroyed.

    Raises SandboxError when a kubeconfig is given without that.
    """
    if given is None:
        return Skip("--kubeconfig not given")
    if current_context is None:
        raise SandboxError(f"{given} has no current-context; set one with `kubectl config use-context`")
    if expendable != current_context:
        named = f"--expendable names {expendable}" if expendable else "--expendable was not given"
        raise SandboxError(
            f"{given} points at context {current_context}, and {named}: everything in that cluster may be changed "
            f"or deleted. If that is meant, add --expendable {current_context}"
        )
    return Use(f"context {current_context}, named expendable")


def judge_assets(directory: Path | None, program: str, *, present: bool, version: Version | None) -> Use | Skip:
    """KUBEBUILDER_ASSETS serves whatever of it is there and runs."""
    if directory is None:
        return Skip("not set")
    if not present:
        return Skip(f"{directory} has no {program}")
    if version is None:
        return Skip(f"{directory / program} does not run here")
    return Use(f"{directory / program} ({version})")


def judge_cached(path: Path, *, present: bool, version: Version | None) -> Use | Skip:
    """What an earlier run left is used when it still runs."""
    if not present:
        return Skip(f"no {path}")
    if version is None:
        return Skip(f"{path} does not run here; remove it")
    return Use(f"{path} ({version})")


def judge_archive(series: str, platform: str, digest: str | None) -> Use | Skip:
    """The envtest archive is fetched only where its checksum is committed."""
    if digest is None:
        return Skip(f"no checksum is committed for Kubernetes {series} on {platform}")
    return Use(f"Kubernetes {series} for {platform}, SHA-512 {digest[:12]}…")


def judge_resources(left: Resources) -> Skip | None:
    """A reason not to start a build on this machine, or None."""
    if left.disk < BUILD_DISK:
        return Skip(f"a build needs {BUILD_DISK / GIB:.0f} GiB of disk and {left.disk / GIB:.1f} GiB are free")
    if left.memory is not None and left.memory < BUILD_MEMORY:
        return Skip(f"a build needs {BUILD_MEMORY / GIB:.1f} GiB of memory and {left.memory / GIB:.1f} GiB are free")
    return None


def judge_go(needed: Version, found: GoFound | None) -> Use | Skip:
    """Go from PATH serves when it is no older than the go.mod asks; it is never let fetch another toolchain."""
    if found is None:
        return Skip("no go on PATH")
    if found.version < needed:
        return Skip(f"{found.path} is {found.version}, and {needed} is needed")
    return Use(f"{found.path} ({found.version})")


def judge_kubectl(path: Path | None, version: Version | None, server: Version) -> Use | Skip:
    """Kubectl from PATH serves within one minor of the API server."""
    if path is None:
        return Skip("no kubectl on PATH")
    if version is None:
        return Skip(f"{path} does not tell its version")
    if not kubectl_fits(version, server):
        return Skip(f"{path} is {version}, more than one minor away from {server}")
    return Use(f"{path} ({version})")


def judge_etcd(path: Path | None, version: Version | None) -> Use | Skip:
    """Etcd from PATH, Debian's included, serves from 3.4.10 on."""
    if path is None:
        return Skip("no etcd on PATH")
    if version is None:
        return Skip(f"{path} does not tell its version")
    if version < OLDEST_ETCD:
        return Skip(f"{path} is {version}, and {OLDEST_ETCD} is needed")
    return Use(f"{path} ({version})")


def judge_source(source: str, only: str | None) -> Skip | None:
    """A reason to pass a source over because another one was asked for, or None."""
    return None if only in (None, source) else Skip(f"--source {only} was asked for")
