"""What is cited of the pages in `docs/backends` is there, and what an operator has to do is tested, row by row."""

from pathlib import Path

import pytest
from fact_rows import PAGES, ROOT, Row, citations, cited_by_name, citing_tests, rows, uncited

TESTS = ROOT / "tests"
ALL = rows()
# Sections that lost rows; the others keep their numbers.
WITH_GAPS = {"K3"}
# What an operator has to do about nscale Identity.
DUTIES = {name for name, row in ALL.items() if row.section == "N6"}


def test_every_citation_names_a_row() -> None:
    letters = {name[0] for name in ALL}
    found = citations(ROOT / "operator", TESTS, ROOT / "scripts")
    assert len(found) >= 150
    assert {name: places for name, places in found.items() if name[0] in letters and name not in ALL} == {}


def test_every_row_that_a_tests_name_holds_is_there() -> None:
    assert {test.id: unknown for test in citing_tests(ALL, TESTS) if (unknown := test.cited - set(ALL))} == {}


def test_rows_are_numbered_in_order_and_without_gaps() -> None:
    sections: dict[str, list[int]] = {}
    for name, row in ALL.items():
        sections.setdefault(row.section, []).append(int(name.rpartition("-")[2]))
    for section, numbers in sections.items():
        assert numbers == (sorted(numbers) if section in WITH_GAPS else list(range(1, len(numbers) + 1))), section


def test_every_duty_has_a_test_against_the_server() -> None:
    assert len(DUTIES) == 18
    assert uncited(DUTIES, citing_tests(ALL, TESTS / "contract" / "nscale")) == set()


def test_every_decision_about_open_telekom_cloud_has_a_test() -> None:
    decisions = {name for name, row in ALL.items() if row.section == "T8"}
    assert len(decisions) == 14
    places = (TESTS / "contract" / "otc", TESTS / "unit" / "backends" / "otc")
    assert uncited(decisions, citing_tests(ALL, *places)) == set()


NUMBERED = {name: Row(name, name.rpartition("-")[0], "") for name in ("N1-1", "N1.3-9", "N6-13", "N6-17", "K1-14")}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("test_n6_13_and_n6_17_each_request", {"N6-13", "N6-17"}),
        ("test_n1_3_9_a_server_that_panics", {"N1.3-9"}),
        ("test_n1_1_a_list", {"N1-1"}),
        ("test_k1_2_3_14_what_is_created", {"K1-2", "K1-3", "K1-14"}),
        ("test_before_1_13_a_token_is_needed", set()),
        ("test_a_1_000_times", set()),
    ],
)
def test_a_row_in_a_name_is_seen(name: str, found: set[str]) -> None:
    assert cited_by_name(name, NUMBERED) == found


def test_a_row_without_a_test_is_seen(tmp_path: Path) -> None:
    module = tmp_path / "test_module.py"
    module.write_text(
        '"""N6-13."""\n\nclass TestIt:\n    """N6-17."""\n\n    def test_n1_1_one(self, server): ...\n\n'
        "    @mark('K1-14')\n    def test_two(self):\n        assert it  # N1.3-9\n\n# N6-13\n"
    )
    tests = citing_tests(NUMBERED, module)
    assert [(test.id, sorted(test.cited), "server" in test.fixtures) for test in tests] == [
        ("test_module.py::TestIt::test_n1_1_one", ["N1-1"], True),
        ("test_module.py::TestIt::test_two", ["K1-14", "N1.3-9"], False),
    ]
    assert uncited(NUMBERED, tests) == {"N6-13", "N6-17"}


def test_a_row_that_is_numbered_twice_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("| X1-1 | one | M |\n| X1-1 | other | M |\n")
    with pytest.raises(ValueError, match="X1-1"):
        rows(page)


def test_the_last_cell_is_the_mark() -> None:
    assert rows(PAGES / "keystone.md")["K9-1"].mark == "S"
