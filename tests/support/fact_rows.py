"""The rows of the pages in `docs/backends`, and the tests that cite them.

A row is cited as the page numbers it (`N6-16`) in a test: in its docstring, a comment or a decorator of its. Or by the
test's name, where a section is followed by rows: `test_n6_13_and_n6_17_…`, `test_k1_2_3_14_…` (rows 2, 3 and 14
of section 1), `test_n1_3_9_…` (row 9 of section 1.3, as the page has a section of that number). What stands outside of
the test functions, in a module's or a class's docstring say, is no citation: nobody could tell which test keeps it.
"""

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "backends"
ROW = re.compile(r"^\| ([A-Z]\d+(?:\.\d+)?-\d+) \|(.*)\|$", flags=re.MULTILINE)
CITATION = re.compile(r"\b[A-Z]\d+(?:\.\d+)?-\d+\b")
IN_NAME = re.compile(r"(?<![a-z0-9])([a-z])((?:\d+_)+\d+)(?![a-z0-9])")


@dataclass(frozen=True)
class Row:
    """A fact."""

    id: str
    section: str
    """As in ``N6``, without the row's number."""
    mark: str
    """Its last cell: how we know, on the pages that say so row by row."""


@dataclass(frozen=True)
class CitingTest:
    """A test that cites rows."""

    id: str
    """Path from the root of the repository, class and function, as pytest spells it."""
    path: Path
    cited: frozenset[str]
    fixtures: frozenset[str]
    """What it takes: its parameters."""


def rows(*pages: Path) -> dict[str, Row]:
    """The rows of some pages, or of all, by id.

    Raises:
        ValueError: an id is there twice.
    """
    found: dict[str, Row] = {}
    for page in pages or sorted(PAGES.glob("*.md")):
        for name, cells in ROW.findall(page.read_text(encoding="utf-8")):
            if name in found:
                raise ValueError(f"{page.name} numbers a second row {name}")
            found[name] = Row(name, name.rpartition("-")[0], cells.rpartition("|")[2].strip())
    return found


def citations(*folders: Path) -> dict[str, set[str]]:
    """What is cited anywhere in the modules below, names of tests apart, with the paths of those that do."""
    found: dict[str, set[str]] = {}
    for path in _modules(folders):
        for name in CITATION.findall(path.read_text(encoding="utf-8")):
            found.setdefault(name, set()).add(str(path.relative_to(ROOT)))
    return found


def citing_tests(known: Mapping[str, Row], *places: Path) -> list[CitingTest]:
    """The tests in the modules at or below ``places`` that cite rows of the letters in ``known``, known or not."""
    return [test for path in _modules(places) for test in _in_module(path, path.read_text(encoding="utf-8"), known)]


def uncited(known: Iterable[str], tests: Iterable[CitingTest]) -> set[str]:
    """Those of the rows that no test cites."""
    return set(known).difference(*(test.cited for test in tests))


def cited_by_name(name: str, known: Mapping[str, Row]) -> set[str]:
    """The rows that a test's name holds."""
    sections = {row.section for row in known.values()}
    found: set[str] = set()
    for letter, digits in IN_NAME.findall(name):
        section, *numbers = digits.split("_")
        if len(numbers) > 1 and f"{letter.upper()}{section}.{numbers[0]}" in sections:
            section = f"{section}.{numbers.pop(0)}"
        found |= {f"{letter.upper()}{section}-{number}" for number in numbers}
    return found


def _modules(places: Iterable[Path]) -> list[Path]:
    return sorted({path for place in places for path in ([place] if place.is_file() else place.rglob("*.py"))})


def _in_module(path: Path, source: str, known: Mapping[str, Row]) -> list[CitingTest]:
    letters = {name[0] for name in known}
    lines = source.splitlines()
    tests = []

    def look(body: Iterable[ast.stmt], within: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef):
                look(node.body, f"{within}::{node.name}")
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
                first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                text = "\n".join(lines[first - 1 : node.end_lineno])
                cited = {name for name in CITATION.findall(text) if name[0] in letters}
                cited |= {name for name in cited_by_name(node.name, known) if name[0] in letters}
                if cited:
                    fixtures = frozenset(argument.arg for argument in (*node.args.args, *node.args.kwonlyargs))
                    tests.append(CitingTest(f"{within}::{node.name}", path, frozenset(cited), fixtures))

    look(ast.parse(source).body, path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name)
    return tests
