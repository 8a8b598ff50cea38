"""`make demo`: everything stays up, with a table of what happens, until Ctrl-C."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from textwrap import indent
from typing import Final

from rich.live import Live
from rich.table import Table

from project_operator.api.names import GROUP
from project_operator.sandbox.demo import operator_process
from project_operator.sandbox.demo.lessons import exports
from project_operator.sandbox.demo.lifecycle import Row, line, row
from project_operator.sandbox.demo.stage import Stage, shown
from project_operator.sandbox.demo.table import PLAIN, UNICODE, table
from project_operator.sandbox.demo.watching import Key, ProjectWatch

_TICK: Final = 0.25


def run(stage: Stage, *, live: bool) -> None:
    """Apply the example, say what can be tried, show what happens. Ends by KeyboardInterrupt alone.

    ``live``: a table that is drawn anew; else a line for each change. Raises SandboxError when a part of the demo ends.
    """
    watch = ProjectWatch(stage.kubeconfig)
    with stage.narration.step("Project"):
        stage.narration.say(indent(stage.manifest.read_text(encoding="utf-8"), "| "))
        stage.kubectl("apply", "-f", shown(stage.manifest))
    stage.narration.plain(_guide(stage))
    board: dict[Key, Row] = {}
    with _display(stage, board) if live else nullcontext():
        began = time.monotonic()
        while True:
            stage.check()
            change = watch.take(_TICK)
            if change is None:
                continue
            now = row(change.raw) if change.raw is not None else None
            if not live and now != board.get(change.key):
                told = line(now) if now else f"{change.key[1]:<18} gone"
                stage.narration.say(f"{time.monotonic() - began:5.1f} s  {told}")
            if now is None:
                board.pop(change.key, None)
            else:
                board[change.key] = now


def _guide(stage: Stage) -> str:
    """What to type in another terminal."""
    programs = (stage.control_plane.kubectl_program.parent, Path(sys.executable).parent)
    shell = exports(stage.kubeconfig, programs, dict(stage.identity.variables) | operator_process.REACH)
    lessons = stage.identity.lessons(stage.project, shown(stage.manifest))
    tries = "\n".join(
        f"\n  {number}. {lesson.title}\n\n{indent(lesson.command, '    ')}\n\n     Expect: {lesson.expect}"
        for number, lesson in enumerate(lessons, start=1)
    )
    return f"""
Everything runs. In another terminal, in {Path.cwd()}:

{indent(shell, "    ")}
    kubectl get iproj
    kubectl explain projects.{GROUP}.spec

Three things to try there, and to watch here:
{tries}
"""


@contextmanager
def _display(stage: Stage, board: dict[Key, Row]) -> Iterator[None]:
    console = stage.narration.console
    glyphs = UNICODE if console.encoding.startswith("utf") else PLAIN

    def draw() -> Table:
        return table(list(board.values()), datetime.now(UTC), console.width, glyphs)

    with Live(console=console, get_renderable=draw, refresh_per_second=4):
        yield
