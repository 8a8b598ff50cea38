import re
from pathlib import Path

from project_operator.backends.csp.errors import ALL, ANY_STATUS, TABLE, Operation
from project_operator.backends.csp.reference import error_reference

ROOT = Path(__file__).parents[4]
FACTS = (ROOT / "docs" / "backends" / "csp.md").read_text(encoding="utf-8")
CITATION = re.compile(r"\bV(\d)-(\d+)\b")
ROWS = re.findall(r"^\| V(\d)-(\d+) \|", FACTS, re.MULTILINE)


def test_every_answer_to_everything_has_a_row() -> None:
    for operation in Operation:
        for status in ANY_STATUS:
            for own in (True, False):
                assert any(row.fits(operation, status, own=own) for row in TABLE)


def test_every_row_is_needed_and_on_the_page() -> None:
    page = error_reference()
    assert page.count("\n| ") > len(TABLE)
    assert all(row.basis in page for row in TABLE)
    assert all(row.operations <= ALL for row in TABLE)


def test_every_citation_names_a_row_of_the_facts() -> None:
    package = ROOT / "operator" / "project_operator"
    folders = (package / "backends" / "csp", package / "sandbox" / "identity" / "csp")
    cited = {row for folder in folders for path in folder.rglob("*.py") for row in CITATION.findall(path.read_text())}
    assert len(cited) >= 40
    assert cited <= set(ROWS)


def test_the_facts_are_numbered_without_gaps() -> None:
    sections: dict[str, list[int]] = {}
    for section, row in ROWS:
        sections.setdefault(section, []).append(int(row))
    for section, rows in sections.items():
        assert rows == list(range(1, len(rows) + 1)), f"V{section}"
