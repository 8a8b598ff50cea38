"""A control plane to work against: embedded, emulated, or a cluster that its owner gave up.

::

    with ControlPlane.start() as control_plane:
        control_plane.kubectl("apply", "--server-side", "-k", "crds/")
        client = connect(control_plane.kubeconfig)
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import project_operator
from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane import kubeconfig as kubeconfigs
from project_operator.sandbox.controlplane.cache import Cache, cache_root
from project_operator.sandbox.controlplane.decisions import judge_kubeconfig, outcome
from project_operator.sandbox.controlplane.embedded import READY_WITHIN, Embedded
from project_operator.sandbox.controlplane.platforms import this_platform
from project_operator.sandbox.controlplane.processes import OwnedProcess
from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.controlplane.search import EMULATED_MODULE, Options, Programs, Search

_KUBECTL_WITHIN = 120.0
_ESTABLISHED_WITHIN = 60.0
FOLDER_PREFIX = "project-operator-sandbox-"
"""How the names of our folders for temporary files begin; the owner's pid and a hyphen follow."""


def default_cache() -> Cache:
    """The cache this installation uses. Raises SandboxError on a platform that is not supported."""
    package = Path(project_operator.__file__).resolve().parent
    return Cache(cache_root(package, os.environ, Path.home()), this_platform())


