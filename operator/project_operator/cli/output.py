"""How a result is printed: a table for people, JSON or YAML for programs. No colour, and no width, in a pipe.

Names, tags and messages are somebody else's: a cell is one line of what can be printed, and in JSON and YAML whatever
cannot be printed is escaped.
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import yaml
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from project_operator.printable import printable

IN_A_PIPE: Final = 10_000
"""Columns where nobody looks on: no row is folded, so that each stays one line."""

GAP: Final = 3
"""Blanks after each cell."""
PROSE: Final = 24
"""What a column of sentences has at least. No word is ever folded, and so no id: a terminal that is narrower than that
folds its lines by itself, and what is copied from it is whole.
"""
STYLES: Final[Mapping[str, str]] = {
    "ok": "green",
    "none": "green",
    "written": "green",
    "released": "green",
    "warning": "yellow",
    "unknown": "yellow",
    "skipped": "yellow",
    "problem": "bold red",
    "blocked": "bold red",
    "gone": "bold red",
    "left over": "bold red",
    "duplicate": "bold red",
    "hidden": "yellow",
    "other mark": "yellow",
    "other cluster": "yellow",
    "other cluster id": "yellow",
    "damaged": "yellow",
    "POST": "green",
    "PUT": "yellow",
    "PATCH": "yellow",
    "DELETE": "bold red",
}
"""Words that mean something wherever they stand alone in a cell."""


class Format(StrEnum):
    """The value of ``--output``."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


@dataclass(frozen=True, slots=True)
class Table:
    """What people get to see."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    otherwise: str
    """What is said where there are no rows."""
    summary: str = ""
    """A line below it, after an empty one."""


class _Dumper(yaml.SafeDumper):
    """Lists indented below their key, as manifests are written; in double quotes, where something is to be escaped."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - PyYAML's signature
        super().increase_indent(flow, indentless=False)

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """A string."""
        return self.represent_scalar("tag:yaml.org,2002:str", text, style='"' if _is_hidden(text) else None)


_Dumper.add_representer(str, _Dumper.represent_text)


def as_yaml(document: Any) -> str:
    """``document`` as people write YAML: keys in their order, long texts unfolded."""
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=IN_A_PIPE)
    return _escaped(text, lambda char: f"\\U{ord(char):08x}")


def as_json(document: Any) -> str:
    """``document`` as JSON that people can read too."""
    return _escaped(json.dumps(document, indent=2, ensure_ascii=False), lambda char: json.dumps(char)[1:-1]) + "\n"


def _is_hidden(text: str) -> bool:
    """Whether it has something that cannot be printed, other than line breaks."""
    return not text.replace("\n", "").isprintable()


def _escaped(text: str, escape: Callable[[str], str]) -> str:
    """What the library leaves as it is: escapes that begin with one character (CSI), and what turns the direction."""
    if not _is_hidden(text):
        return text
    return "".join(char if char == "\n" or char.isprintable() else escape(char) for char in text)


def console() -> Console:
    """For stdout as it is now: with colours and width on a terminal, without in a pipe."""
    made = Console(file=sys.stdout, highlight=False, soft_wrap=False)
    return made if made.is_terminal else Console(file=sys.stdout, width=IN_A_PIPE, highlight=False, color_system=None)


def show(format_: Format, document: Any, table: Table) -> None:
    """Print ``document`` to programs, or ``table`` to people."""
    match format_:
        case Format.JSON:
            sys.stdout.write(as_json(document))
        case Format.YAML:
            sys.stdout.write(as_yaml(document))
        case Format.TABLE:
            _show_table(fit_to_print(table))


def fit_to_print(table: Table) -> Table:
    """``table`` with nothing in it that a terminal would obey."""
    return replace(
        table,
        rows=tuple(tuple(map(printable, row)) for row in table.rows),
        otherwise=printable(table.otherwise),
        summary=printable(table.summary),
    )


def _show_table(table: Table) -> None:
    out = console()
    if not table.rows:
        out.print(Text(table.otherwise))
        return
    if not out.is_terminal:
        sys.stdout.writelines(f"{line}\n" for line in _plain(table))
        return
    shown = RichTable(box=None, padding=(0, GAP, 0, 0), header_style="bold")
    columns = widths((table.columns, *table.rows), out.width)
    for column, width in zip(table.columns, columns, strict=True):
        shown.add_column(column, width=width)
    for row in table.rows:
        shown.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
    out.width = max(out.width, sum(columns) + GAP * len(columns))
    out.print(shown)
    if table.summary:
        out.print()
        out.print(Text(table.summary))


def widths(lines: Sequence[tuple[str, ...]], total: int) -> list[int]:
    """How wide each column is in ``total`` columns of a terminal; more in all where words need it."""
    columns = list(zip(*lines, strict=True))
    longest = [max(map(cell_len, cells)) for cells in columns]
    folds = [any(" " in cell for cell in cells) for cells in columns]
    found = [
        max([min(width, PROSE), *(cell_len(word) for cell in cells for word in cell.split())]) if fold else width
        for width, fold, cells in zip(longest, folds, columns, strict=True)
    ]
    room = max(total - sum(found) - GAP * len(found), 0)
    wanting = sorted((number for number, fold in enumerate(folds) if fold), key=lambda number: longest[number])
    for left, number in zip(range(len(wanting), 0, -1), wanting, strict=True):
        more = min(longest[number] - found[number], room // left)
        found[number] += more
        room -= more
    return found


def _plain(table: Table) -> list[str]:
    """The same in lines, with no blank at an end."""
    lines: Sequence[tuple[str, ...]] = (table.columns, *table.rows)
    widths = [max(len(line[number]) for line in lines) for number in range(len(table.columns))]
    told = ["   ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return [*told, *(["", table.summary] if table.summary else [])]
