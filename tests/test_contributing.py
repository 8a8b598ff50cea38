"""The list of places that a backend touches is complete: the latest that was added touches no other by its name."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
LATEST: Final = "csp"
GENERATED: Final = (f"docs/reference/errors-{LATEST}.md",)


def places() -> list[str]:
    """Paths of the table, as they are for the latest."""
    text = (ROOT / "docs" / "adding-a-backend.md").read_text(encoding="utf-8")
    cells = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `")]
    return [path.replace("<vendor>", LATEST) for cell in cells for path in re.findall(r"`([^`]+)`", cell)]


def called_after_it() -> Iterator[str]:
    """Every file that is called after the latest, or lies in a folder that is."""
    for top in ("operator", "tests", "docs", "deploy", "scripts"):
        for path in (ROOT / top).rglob("*"):
            name = path.relative_to(ROOT).as_posix()
            if path.is_file() and "__pycache__" not in name and re.search(rf"(?<![a-z]){LATEST}(?![a-z])", name):
                yield name


def unlisted(names: Iterator[str], listed: list[str]) -> list[str]:
    """Those that no place holds."""
    known = (*listed, *GENERATED)
    return [
        name
        for name in names
        if not any(fnmatchcase(name, one) or (one.endswith("/") and name.startswith(one)) for one in known)
    ]


@pytest.mark.parametrize("place", places())
def test_every_place_is_there(place: str) -> None:
    (path,) = ROOT.glob(place)
    assert path.is_dir() if place.endswith("/") else path.is_file()


def test_no_other_place_is_called_after_it() -> None:
    assert len(places()) > 25
    assert unlisted(called_after_it(), places()) == []


def test_that_check_notices() -> None:
    assert "tests/api/csp-created.yaml" in called_after_it()
    assert unlisted(iter(["tests/api/csp-created.yaml", "docs/x/csp.md"]), ["tests/api/"]) == ["docs/x/csp.md"]
