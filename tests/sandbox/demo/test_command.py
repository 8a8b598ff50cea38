import os
import shutil
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

import project_operator
from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane.plane import ControlPlane
from project_operator.sandbox.controlplane.search import Options
from project_operator.sandbox.demo import command, stage
from project_operator.sandbox.demo.manifests import Pace
from project_operator.sandbox.demo.narration import Narration


def parsed(*arguments: str) -> SimpleNamespace:
    return SimpleNamespace(**command.command.make_context("x", list(arguments)).params)


def test_it_never_uses_a_cluster_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KUBERNETES_MINOR", "SANDBOX_SOURCE", "KUBEBUILDER_ASSETS", "ENVTEST_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SANDBOX_KUBECONFIG", "/mine")
    monkeypatch.setenv("SANDBOX_EXPENDABLE", "mine")
    assert command._options(parsed("--source", "cache")) == Options(source="cache")


def test_the_environment_chooses_where_no_option_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_SOURCE", "archive")
    assert command._options(parsed()).source == "archive"
    assert command._options(parsed("--source", "build")).source == "build"


def test_loopback_is_reached_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "example.com")
    monkeypatch.setenv("no_proxy", "")
    command._reach_loopback_directly()
    assert os.environ["NO_PROXY"] == "example.com,127.0.0.1,localhost"
    assert os.environ["no_proxy"] == "127.0.0.1,localhost"


def test_only_the_first_signal_counts() -> None:
    before = signal.getsignal(signal.SIGTERM)

    def impatient() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(command._Told) as told, command._told_by_signals():
        impatient()
    assert told.value.number == signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) is before


def test_too_little_disk_is_told_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "_reach_loopback_directly", lambda: None)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=20 << 20))
    monkeypatch.setattr(ControlPlane, "start", lambda *_, **__: pytest.fail("it was started"))
    with pytest.raises(SandboxError, match=r" has 20 MB free and the demo needs 500 MB; make room, or set TMPDIR "):
        command.run(parsed("--once"))
    assert capsys.readouterr().out == ""


def test_without_a_clone_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(project_operator, "__file__", str(tmp_path / "lib" / "project_operator" / "__init__.py"))
    narration = Narration(Console())
    with (
        pytest.raises(SandboxError, match=r"applies crds/kustomization.yaml of a clone .* there is none at "),
        stage.staged(Options(), "nscale", Pace(), narration),
    ):
        pytest.fail("it was started")
