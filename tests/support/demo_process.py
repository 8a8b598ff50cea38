"""The demo as a process: what it says while it runs, and what it leaves behind."""

import fcntl
import os
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from waiting import wait_until

ROOT: Final = Path(__file__).resolve().parents[2]
COMMAND: Final = (sys.executable, "-m", "project_operator", "sandbox", "demo")
WITHIN: Final = 150.0
"""Seconds for what takes five on a quiet machine."""
_ANSI: Final = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\r")
# Makes the terminal it is given that of its session, as a shell finds it, so that Ctrl-C reaches the program.
_IN_TERMINAL: Final = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)


class Demo:
    """One run. A context manager that ends it with SIGKILL if the test has not seen to its end."""

    def __init__(self, temporary: Path, *arguments: str, terminal: bool = False, **variables: str) -> None:
        """All that it stores lies below ``temporary``. With ``terminal`` it has one of 160 columns and 50 lines."""
        self._temporary = temporary
        # Readline puts the size of our own terminal into the environment, where it would win over that of the demo's.
        foreign = ("PROJECT_OPERATOR_", "COLUMNS", "LINES")
        environ = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        environ |= {"TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"} | variables
        if terminal:
            self._output, self.process = _in_terminal([*COMMAND, *arguments], environ)
        else:
            self.process = subprocess.Popen(
                [*COMMAND, *arguments],
                cwd=ROOT,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            assert self.process.stdout is not None
            self._output = self.process.stdout
        self._said = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(WITHIN)
        self._output.close()
        if error is not None:
            error.add_note(self.said)

    @property
    def said(self) -> str:
        """All it has said, without what only colours it and moves the cursor."""
        return _ANSI.sub("", self._said.decode("utf-8", errors="replace"))

    def wait_for(self, text: str, *, after: int = 0) -> int:
        """Return once it has said ``text`` behind the place ``after``: the place behind it."""

        def look() -> int:
            place = self.said.find(text, after)
            assert place >= 0 or self.process.poll() is None, f"it ended without saying {text!r}"
            return place + len(text) if place >= 0 else 0

        return wait_until(look, f"the demo to say {text!r}", within=WITHIN)

    def pid_of(self, part: str) -> int:
        """The process of one of its parts, as it says."""
        found = re.search(rf"^\d\. {part}$.*?pid (\d+)", self.said, re.MULTILINE | re.DOTALL)
        assert found is not None
        return int(found[1])

    def type(self, keys: bytes) -> None:
        """Press keys on its terminal."""
        os.write(self._output.fileno(), keys)

    def typed(self, command: str) -> subprocess.CompletedProcess[str]:
        """What comes of typing a command, below the printed exports, into a shell."""
        exports = [line.strip() for line in self.said.splitlines() if line.startswith("    export ")]
        script = "\n".join([*exports, command])
        return subprocess.run(["bash", "-c", script], check=False, capture_output=True, text=True, cwd=ROOT, timeout=60)

    def tried(self, number: int) -> subprocess.CompletedProcess[str]:
        """What comes of typing what it says can be tried."""
        found = re.search(rf"^  {number}\. .*?\n\n(.*?)\n\n     Expect:", self.said, re.MULTILINE | re.DOTALL)
        assert found is not None
        return self.typed(found[1])

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def end(self) -> int:
        """Wait until it has ended by itself; its exit status."""
        status = self.process.wait(WITHIN)
        self._reader.join(WITHIN)
        return status

    def leftovers(self) -> list[str]:
        """What it has left: folders and files, and processes that were told of them."""
        listing = subprocess.run(["ps", "-axww", "-o", "pid=,command="], check=True, capture_output=True, text=True)
        running = [line for line in listing.stdout.splitlines() if str(self._temporary) in line]
        return [str(path) for path in self._temporary.iterdir()] + running

    def _read(self) -> None:
        while True:
            try:
                part = os.read(self._output.fileno(), 1 << 16)
            except OSError:  # a terminal whose programs have all ended
                return
            if not part:
                return
            self._said += part


def _in_terminal(command: list[str], environ: dict[str, str]) -> tuple[IO[bytes], subprocess.Popen[bytes]]:
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", _IN_TERMINAL, *command],
        cwd=ROOT,
        env=environ | {"TERM": "xterm-256color"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    return os.fdopen(ours, "r+b", buffering=0), process
