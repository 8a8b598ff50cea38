"""The command line as a program or a person uses it: in this process, in a pipe, or on a terminal."""

import errno
import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from operator_process import QUICK
from scenario import BACKEND, Scene
from waiting import WITHIN

from project_operator.cli import main
from project_operator.settings import ENV_PREFIX

ESCAPE = "\x1b"
_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Ran:
    """What a command line came to."""

    status: int
    out: str
    err: str = ""

    @property
    def document(self) -> Any:
        """What was printed, as JSON."""
        return json.loads(self.out)

    @property
    def plain(self) -> str:
        """What a person read, without colours."""
        return _SEQUENCE.sub("", self.out)


class CommandLine:
    """Runs command lines against one API server, in this process, with the settings of a quick operator."""

    def __init__(self, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.kubeconfig = kubeconfig
        self._capsys = capsys
        for name in [name for name in os.environ if name.startswith(ENV_PREFIX)]:
            monkeypatch.delenv(name)
        for name, value in QUICK.items():
            monkeypatch.setenv(f"{ENV_PREFIX}{name}", value)

    def __call__(self, *arguments: str) -> Ran:
        self._capsys.readouterr()
        status = main([*arguments, f"--kubeconfig={self.kubeconfig}"])
        out, err = self._capsys.readouterr()
        return Ran(status, out, err)


def on_terminal(*arguments: str, keys: str = "", wait_for: str = "", environ: Mapping[str, str] | None = None) -> Ran:
    """Run a command line on a terminal of its own, of 120 columns; ``keys`` are typed once it shows ``wait_for``."""
    master, slave = pty.openpty()
    subprocess.run(["stty", "columns", "120", "rows", "40"], stdin=slave, check=True)
    env = os.environ | {"TERM": "xterm-256color", "PYTHONPATH": os.pathsep.join(sys.path)} | dict(environ or {})
    env.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "project_operator", *arguments], stdin=slave, stdout=slave, stderr=slave, env=env
    )
    os.close(slave)
    seen, typed, ends = b"", not keys, time.monotonic() + WITHIN
    try:
        while time.monotonic() < ends:
            if not select.select([master], [], [], 0.2)[0]:
                continue
            try:
                chunk = os.read(master, 65536)
            except OSError as error:  # Linux says so where the last writer has gone
                if error.errno != errno.EIO:
                    raise
                break
            if not chunk:
                break
            seen += chunk
            if not typed and wait_for.encode() in seen:
                os.write(master, keys.encode())
                typed = True
        return Ran(process.wait(WITHIN), seen.decode())
    finally:
        process.kill()
        process.wait()
        os.close(master)


def taken_over(stage: Scene, command_line: CommandLine, folder: Path) -> list[dict[str, Any]]:
    """Everything that the backend of ``stage`` has, imported and applied: the Projects, once they were observed.

    They show no difference, and a plan to manage them is to write the mark and nothing else.
    """
    asked = ("import", f"--namespace={stage.namespace}", f"--backend={BACKEND}", "--all")
    ran = command_line(*asked, f"--to={folder}")
    assert ran.status == 0, ran.err
    assert ESCAPE not in ran.out
    stage.kubectl("apply", f"--filename={folder}")
    found = [stage.wait_for("True", "Observed", path.stem) for path in sorted(folder.iterdir())]
    assert [one["status"].get("drift") for one in found] == [None] * len(found)

    managed = folder.with_name("managed")
    managed.mkdir()
    for path in folder.iterdir():
        text = path.read_text(encoding="utf-8")
        (managed / path.name).write_text(text.replace("managementPolicy: Observe", "managementPolicy: Manage"))
    planned = command_line("plan", f"--filename={managed}", "--output=json")
    assert planned.status == 0, planned.out + planned.err
    for plan in planned.document["plans"]:
        assert plan["calls"], plan
        assert plan["drift"] == [], plan
        assert {call["verb"] for call in plan["calls"]} <= {"PUT", "PATCH"}, plan
    return found
