"""The live table: Projects and how far they have come."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rich import box
from rich.table import Table
from rich.text import Text

from project_operator.sandbox.demo.lifecycle import Phase, Row, age

WIDE: Final = 124
"""Columns of a terminal in which whole ids fit."""
_READY_STYLES: Final = {"True": "green", "False": "red"}


@dataclass(frozen=True)
class Glyphs:
    """What marks a step."""

    done: str
    under_way: str
    to_come: str
    wrong: str
    alias: str
    edge: box.Box


UNICODE: Final = Glyphs("✓", "●", "○", "✗", "→", box.ROUNDED)
PLAIN: Final = Glyphs("x", "*", ".", "!", "->", box.ASCII)
"""For terminals that show ASCII alone."""


def table(rows: Iterable[Row], now: datetime, width: int, glyphs: Glyphs = UNICODE) -> Table:
    """A row a Project, sorted by namespace and name, for a terminal of ``width`` columns.

    Below `WIDE` columns ids are cut to their first eight characters.
    """
    shown = Table(box=glyphs.edge, expand=True, caption="Ctrl-C ends everything", caption_justify="left")
    for title in ("Project", "Lifecycle", "Id", "Ready"):
        shown.add_column(title, no_wrap=True)
    shown.add_column("Provisioning\nand health", no_wrap=True)
    shown.add_column("Message", ratio=1)
    shown.add_column("Age", no_wrap=True, justify="right")
    for row in sorted(rows, key=lambda row: (row.namespace, row.name)):
        shown.add_row(
            _names(row, glyphs),
            _lifecycle(row.phase, glyphs),
            Text(row.id if width >= WIDE else row.id[:8]),
            Text(row.ready, style=_READY_STYLES.get(row.ready, "yellow")),
            Text(f"{row.provisioning}\n{row.health}"),
            Text(row.message),
            Text(age(row.created, now)),
        )
    if not shown.rows:
        shown.add_row(Text("none", style="dim"))
    return shown


def _names(row: Row, glyphs: Glyphs) -> Text:
    """The name of the object and, where it is another, that of the project in the backend."""
    name = Text(row.name, style="bold")
    return name.append(f"\n{glyphs.alias} {row.remote_name}", "dim") if row.remote_name not in ("", row.name) else name


def _lifecycle(phase: Phase, glyphs: Glyphs) -> Text:
    """The three steps of a creation while it lasts, then where things stand."""
    match phase:
        case Phase.WAITING:
            marks = (glyphs.to_come, glyphs.to_come, glyphs.to_come)
        case Phase.PROVISIONING:
            marks = (glyphs.done, glyphs.under_way, glyphs.to_come)
        case Phase.PROVISIONED:
            return Text(f"{glyphs.done} {phase}", style="green")
        case Phase.MISSING | Phase.STALLED | Phase.ERROR:
            return Text(f"{glyphs.wrong} {phase}", style="red")
        case _:
            return Text(f"{glyphs.under_way} {phase}", style="yellow")
    steps = zip(marks, ("accepted", "provisioning", "provisioned"), strict=True)
    return Text("\n".join(f"{mark} {step}" for mark, step in steps), style="yellow")
