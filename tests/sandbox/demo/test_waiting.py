import sys
from pathlib import Path

import pytest

from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane.processes import OwnedProcess
from project_operator.sandbox.demo.waiting import must_run, until


def test_it_returns_what_came() -> None:
    answers = iter([0, 0, 3])
    assert until(lambda: next(answers), "three", check=lambda: None, within=10) == 3


def test_it_says_what_did_not_come() -> None:
    with pytest.raises(SandboxError, match=r"^waited 0 s in vain for the sun$"):
        until(lambda: None, "the sun", check=lambda: None, within=0)


def test_it_does_not_wait_for_the_dead(tmp_path: Path) -> None:
    process = OwnedProcess("sun", [sys.executable, "-c", "print('dark'); exit(3)"], log=tmp_path / "log")
    process.wait(20)
    with pytest.raises(SandboxError, match=r"^the sun ended by itself with status 3; its last words:\ndark$"):
        until(lambda: None, "light", check=lambda: must_run(process), within=20)


def test_a_process_that_runs_passes(tmp_path: Path) -> None:
    process = OwnedProcess("sun", [sys.executable, "-c", "input()"], log=tmp_path / "log")
    try:
        must_run(process)
    finally:
        process.kill()
