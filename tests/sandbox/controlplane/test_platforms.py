from pathlib import Path

import pytest

from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane.platforms import platform_of, resources, this_platform


@pytest.mark.parametrize(
    ("system", "machine", "expected"),
    [
        ("Linux", "x86_64", "linux-amd64"),
        ("Linux", "aarch64", "linux-arm64"),
        ("Darwin", "arm64", "darwin-arm64"),
    ],
)
def test_supported_platforms(system: str, machine: str, expected: str) -> None:
    assert str(platform_of(system, machine)) == expected


@pytest.mark.parametrize(
    ("system", "machine"), [("Windows", "AMD64"), ("Darwin", "x86_64"), ("Linux", "riscv64"), ("FreeBSD", "amd64")]
)
def test_anything_else_is_told_at_once_with_the_way_out(system: str, machine: str) -> None:
    with pytest.raises(SandboxError, match=r"runs on linux-amd64, linux-arm64, darwin-arm64; this is .*--kubeconfig"):
        platform_of(system, machine)


def test_this_machine_is_read(tmp_path: Path) -> None:
    assert str(this_platform())
    left = resources(tmp_path)
    assert left.disk > 0
    assert left.memory is None or left.memory > 0


def test_a_container_limit_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("400\n")
    monkeypatch.setenv("CGROUP_ROOT", str(tmp_path))
    assert resources(tmp_path).memory == 600