class ControlPlane:
    """An API server with a kubeconfig for its administrator, and a kubectl that fits it.

    Make one with `start` or `attach`; use it as a context manager, or call `stop`. Not for use from several threads.
    """

    def __init__(self, kubeconfig: Path, kubectl: Path, folder: Path, embedded: Embedded | None = None) -> None:
        self.kubeconfig = kubeconfig
        """The administrator's kubeconfig (member of system:masters where embedded)."""
        self.kubectl_program = kubectl
        """The kubectl that fits."""
        self.folder = folder
        """Everything of this control plane, logs included, lies below; removed by `stop`."""
        self._embedded = embedded
        self._emulator: OwnedProcess | None = None

    @classmethod
    def start(
        cls, options: Options | None = None, *, cache: Cache | None = None, report: Report | None = None
    ) -> "ControlPlane":
        """Find the programs (a first time builds them, for minutes), start them, and return once the API is ready.

        Raises SandboxError, which says what to do.
        """
        options, report = options or Options.from_environment(), report or Report()
        cache = cache or default_cache()
        search = Search(options, cache, report)
        context = kubeconfigs.current_context(options.kubeconfig) if options.kubeconfig else None
        verdict = judge_kubeconfig(options.kubeconfig, options.expendable, context)
        report.source("cluster", "--kubeconfig", outcome(verdict))
        if options.kubeconfig is not None:
            return cls.attach(options.kubeconfig, search.kubectl())
        programs = search.run()
        _sweep()
        folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{os.getpid()}-"))
        try:
            if programs.apiserver is None:
                return cls._emulated(programs, folder)
            return cls._real(programs, folder, report)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    @classmethod
    def attach(cls, kubeconfig: Path, kubectl: Path) -> "ControlPlane":
        """A cluster that is there already and may be changed at will."""
        return cls(kubeconfig, kubectl, Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{os.getpid()}-")))

    @classmethod
    def _real(cls, programs: Programs, folder: Path, report: Report) -> "ControlPlane":
        embedded = Embedded(programs, folder, report)
        try:
            embedded.start()
        except BaseException:
            embedded.stop()
            raise
        return cls(embedded.kubeconfig, programs.kubectl, folder, embedded)

    @classmethod
    def _emulated(cls, programs: Programs, folder: Path) -> "ControlPlane":
        kubeconfig = folder / "kubeconfig"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", EMULATED_MODULE, "--port", str(port), "--kubeconfig", str(kubeconfig)]
        plane = cls(kubeconfig, programs.kubectl, folder)
        plane._emulator = OwnedProcess("emulated", command, log=folder / "emulated.log", environ=_import_path())
        deadline = time.monotonic() + READY_WITHIN
        while not kubeconfig.exists() or plane.kubectl("get", "--raw", "/readyz", check=False).returncode != 0:
            if time.monotonic() > deadline or not plane._emulator.running:
                words = plane._emulator.last_lines()
                plane.stop()
                raise SandboxError(f"the emulated API server does not start:\n{words}")
            time.sleep(0.1)
        return plane

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End every process of it and remove its folder. Calling it again changes nothing."""
        if self._embedded is not None:
            self._embedded.stop()
        if self._emulator is not None:
            self._emulator.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def emulated(self) -> bool:
        """Whether this is the emulated API: no CEL, no server-side apply, no RBAC, and no figure of it is published."""
        return self._emulator is not None

    @property
    def version(self) -> str:
        """The API server's gitVersion, for example `v1.37.1`."""
        return str(json.loads(self.kubectl("get", "--raw", "/version").stdout)["gitVersion"])

    @property
    def audit_log(self) -> Path:
        """JSON lines, one an answered request, at level Metadata: user, verb, objectRef, responseStatus; no bodies.

        Raises SandboxError where there is none: on a cluster we did not start, and on the emulated one.
        """
        return self._real_one("writes no audit log").audit_log

    @property
    def pids(self) -> dict[str, int]:
        """Its processes by program: etcd, kube-apiserver, kube-controller-manager where there is one.

        Raises SandboxError unless embedded.
        """
        return self._real_one("has no processes of ours").pids

    def wait_established(self, *names: str) -> None:
        """Return once the definitions called `names` are served.

        Asks kubectl again where it gives up: it does so on a definition that has no conditions yet.
        Raises SandboxError with what kubectl said last, after a minute.
        """
        wait = ("wait", "--for=condition=Established", *(f"crd/{name}" for name in names), "--timeout=30s")
        deadline = time.monotonic() + _ESTABLISHED_WITHIN
        while time.monotonic() < deadline:
            if self.kubectl(*wait, check=False).returncode == 0:
                return
            time.sleep(0.1)
        self.kubectl(*wait)

    def kubectl(
        self, *arguments: str, stdin: str | None = None, check: bool = True, kubeconfig: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl as the administrator, or as whom `kubeconfig` is.

        Raises SandboxError with what kubectl said when it fails and `check` is on.
        """
        environment = os.environ | {
            "KUBECONFIG": str(kubeconfig or self.kubeconfig),
            "KUBECACHEDIR": str(self.folder / "kubectl-cache"),
        }
        done = subprocess.run(
            [str(self.kubectl_program), *arguments],
            input=stdin,
            check=False,
            capture_output=True,
            text=True,
            timeout=_KUBECTL_WITHIN,
            env=environment,
        )
        if check and done.returncode != 0:
            said = done.stderr.strip() or done.stdout.strip()
            raise SandboxError(f"`kubectl {_shown(arguments)}` failed ({done.returncode}): {said}")
        return done

    def service_account_kubeconfig(self, namespace: str, name: str) -> Path:
        """A kubeconfig for an existing ServiceAccount, good for a day, by a token from the TokenRequest API.

        The emulated API has no RBAC; there it is the administrator's.
        """
        if self.emulated:
            return self.kubeconfig
        token = self.kubectl("create", "token", name, f"--namespace={namespace}", "--duration=24h").stdout.strip()
        document = kubeconfigs.with_token(kubeconfigs.read(self.kubeconfig), token, namespace)
        return kubeconfigs.write(document, self.folder / "kubeconfigs" / f"{namespace}-{name}")

    def kill_apiserver(self) -> None:
        """End the API server alone with SIGKILL. What it stored stays. Raises SandboxError unless embedded."""
        self._real_one("cannot be killed").kill_apiserver()

    def start_apiserver(self) -> None:
        """Start a killed API server with the same data, address and credentials; returns once it is ready."""
        self._real_one("cannot be restarted").start_apiserver()

    def restart_apiserver(self) -> None:
        """Kill and start the API server."""
        self.kill_apiserver()
        self.start_apiserver()

    def check(self) -> None:
        """Raises SandboxError when a process of it has ended by itself, with its last words."""
        ended = self._embedded.ended() if self._embedded else self._emulator
        if ended is not None and not ended.running:
            raise SandboxError(f"{ended.name} ended with {ended.returncode}:\n{ended.last_lines()}")

    def _real_one(self, lacks: str) -> Embedded:
        if self._embedded is None:
            what = "the emulated control plane" if self.emulated else "a cluster we did not start"
            raise SandboxError(f"{what} {lacks}; use the embedded one")
        return self._embedded


def _shown(arguments: Sequence[str]) -> str:
    return " ".join(arguments)[:200]


def _import_path() -> dict[str, str]:
    """The environment in which a child imports what we import, installed or not."""
    package = str(Path(project_operator.__file__).resolve().parent.parent)
    inherited = os.environ.get("PYTHONPATH")
    return os.environ | {"PYTHONPATH": f"{package}{os.pathsep}{inherited}" if inherited else package}


def _sweep() -> None:
    """Remove folders that owners left who were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"):
        with suppress(ValueError, OSError):
            pid = int(folder.name.removeprefix(FOLDER_PREFIX).split("-")[0])
            if folder.stat().st_uid == os.getuid() and not _alive(pid):
                shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
