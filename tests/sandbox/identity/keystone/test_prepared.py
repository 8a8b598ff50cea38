"""What is fetched and made before the first start of Keystone: once, whole or not at all."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane.cache import Cache
from project_operator.sandbox.controlplane.plane import default_cache
from project_operator.sandbox.controlplane.platforms import this_platform
from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.identity.keystone.configuration import KEYSTONE_CONF
from project_operator.sandbox.identity.keystone.prepared import PACKAGES, environment, prepare

SHARING = """
import sys
from pathlib import Path
from project_operator.sandbox.controlplane.cache import Cache
from project_operator.sandbox.controlplane.platforms import this_platform
from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.identity.keystone.prepared import prepare

prepared = prepare(Cache(Path(sys.argv[1]), this_platform()), Report())
print(prepared.admin_password)
"""


def test_every_package_has_hashes_and_no_index_is_named() -> None:
    lock = PACKAGES.read_text(encoding="utf-8")
    requirements = [line for line in lock.splitlines() if "==" in line]
    assert all(line.endswith("\\") for line in requirements), "hashes follow"
    assert any(line.startswith("keystone==30.0.0 ") for line in requirements)
    assert "http" not in lock.replace("httplib", "")
    assert "--index" not in lock
    assert "--find-links" not in lock


@pytest.mark.whole
def test_without_an_index_it_fails_with_a_way_out_and_leaves_nothing_half_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    said = io.StringIO()
    with pytest.raises(SandboxError, match="see that it reaches a Python package index, then run this again"):
        prepare(Cache(tmp_path / "cache", this_platform()), Report(said))
    assert "Keystone: fetching " in said.getvalue()
    (digest,) = (tmp_path / "cache" / "keystone").iterdir()
    assert list(digest.iterdir()) == []


@pytest.mark.whole  # makes two databases
def test_two_at_once_share_one_preparation(tmp_path: Path) -> None:
    ready = prepare(default_cache(), Report(sys.__stderr__))
    # The packages are there already, as after an interruption between the two steps.
    folder = Cache(tmp_path, this_platform()).keystone(ready.packages.parent.name)
    folder.mkdir(parents=True)
    (folder / "packages").symlink_to(ready.packages)

    both = [
        subprocess.Popen(
            [sys.executable, "-c", SHARING, str(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for _ in range(2)
    ]
    (first, first_said), (second, second_said) = (process.communicate(timeout=120) for process in both)

    assert [process.returncode for process in both] == [0, 0], first_said + second_said
    assert first == second != "", "the same administrator"
    assert first.strip() != ready.admin_password
    assert (first_said + second_said).count("making the database") == 1
    assert {path.name for path in folder.iterdir() if not path.name.startswith("python-entrypoints")} == {
        "packages",
        "state",
    }
    assert not (folder / "state" / KEYSTONE_CONF).exists()
    assert (folder / "state").stat().st_mode & 0o077 == 0


def test_what_configures_another_keystone_or_python_stays_outside(tmp_path: Path) -> None:
    outside = {"PATH": "/bin", "OS_TOKEN__EXPIRATION": "1", "PYTHONHOME": "/x", "GUNICORN_CMD_ARGS": "--reload"}
    inside = environment(tmp_path / "packages", outside, tmp_path)
    assert inside["PATH"] == "/bin"
    assert inside["PYTHONPATH"] == str(tmp_path / "packages")
    assert not {"OS_TOKEN__EXPIRATION", "PYTHONHOME", "GUNICORN_CMD_ARGS"} & inside.keys()
