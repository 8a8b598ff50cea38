"""What the embedded server rests on is tested, row by row."""

from fact_rows import PAGES, ROOT, citations, rows

KNOWN = rows(PAGES / "nscale.md")
CODE = citations(ROOT / "operator" / "project_operator" / "sandbox" / "identity").keys() & KNOWN.keys()
TESTS = citations(ROOT / "tests" / "sandbox" / "identity")


def test_every_row_that_the_server_rests_on_is_cited_by_its_tests() -> None:
    assert len(CODE) >= 50
    assert CODE - TESTS.keys() == set()
