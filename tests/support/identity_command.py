"""``project-operator sandbox identity`` as a process, and what a person does with what it prints."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final

from waiting import WITHIN

COMMAND: Final = (sys.executable, "-m", "project_operator", "sandbox", "identity")


@contextmanager
def running(*options: str, pass_fds: tuple[int, ...] = ()) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """The process and its output, with ``options``; it is killed at the end."""
    with subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, text=True, pass_fds=pass_fds) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout
        finally:
            process.kill()


def tried(out: IO[str]) -> str:
    """What the calls answer that ``out`` says one can try, typed into a shell as they are printed."""
    lines = []
    while not (line := out.readline()).startswith("Ctrl-C"):
        assert line, "it ended"
        lines.append(line)
    exports = [line for line in lines if line.startswith("export ")]
    first = next(place for place, line in enumerate(lines) if line.startswith("Try"))
    script = "".join([*exports, *lines[first + 1 :]])
    shell = subprocess.run(["/bin/sh", "-ec", script], capture_output=True, text=True, check=False, timeout=WITHIN)
    assert shell.returncode == 0, shell
    return shell.stdout
