"""Every row that the code cites is on the page, and every row is numbered in order."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "backends" / "nscale.md").read_text(encoding="utf-8")
CITATION = re.compile(r"\bN(\d(?:\.\d)?)-(\d+)\b")
ROWS = re.findall(r"^\| N(\d(?:\.\d)?)-(\d+) \|", PAGE, re.MULTILINE)


def cited(folder: Path) -> dict[tuple[str, str], str]:
    """Rows that the modules of a folder cite, each with one of the modules."""
    return {
        row: path.name
        for path in folder.rglob("*.py")
        for row in CITATION.findall(path.read_text(encoding="utf-8"))
    }  # fmt: skip


CODE = cited(ROOT / "operator" / "project_operator" / "sandbox" / "identity")
TESTS = cited(Path(__file__).parents[1])


def test_every_citation_names_a_row() -> None:
    assert len(CODE) >= 50
    assert {row: name for row, name in (CODE | TESTS).items() if row not in ROWS} == {}


def test_every_row_that_the_server_rests_on_has_a_test() -> None:
    assert {row: name for row, name in CODE.items() if row not in TESTS} == {}


def test_rows_are_numbered_without_gaps() -> None:
    sections: dict[str, list[int]] = {}
    for section, row in ROWS:
        sections.setdefault(section, []).append(int(row))
    for section, rows in sections.items():
        assert rows == list(range(1, len(rows) + 1)), f"N{section}"
