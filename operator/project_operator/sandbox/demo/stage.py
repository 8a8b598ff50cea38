"""Everything a demo runs on: control plane, identity server, definitions, backend object, operator."""

import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

import project_operator
from project_operator.api.names import GROUP, IDENTITY_BACKEND_PLURAL, PROJECT_PLURAL
from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane import kubeconfig as kubeconfigs
from project_operator.sandbox.controlplane.plane import ControlPlane
from project_operator.sandbox.controlplane.processes import OwnedProcess
from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.controlplane.search import Options
from project_operator.sandbox.demo import operator_process
from project_operator.sandbox.demo.identity import IdentityServer, serving
from project_operator.sandbox.demo.manifests import BACKEND, NAMESPACE, Pace, backend_manifests
from project_operator.sandbox.demo.narration import Narration
from project_operator.sandbox.demo.waiting import must_run

DISK: Final = 500
"""Megabytes that a demo needs in the folder for temporary files: etcd takes 130 before anything is stored."""
_READY_WITHIN: Final = "60s"


@dataclass(frozen=True)
class Stage:
    """What runs, and how to talk to it."""

    narration: Narration
    control_plane: ControlPlane
    identity: IdentityServer
    operator: OwnedProcess
    kubeconfig: Path
    """The administrator's, with the demo's namespace."""
    clone: Path

    @property
    def manifest(self) -> Path:
        """The Project that a user applies."""
        return self.clone / "deploy" / "examples" / self.identity.example

    @property
    def project(self) -> str:
        """The name of that Project."""
        return str(yaml.safe_load(self.manifest.read_text(encoding="utf-8"))["metadata"]["name"])

    def kubectl(self, *arguments: str, check: bool = True) -> str:
        """Show a command, run it as a user does, show its output and return it. Raises SandboxError when it fails."""
        return kubectl(self.narration, self.control_plane, self.kubeconfig, *arguments, check=check)

    def check(self) -> None:
        """Raises SandboxError, with its last words, when something has ended that should run."""
        must_run(self.operator)
        must_run(self.identity.process)
        self.control_plane.check()


@contextmanager
def staged(options: Options, backend: str, pace: Pace, narration: Narration) -> Iterator[Stage]:
    """Sets everything up, and takes it down when the block ends. Raises SandboxError, which says what to do."""
    clone = _clone()
    _enough_disk(Path(tempfile.gettempdir()))
    with ExitStack() as stack:
        with narration.step("Control plane"):
            report = Report(sys.stdout)
            control_plane = stack.enter_context(ControlPlane.start(options, report=report))
            report.say("")
            if control_plane.emulated:
                narration.warn("EMULATED API: no CEL, no server-side apply, no RBAC")
            narration.say(f"Kubernetes {control_plane.version}; logs in {control_plane.folder}")
            folder = control_plane.folder / "demo"
            folder.mkdir()
            kubeconfig = _in_namespace(control_plane.kubeconfig, folder / "kubeconfig")
        with narration.step("Identity server"):
            identity = stack.enter_context(serving(backend, pace, folder / "identity", report))
            narration.say(identity.introduction)
            narration.say(f"pid {identity.process.pid}; log: {identity.process.log}")
        with narration.step("Definitions, credential, backend object"):
            _apply_definitions(narration, control_plane, kubeconfig, clone)
            manifests = folder / "backend.yaml"
            manifests.touch(mode=0o600)
            manifests.write_text(
                backend_manifests(identity.member, identity.secret, identity.settings), encoding="utf-8"
            )
            apply = ("apply",) if control_plane.emulated else ("apply", "--server-side")
            kubectl(narration, control_plane, kubeconfig, *apply, "-f", str(manifests))
        with narration.step("Operator"):
            process = operator_process.start(kubeconfig, folder / "operator")
            stack.callback(operator_process.stop, process)
            narration.command(f"project-operator run --kubeconfig={kubeconfig}")
            narration.say(f"pid {process.pid}; log: {process.log}")
            stage = Stage(narration, control_plane, identity, process, kubeconfig, clone)
            _connected(stage)
        yield stage


def kubectl(
    narration: Narration, control_plane: ControlPlane, kubeconfig: Path, *arguments: str, check: bool = True
) -> str:
    """Show a kubectl command, run it, show its output and return it. Raises SandboxError when it fails."""
    narration.command(shlex.join(["kubectl", *arguments]))
    done = control_plane.kubectl(*arguments, kubeconfig=kubeconfig, check=check)
    narration.say(done.stdout + done.stderr)
    return done.stdout


def shown(path: Path) -> str:
    """A path as one types it here: relative where it lies below the working directory."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _apply_definitions(narration: Narration, control_plane: ControlPlane, kubeconfig: Path, clone: Path) -> None:
    folder = f"{shown(clone / 'crds')}/"
    apply = ("apply",) if control_plane.emulated else ("apply", "--server-side")
    kubectl(narration, control_plane, kubeconfig, *apply, "-k", folder)
    control_plane.wait_established(*(f"{plural}.{GROUP}" for plural in (PROJECT_PLURAL, IDENTITY_BACKEND_PLURAL)))


def _connected(stage: Stage) -> None:
    """Until the backend object is Ready, which only a working operator can make it."""
    try:
        stage.kubectl("wait", "--for=condition=Ready", f"ibackend/{BACKEND}", f"--timeout={_READY_WITHIN}")
    except SandboxError as error:
        stage.check()
        raise SandboxError(f"{error}; the last words of the operator:\n{stage.operator.last_lines()}") from None


def _in_namespace(kubeconfig: Path, file: Path) -> Path:
    """A copy in which the demo's namespace needs no naming."""
    document = kubeconfigs.read(kubeconfig)
    for entry in document["contexts"]:
        entry["context"]["namespace"] = NAMESPACE
    return kubeconfigs.write(document, file)


def _clone() -> Path:
    """The clone we run from. Raises SandboxError where we were installed without one."""
    clone = Path(project_operator.__file__).resolve().parents[2]
    for needed in ("crds/kustomization.yaml", "deploy/examples/02-project.yaml"):
        if not (clone / needed).is_file():
            raise SandboxError(f"the demo applies {needed} of a clone of the repository; there is none at {clone}")
    return clone


def _enough_disk(folder: Path) -> None:
    """Raises SandboxError where etcd would run out of disk."""
    free = shutil.disk_usage(folder).free >> 20
    if free < DISK:
        raise SandboxError(
            f"{folder} has {free} MB free and the demo needs {DISK} MB; make room, or set TMPDIR to another folder"
        )
