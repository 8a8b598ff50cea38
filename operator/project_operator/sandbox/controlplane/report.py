"""What a person sees while a control plane is found, built and started: lines, and progress that does not flood."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

QUIET_INTERVAL = 10.0
"""Seconds between two progress lines where the output is no terminal."""


class Report:
    """Lines to a person. On a terminal progress rewrites its line; elsewhere it is a line every ten seconds."""

    def __init__(self, stream: TextIO | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream or sys.stderr
        self._clock = clock
        self._terminal = self._stream.isatty()
        self._last_progress = clock()
        self._open_line = False

    def say(self, line: str) -> None:
        """One line, at once."""
        self._close()
        print(line, file=self._stream, flush=True)

    def source(self, program: str, source: str, outcome: str) -> None:
        """One row of the search: what was looked for, where, and what came of it."""
        self.say(f"  {program:<24} {source:<20} {outcome}")

    def progress(self, text: str) -> None:
        """How far something long has come; shown when it is due."""
        now = self._clock()
        if self._terminal:
            print(f"\r\033[K    {text}", end="", file=self._stream, flush=True)
            self._open_line = True
        elif now - self._last_progress >= QUIET_INTERVAL:
            self.say(f"    {text}")
            self._last_progress = now

    def _close(self) -> None:
        if self._open_line:
            print(file=self._stream)
            self._open_line = False


def duration(seconds: float) -> str:
    """Seconds as people say them: `48 s`, `4 min 05 s`."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"  # noqa: PLR2004 - a minute
