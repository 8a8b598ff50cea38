import io
from pathlib import Path

import pytest

from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane.cache import Cache
from project_operator.sandbox.controlplane.gobuild import GoBuild, Tally, environment, kubernetes_ldflags
from project_operator.sandbox.controlplane.platforms import Platform
from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.controlplane.versions import Module, Version


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", Platform("linux", "amd64"))


def go(folder: Path, script: str) -> Path:
    """A go command that does what the shell script says."""
    program = folder / "go"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def module(folder: Path) -> Module:
    return Module(folder, Version(1, 37, 1), Version(1, 26, 0))


def test_what_the_user_set_for_the_network_is_kept_and_what_changes_the_build_is_not(cache: Cache) -> None:
    outer = {"GOPROXY": "https://mirror", "GONOSUMDB": "x", "HTTPS_PROXY": "p", "GOARCH": "arm", "GOFLAGS": "-mod=mod"}
    inner = environment(outer, cache)
    assert {name: inner[name] for name in ("GOPROXY", "GONOSUMDB", "HTTPS_PROXY")} == {
        "GOPROXY": "https://mirror",
        "GONOSUMDB": "x",
        "HTTPS_PROXY": "p",
    }
    assert "GOARCH" not in inner
    assert inner["GOTOOLCHAIN"] == "local"
    assert "-mod=readonly" in inner["GOFLAGS"]
    assert all(Path(inner[name]).is_relative_to(cache.root) for name in ("GOPATH", "GOMODCACHE", "GOCACHE"))


def test_the_linker_is_told_the_release() -> None:
    flags = kubernetes_ldflags(Version(1, 37, 1))
    assert "-X k8s.io/component-base/version.gitVersion=v1.37.1" in flags
    assert "-X k8s.io/client-go/pkg/version.gitMinor=37" in flags


def test_what_go_says_is_counted() -> None:
    tally = Tally()
    for line in ("go: downloading a v1", "internal/cpu", "k8s.io/api/core/v1\n", "# k8s.io/x\n", "x.go:1: broken", ""):
        tally.read(line)
    assert (tally.downloaded, tally.compiled, list(tally.other)) == (1, 2, ["# k8s.io/x", "x.go:1: broken"])


def test_a_build_reports_what_it_did(cache: Cache, tmp_path: Path) -> None:
    said = io.StringIO()
    command = go(tmp_path, 'echo internal/cpu >&2; shift 5; echo built > "$1"')
    GoBuild(command, cache, Report(said)).build(module(tmp_path), "example.com/x", tmp_path / "x")
    assert (tmp_path / "x").read_text() == "built\n"
    assert "x: 0 modules fetched, 1 packages compiled" in said.getvalue()


def test_a_build_that_fails_says_what_go_said(cache: Cache, tmp_path: Path) -> None:
    command = go(tmp_path, "echo 'x.go:1: does not compile' >&2; exit 2")
    with pytest.raises(SandboxError, match=r"(?s)`go build example\.com/x` failed \(2\).*does not compile"):
        GoBuild(command, cache, Report(io.StringIO())).build(module(tmp_path), "example.com/x", tmp_path / "x")
