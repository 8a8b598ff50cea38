from pathlib import Path

import pytest

from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane.versions import (
    Version,
    etcd_module,
    kubectl_fits,
    kubernetes_module,
    kubernetes_series,
    read_module,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("go version go1.26.8 linux/amd64", "1.26.8"),
        ("v1.32.4-dispatcher", "1.32.4"),
        ("Kubernetes v1.37.1", "1.37.1"),
        ("etcd Version: 3.5.1\nGit SHA: e8732fb5f", "3.5.1"),
        ("1.36", "1.36.0"),
        ("go1.27rc1", "1.27.0"),
    ],
)
def test_versions_are_read_as_programs_tell_them(text: str, expected: str) -> None:
    assert str(Version.parse(text)) == expected


def test_versions_compare_as_numbers() -> None:
    assert Version.parse("1.9.0") < Version.parse("1.10.0") < Version.parse("1.10.1")


def test_a_text_without_a_version_is_an_error() -> None:
    with pytest.raises(ValueError, match="no version in 'none'"):
        Version.parse("none")


def test_the_newest_pinned_kubernetes_is_the_default_and_an_older_one_can_be_chosen() -> None:
    newest, older, *_ = kubernetes_series()
    assert kubernetes_module(None).version.series == newest
    assert kubernetes_module(older).version.series == older
    assert Version.parse(older) < Version.parse(newest)


def test_a_kubernetes_that_is_not_pinned_is_refused_with_those_that_are() -> None:
    with pytest.raises(SandboxError, match=r"1\.20 is not pinned here; choose one of 1\.\d+, 1\.\d+"):
        kubernetes_module("1.20")


@pytest.mark.parametrize("series", kubernetes_series())
def test_the_staging_modules_follow_the_release(series: str) -> None:
    module = kubernetes_module(series)
    lines = (module.folder / "go.mod").read_text().splitlines()
    staging = {line.split()[-1] for line in lines if "=>" in line}
    assert staging == {f"v0.{module.version.minor}.{module.version.patch}"}
    assert (module.folder / "go.sum").exists()


def test_etcd_is_pinned_too() -> None:
    assert etcd_module().version >= Version(3, 5, 0)


def test_a_go_mod_that_does_not_say_what_is_needed_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module x\n\ngo 1.26.0\n")
    with pytest.raises(SandboxError, match=r"does not require k8s\.io/kubernetes"):
        read_module(tmp_path, "k8s.io/kubernetes")


@pytest.mark.parametrize(("kubectl", "fits"), [("1.35", False), ("1.36", True), ("1.38", True), ("1.39", False)])
def test_version_skew(kubectl: str, fits: bool) -> None:  # noqa: FBT001 - a column
    assert kubectl_fits(Version.parse(kubectl), Version.parse("1.37.1")) == fits
