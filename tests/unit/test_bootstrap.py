import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bootstrap

LOCKS = {"run": "r1", "dev": "d1"}


@pytest.mark.parametrize(
    ("wanted", "installed", "due"),
    [
        ("run", None, "run"),
        ("dev", None, "dev"),
        ("run", ("run", "r1", "py"), None),
        ("dev", ("run", "r1", "py"), "dev"),
        ("run", ("dev", "d1", "py"), None),
        ("dev", ("dev", "d1", "py"), None),
        ("run", ("dev", "d0", "py"), "dev"),
        ("run", ("run", "r0", "py"), "run"),
        ("run", ("run", "r1", "other"), "run"),
    ],
)
def test_an_environment_is_made_anew_only_when_it_does_not_hold_what_is_wanted(
    wanted: str, installed: tuple[str, str, str] | None, due: str | None
) -> None:
    stamp = bootstrap.Installed(*installed) if installed else None
    assert bootstrap.due(wanted, stamp, LOCKS, "py") == due


def test_names_of_a_lock_are_normalised() -> None:
    lock = "aiohttp==3.14 \\\n    --hash=sha256:00\nPyYAML==6.0 ; python_version < '3.12'\nruamel.yaml==1\n# via x==1\n"
    assert bootstrap.names(lock) == {"aiohttp", "pyyaml", "ruamel-yaml"}


def test_both_locks_agree_on_every_version() -> None:
    def versions(profile: str) -> dict[str, str]:
        lines = bootstrap.LOCKS[profile].read_text().splitlines()
        return {line.split("==")[0]: line for line in lines if "==" in line and not line.startswith(" ")}

    run, dev = versions("run"), versions("dev")
    assert run
    assert {name: dev.get(name) for name in run} == run


def test_what_is_fetched_beside_the_environment_agrees_with_it() -> None:
    """It is found first there, so that another version would stand for the one that is installed."""

    def pins(name: str) -> dict[str, str]:
        lines = (bootstrap.ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
        return dict(line.split(" ")[0].split("==") for line in lines if "==" in line and not line.startswith(" "))

    beside, dev = pins("mutants"), pins("dev")
    assert "mutmut" in beside.keys() - dev.keys()
    assert {name: version for name, version in beside.items() if dev.get(name, version) != version} == {}


def test_a_python_without_venv_and_pip_is_told_in_one_line_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "works", lambda *_command: False)
    monkeypatch.setattr(bootstrap, "VENV", Path("/nonexistent/.venv"))
    monkeypatch.setattr("shutil.which", lambda _name: "/usr/bin/apt-get")
    monkeypatch.setattr("platform.system", lambda: "Linux")
    with pytest.raises(bootstrap.BootstrapError, match=r"^.* run `apt install python3-venv`, then make again$"):
        bootstrap.make_venv()


def test_the_run_ends_with_that_line_and_exit_status_1(tmp_path: Path) -> None:
    """The real script, in a clone of its own, by a Python that finds neither."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(bootstrap.__file__, tmp_path / "scripts")
    shutil.copytree(bootstrap.ROOT / "requirements", tmp_path / "requirements")
    (tmp_path / "nothing").mkdir()
    for module in ("ensurepip", "pip"):
        (tmp_path / "nothing" / f"{module}.py").write_text("raise ImportError\n")
    ended = subprocess.run(
        [sys.executable, str(tmp_path / "scripts" / "bootstrap.py"), "run"],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "nothing")},
    )
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"bootstrap: {sys.executable} has neither venv nor pip: ")
    assert not (tmp_path / ".venv").exists()


def test_a_python_without_venv_gets_a_virtualenv_from_pip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr(bootstrap, "works", lambda *command: "ensurepip" not in command[-1])
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "CACHE", tmp_path / ".cache")
    monkeypatch.setattr("subprocess.run", lambda command, **_options: ran.append(command))
    bootstrap.make_venv()
    assert "--require-hashes" in ran[0]
    assert ran[0][-4:-2] == ["--target", str(tmp_path / ".cache" / "virtualenv")]
    assert ran[0][-1].endswith("requirements/virtualenv.txt")
    assert ran[1][-3:] == ["-m", "virtualenv", str(tmp_path / ".venv")]


def test_the_second_of_two_runs_waits_and_says_so(tmp_path: Path) -> None:
    code = (
        f"import sys, pathlib; sys.path.insert(0, {str(Path(bootstrap.__file__).parent)!r}); import bootstrap\n"
        f"bootstrap.CACHE = pathlib.Path({str(tmp_path)!r})\n"
        "with bootstrap.only_one(): print('in', flush=True)"
    )
    with (tmp_path / "bootstrap.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        second = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert second.stdout is not None
        assert "waiting" in second.stdout.readline()
        assert second.poll() is None
        fcntl.flock(held, fcntl.LOCK_UN)
        assert second.stdout.readline() == "in\n"
        second.stdout.close()
        assert second.wait(30) == 0
