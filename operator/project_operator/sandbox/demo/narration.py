"""What the demo says: numbered steps with their times, each command as it is run, and what came of it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

_SPACES = "   "


class Narration:
    """Lines to a person, never wrapped, so that what is printed can be copied."""

    def __init__(self, console: Console, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.console = console
        self._clock = clock
        self.times: list[tuple[str, float]] = []
        """Each step that ended well, and how many seconds it took."""

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """A part of the whole; says how long it took."""
        began = self._clock()
        self._print(f"\n{len(self.times) + 1}. {title}", "bold")
        yield
        seconds = self._clock() - began
        self.times.append((title, seconds))
        self._print(f"{_SPACES}{seconds:.1f} s", "dim")

    def say(self, text: str) -> None:
        """What happened; several lines are all indented."""
        for line in text.splitlines():
            self._print(f"{_SPACES}{line}".rstrip())

    def command(self, command: str) -> None:
        """A command that is run now."""
        self._print(f"{_SPACES}$ {command}", "cyan")

    def plain(self, text: str) -> None:
        """Text as it stands, from the first column."""
        self._print(text)

    def heading(self, text: str) -> None:
        """The title of what follows."""
        self._print(f"\n{text}", "bold")

    def warn(self, text: str) -> None:
        """What must not be overlooked."""
        self._print(f"{_SPACES}{text}", "bold yellow")

    def summary(self) -> None:
        """The time of each step and of all."""
        width = max(len(title) for title, _ in self.times)
        for title, seconds in [*self.times, ("all", sum(seconds for _, seconds in self.times))]:
            self._print(f"{_SPACES}{title:<{width}} {seconds:6.1f} s")

    def _print(self, text: str, style: str = "") -> None:
        self.console.print(Text(text, style=style), soft_wrap=True, highlight=False)
