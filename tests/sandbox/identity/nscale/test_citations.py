"""Every row that the code cites is on the page, and every row is numbered in order."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "backends" / "nscale.md").read_text(encoding="utf-8")
CITATION = re.compile(r"\bN(\d(?:\.\d)?)-(\d+)\b")
ROWS = re.findall(r"^\| N(\d(?:\.\d)?)-(\d+) \|", PAGE, re.MULTILINE)


def test_every_citation_names_a_row() -> None:
    cited = {
        (citation, path.name)
        for folder in (ROOT / "operator" / "project_operator" / "sandbox" / "identity", Path(__file__).parent)
        for path in folder.rglob("*.py")
        for citation in CITATION.findall(path.read_text(encoding="utf-8"))
    }
    assert len({citation for citation, _ in cited}) >= 50
    assert {(citation, name) for citation, name in cited if citation not in ROWS} == set()


def test_rows_are_numbered_without_gaps() -> None:
    sections: dict[str, list[int]] = {}
    for section, row in ROWS:
        sections.setdefault(section, []).append(int(row))
    for section, rows in sections.items():
        assert rows == list(range(1, len(rows) + 1)), f"N{section}"
