"""`project-operator sandbox controlplane`: a control plane in the foreground, until Ctrl-C."""

import os
import signal
import threading
import time
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any, Final

import click

from project_operator.sandbox.controlplane.plane import ControlPlane, default_cache
from project_operator.sandbox.controlplane.report import Report, duration
from project_operator.sandbox.controlplane.search import SOURCES, Options, Search
from project_operator.sandbox.controlplane.versions import kubernetes_series

_CHECK_EVERY = 1.0


OPTIONS: Final = (
    click.option(
        "--kubernetes",
        metavar="MINOR",
        type=click.Choice(kubernetes_series()),
        help=f"Pinned minor to use: {', '.join(kubernetes_series())} (KUBERNETES_MINOR).",
    ),
    click.option(
        "--source", type=click.Choice(SOURCES), help="Use this source of kube-apiserver alone (SANDBOX_SOURCE)."
    ),
)
"""The options that choose a control plane; each defaults to its environment variable."""


@click.command("controlplane")
@click.option("--build-only", is_flag=True, help="Get the programs ready and start nothing.")
@OPTIONS[0]
@OPTIONS[1]
@click.option("--kubeconfig", type=click.Path(path_type=Path), help="Use this cluster instead (SANDBOX_KUBECONFIG).")
@click.option(
    "--expendable", metavar="CONTEXT", help="The kubeconfig's context, as a promise that it may be destroyed."
)
def command(**options: Any) -> int:
    """Find, build where need be, and start etcd, kube-apiserver and kube-controller-manager."""
    return run(SimpleNamespace(**options))


def options_from(arguments: SimpleNamespace) -> Options:
    """What the options say, over what the environment says."""
    chosen = Options.from_environment(os.environ)
    return Options(
        kubernetes=arguments.kubernetes or chosen.kubernetes,
        source=arguments.source or chosen.source,
        kubeconfig=arguments.kubeconfig or chosen.kubeconfig,
        expendable=arguments.expendable or chosen.expendable,
        assets=chosen.assets,
        envtest_base_url=chosen.envtest_base_url,
    )


def run(arguments: SimpleNamespace) -> int:
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
