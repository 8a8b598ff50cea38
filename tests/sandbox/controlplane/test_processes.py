"""Processes that end with their owner, however that ends."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane.processes import OwnedProcess

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
STUBBORN_CODE = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('up', flush=True)
time.sleep(600)
"""
STUBBORN = [sys.executable, "-c", STUBBORN_CODE]
OWNER = """
import os, sys, time
from pathlib import Path
from typing import Any
from project_operator.sandbox.controlplane.processes import OwnedProcess
process = OwnedProcess("child", sys.argv[2:], log=Path(sys.argv[1]))
print(process.pid, flush=True)
time.sleep(600)
"""
# A program that starts another one and tells its pid.
PARENT_CODE = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])
print('up', child.pid, flush=True)
time.sleep(600)
"""
PARENT = [sys.executable, "-c", PARENT_CODE]


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def exists(pid: int) -> bool:
    """Whether the process lives; one that has ended and waits for its parent does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], check=False, capture_output=True, text=True).stdout
    return bool(state.strip()) and not state.strip().startswith("Z")


def up(log: Path) -> Callable[[], bool]:
    """Whether the program has said so, in a whole line: unbuffered, it comes in pieces."""
    return lambda: log.exists() and re.fullmatch(r"up.*\n", log.read_text()) is not None


def test_the_pid_is_the_program_s_own(tmp_path: Path) -> None:
    code = "import os; print(os.getpid())"
    process = OwnedProcess("pid", [sys.executable, "-c", code], log=tmp_path / "log")
    assert process.wait(30) == 0
    assert (tmp_path / "log").read_text() == f"{process.pid}\n"


def test_the_exit_status_is_the_program_s(tmp_path: Path) -> None:
    process = OwnedProcess("seven", [sys.executable, "-c", "raise SystemExit(7)"], log=tmp_path / "log")
    assert process.wait(30) == 7
    assert process.returncode == 7
    assert not process.running


def test_stop_asks_and_kill_does_not(tmp_path: Path) -> None:
    for end, status in ((OwnedProcess.stop, 128 + signal.SIGTERM), (OwnedProcess.kill, 128 + signal.SIGKILL)):
        process = OwnedProcess("sleeper", SLEEPER, log=tmp_path / "log")
        assert process.running
        end(process)
        assert process.returncode == status
        assert not exists(process.pid)


def test_stop_insists(tmp_path: Path) -> None:
    process = OwnedProcess("stubborn", STUBBORN, log=tmp_path / "log")
    until(up(tmp_path / "log"))
    assert process.stop(grace=0.1) == 128 + signal.SIGKILL


def test_ending_it_twice_changes_nothing(tmp_path: Path) -> None:
    process = OwnedProcess("sleeper", SLEEPER, log=tmp_path / "log")
    process.kill()
    process.kill()
    process.stop()


@pytest.mark.parametrize("command", [SLEEPER, STUBBORN])
def test_when_the_owner_is_killed_the_program_ends(tmp_path: Path, command: list[str]) -> None:
    log = tmp_path / "log"
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(log), *command],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    owner.stdout.close()
    until(up(log))
    assert exists(pid)
    owner.kill()
    owner.wait()
    until(lambda: not exists(pid))


def test_when_the_owner_is_killed_what_the_program_started_ends_too(tmp_path: Path) -> None:
    log = tmp_path / "log"
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(log), *PARENT], stdout=subprocess.PIPE, env=environ)
    assert owner.stdout is not None
    until(up(log))
    grandchild = int(log.read_text().split()[1])
    owner.kill()
    owner.wait()
    owner.stdout.close()
    until(lambda: not exists(grandchild))


def test_without_the_watchdog_the_program_would_live_on(tmp_path: Path) -> None:
    """The broken twin: a plain child outlives its owner, so the tests above can fail."""
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, start_new_session=True)\n"
        "print(child.pid, flush=True); time.sleep(600)"
    )
    owner = subprocess.Popen([sys.executable, "-c", code, *SLEEPER], stdout=subprocess.PIPE, cwd=tmp_path)
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    owner.kill()
    owner.wait()
    owner.stdout.close()
    assert exists(pid)
    os.kill(pid, signal.SIGKILL)


def test_a_program_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="etcd cannot be started: /nonexistent does not run"):
        OwnedProcess("etcd", ["/nonexistent"], log=tmp_path / "log")


def test_the_last_lines_are_kept(tmp_path: Path) -> None:
    process = OwnedProcess("lines", [sys.executable, "-c", "for n in range(50): print(n)"], log=tmp_path / "log")
    process.wait(30)
    assert process.last_lines(2) == "48\n49"


def test_a_start_that_is_interrupted_leaves_nothing_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(subprocess.Popen[str]):
        started: "Interrupted"

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            Interrupted.started = self
            self.stdout = Interruption(self.stdout)  # type: ignore[assignment]  # it stands in for the pipe

    class Interruption:
        def __init__(self, stdout: Any) -> None:
            self._stdout = stdout
            self.close = stdout.close

        def readline(self) -> str:
            pids.append(int(self._stdout.readline()))
            raise KeyboardInterrupt

    pids: list[int] = []
    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        OwnedProcess("sleeper", SLEEPER, log=tmp_path / "log")
    assert Interrupted.started.returncode is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)
