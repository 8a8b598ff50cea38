"""How well is known what is cited of the pages in `docs/backends`: ``K3-10 [M]``, ``N1.3-4 [id]``."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from fact_rows import PAGES, ROW

CITED: Final = re.compile(r"\b([A-Z]\d+(?:\.\d+)?-\d+)\b(?: \[([^\]]*)\])?")
_LETTERS: Final = re.compile(r"\[?([A-Z?](?: [A-Z?])*)\]?")
_SOURCES: Final = re.compile(r"\[(id|core|spec|tf|page|docs)\b")

Marks = Mapping[str, frozenset[str]]
"""By row, the marks that a citation may bear; "" where it needs none."""


def marks(*pages: Path) -> Marks:
    """Of some pages, or of all.

    A page with a column for marks says it there. nscale's names the source of a row that is not the server's code.
    """
    found: dict[str, frozenset[str]] = {}
    for page in pages or sorted(PAGES.glob("*.md")):
        for name, cells in ROW.findall(page.read_text(encoding="utf-8")):
            if letters := _LETTERS.fullmatch(cells.rpartition("|")[2].strip()):
                found[name] = frozenset({letters[1]})
            elif name.startswith("N"):
                found[name] = frozenset({"id", *_SOURCES.findall(cells)})
            else:
                found[name] = frozenset({""})
    return found


def unfounded(basis: str, known: Marks) -> list[str]:
    """The citations in ``basis`` of rows that are not there, or with a mark that they do not have there."""
    return [f"{name} [{mark}]" for name, mark in CITED.findall(basis) if mark not in known.get(name, frozenset())]
