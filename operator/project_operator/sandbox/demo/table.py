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
SHORT_ID: Final = 8
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

    Below `WIDE` columns the message is given room: the beginning of the id stands below the name, and the states of the
    backend below Ready.
    """
    wide = width >= WIDE
    shown = Table(box=glyphs.edge, expand=True, caption="Ctrl-C ends everything", caption_justify="left")
    states = ("Id", "Ready", "Provisioning\nand health") if wide else ("Ready,\nprovisioning\nand health",)
    for title in ("Project", "Lifecycle", *states):
        shown.add_column(title, no_wrap=True)
    shown.add_column("Message", ratio=1, overflow="fold")
    shown.add_column("Age", no_wrap=True, justify="right")
    for row in sorted(rows, key=lambda row: (row.namespace, row.name)):
        name, ready, backend = _names(row, glyphs), _ready(row), Text(f"{row.provisioning}\n{row.health}")
        shown.add_row(
            name if wide else name.append(f"\n{row.id[:SHORT_ID]}"),
            _lifecycle(row.phase, glyphs),
            *((Text(row.id), ready, backend) if wide else (Text("\n").join((ready, backend)),)),
            Text(row.message),
            age(row.created, now),
        )
    if not shown.rows:
        shown.add_row(Text("none", style="dim"))
    return shown


def _names(row: Row, glyphs: Glyphs) -> Text:
    """The name of the object and, where it is another, that of the project in the backend."""
    name = Text.assemble((row.name, "bold"))
    return name.append(f"\n{glyphs.alias} {row.remote_name}", "dim") if row.remote_name not in ("", row.name) else name


def _ready(row: Row) -> Text:
    return Text.assemble((row.ready, _READY_STYLES.get(row.ready, "yellow")))


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
