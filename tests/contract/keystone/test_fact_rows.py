"""What docs/backends/keystone.md says was measured is measured on the real Keystone, row by row."""

from typing import Final

from fact_rows import PAGES, ROOT, citing_tests, rows, uncited

ROWS: Final = rows(PAGES / "keystone.md")
REAL: Final = {
    *("domain", "manager", "admin", "client", "paged", "connect", "backend", "stage", "bare_stage"),
}
"""Fixtures that start the real Keystone, or ask it."""
PLACES: Final = (ROOT / "tests" / "contract" / "keystone", ROOT / "tests" / "scenarios" / "keystone")


def test_every_row_that_was_measured_is_measured_again() -> None:
    measured = {name for name, row in ROWS.items() if "M" in row.mark.split()}
    assert len(measured) >= 80
    on_the_real_one = [test for test in citing_tests(ROWS, *PLACES) if test.fixtures & REAL]
    assert uncited(measured, on_the_real_one) == set()
