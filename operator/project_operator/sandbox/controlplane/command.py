"""`project-operator sandbox controlplane`: a control plane in the foreground, until Ctrl-C."""

import argparse
import os
import signal
import threading
import time
from pathlib import Path
from types import FrameType

from project_operator.sandbox.controlplane.plane import ControlPlane, default_cache
from project_operator.sandbox.controlplane.report import Report, duration
from project_operator.sandbox.controlplane.search import SOURCES, Options, Search
from project_operator.sandbox.controlplane.versions import kubernetes_series

_CHECK_EVERY = 1.0


def add_all_options(parser: argparse.ArgumentParser) -> None:
    """What the subcommand has."""
    parser.description = "Find, build where need be, and start etcd, kube-apiserver and kube-controller-manager."
    parser.add_argument("--build-only", action="store_true", help="get the programs ready and start nothing")
    add_options(parser)
    parser.set_defaults(run=run)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that choose a control plane; each defaults to its environment variable."""
    parser.add_argument(
        "--kubernetes", metavar="MINOR", choices=kubernetes_series(), help="pinned minor to use (KUBERNETES_MINOR)"
    )
    parser.add_argument("--source", choices=SOURCES, help="use this source of kube-apiserver alone (SANDBOX_SOURCE)")
    parser.add_argument("--kubeconfig", type=Path, help="use this cluster instead (SANDBOX_KUBECONFIG)")
    parser.add_argument(
        "--expendable", metavar="CONTEXT", help="the kubeconfig's context, as a promise that it may be destroyed"
    )


def options_from(arguments: argparse.Namespace) -> Options:
    """What `add_options` parsed, over what the environment says."""
    chosen = Options.from_environment(os.environ)
    return Options(
        kubernetes=arguments.kubernetes or chosen.kubernetes,
        source=arguments.source or chosen.source,
        kubeconfig=arguments.kubeconfig or chosen.kubeconfig,
        expendable=arguments.expendable or chosen.expendable,
        assets=chosen.assets,
        envtest_base_url=chosen.envtest_base_url,
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the subcommand; its exit status. Raises SandboxError."""
    options, report = options_from(arguments), Report()
    started = time.monotonic()
    if arguments.build_only:
        Search(options, default_cache(), report).run()
        report.say(f"control plane: programs ready after {duration(time.monotonic() - started)}")
        return 0
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, end)
    with ControlPlane.start(options, report=report) as control_plane:
        signal.signal(signal.SIGINT, end)
        report.say(f"control plane: ready after {duration(time.monotonic() - started)}")
        print(_welcome(control_plane), flush=True)
        while not ended.wait(_CHECK_EVERY):
            control_plane.check()
        report.say("\ncontrol plane: stopping")
    return 0


def _welcome(control_plane: ControlPlane) -> str:
    emulated = "EMULATED API: no CEL, no server-side apply, no RBAC\n" if control_plane.emulated else ""
    return f"""
{emulated}kubeconfig: {control_plane.kubeconfig}   (Kubernetes {control_plane.version})
logs:       {control_plane.folder}

In another terminal:

    export KUBECONFIG={control_plane.kubeconfig}; export PATH={control_plane.kubectl_program.parent}:$PATH

    kubectl get --raw /version
    kubectl apply --server-side -k crds/
    kubectl explain projects.identity.project-operator.dev.spec

Ctrl-C ends it and removes everything it stored."""
