"""A bar on stderr for what takes long, where somebody looks on; it leaves nothing behind."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Advance = Callable[[], None]


@contextmanager
def bar(doing: str, total: int) -> Iterator[Advance]:
    """Shows how much of ``total`` is done; call what it gives for each one. In a pipe it shows nothing."""
    err = Console(file=sys.stderr)
    shown = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=not (total and err.is_terminal),
    )
    with shown:
        task = shown.add_task(doing, total=total)
        yield lambda: shown.advance(task)
