"""`project-operator sandbox controlplane` as a person runs it."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from project_operator.sandbox.controlplane import command
from project_operator.sandbox.controlplane.search import Options

RUN = [sys.executable, "-m", "project_operator", "sandbox", "controlplane"]


def environment(**variables: str) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1"} | variables


def parsed(*arguments: str) -> SimpleNamespace:
    return SimpleNamespace(**command.command.make_context("x", list(arguments)).params)


def test_options_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KUBERNETES_MINOR", "KUBEBUILDER_ASSETS", "SANDBOX_KUBECONFIG", "SANDBOX_EXPENDABLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SANDBOX_SOURCE", "cache")
    assert command.options_from(parsed()) == Options(source="cache")
    chosen = command.options_from(parsed("--source", "build", "--kubeconfig", "/k", "--expendable", "c"))
    assert chosen == Options(source="build", kubeconfig=Path("/k"), expendable="c")


@pytest.mark.needs_real
@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.whole)])
def test_it_prints_what_to_export_and_ends_cleanly(number: signal.Signals, tmp_path: Path) -> None:
    process = subprocess.Popen(
        RUN, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment(TMPDIR=str(tmp_path))
    )
    assert process.stdout is not None
    export = next(line for line in process.stdout if "export KUBECONFIG" in line)
    ready = subprocess.run(
        ["bash", "-c", f"{export.strip()}; kubectl get --raw /readyz"],
        check=True,
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert ready.stdout == "ok"
    process.send_signal(number)
    process.stdout.read()
    process.stdout.close()
    assert process.wait(30) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.needs_real
def test_build_only_gets_ready_and_starts_nothing() -> None:
    done = subprocess.run([*RUN, "--build-only"], check=True, capture_output=True, text=True, env=environment())
    assert done.stdout == ""
    assert "programs ready after" in done.stderr


def test_a_kubernetes_that_is_not_pinned_is_refused() -> None:
    done = subprocess.run(
        [*RUN, "--kubernetes", "1.20"], check=False, capture_output=True, text=True, env=environment()
    )
    assert done.returncode == 2
    assert "Invalid value for '--kubernetes': '1.20' is not one of " in done.stderr
