"""Each answer of the suite says how well its meaning is known, as the page about the vendor does."""

import pytest
from candidates import CANDIDATES
from evidence import CITED, marks, unfounded

KNOWN = marks()


@pytest.mark.parametrize("key", CANDIDATES)
def test_each_answer_cites_its_rows_with_the_marks_that_they_have(key: str) -> None:
    rows = CANDIDATES[key].error_rows
    assert {row.name: wrong for row in rows if (wrong := unfounded(row.basis, KNOWN))} == {}
    assert sum(bool(CITED.search(row.basis)) for row in rows) >= 40


def test_a_citation_that_promises_too_much_is_seen() -> None:
    known = {"K1-1": frozenset({"M"}), "K1-2": frozenset({"S"}), "N1-1": frozenset({"id", "page"})}
    assert unfounded("K1-1 [M], K1-2 [M]; N1-1 [page]; K1-3 [M], K1-1; RFC 9110, 15.4", known) == [
        "K1-2 [M]",
        "K1-3 [M]",
        "K1-1 []",
    ]
