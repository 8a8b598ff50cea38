"""The blocks of code in the documentation, and what runs each: a block that nothing runs is a complaint.

A block of YAML is checked by `tests/test_doc_blocks.py` against our definitions, and by `tests/api/test_doc_blocks.py`
on an API server. A block of shell is typed by `tests/scenarios/docs`. Where that is not all, a comment on the line
above says so:

    <!-- part of: Project.spec.import -->     YAML from inside an object of that kind; or of `values.yaml`
    <!-- refused: unknown field -->           it is typed, and must fail with these words
    <!-- run by: tests/….py::test_… -->       a test that runs it, or what it says, elsewhere
    <!-- not run: cloud -->                   nothing here can; one of `REASONS`
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FENCE: Final = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<language>.*)$")
MARKER: Final = re.compile(r"^ *<!-- (?P<how>part of|refused|run by|not run): (?P<what>.*?) -->$")
SHELL: Final = frozenset({"sh", "console"})
YAML: Final = "yaml"
SHOWN: Final = frozenset({"text", "python", "promql", "mermaid", "json"})
"""What is not for typing: text and pictures; Python and PromQL have tests of their own."""
REASONS: Final = {
    "cloud": "it needs an account at the vendor's",
    "engine": "it needs a container engine",
    "nodes": "it needs pods that run, and so nodes",
    "forge": "it needs a release on GitHub",
    "person": "it runs until a person ends it, or for many minutes",
}
"""Why a block may go without being run."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. ``line`` is that of its fence, from 1."""

    page: str
    line: int
    language: str
    text: str
    how: str = ""
    """The word of its marker, or nothing: it is run as it stands."""
    what: str = ""

    @property
    def place(self) -> str:
        """Where it is, as editors take it."""
        return f"{self.page}:{self.line}"


def blocks(page: str, text: str) -> Iterator[Block]:
    """The fenced blocks of a page, in order; without the indentation of a list that they are in."""
    lines = text.splitlines()
    begun = 0
    fence = indent = language = ""
    for number, line in enumerate(lines, 1):
        found = FENCE.match(line)
        if begun and found and found["fence"].startswith(fence) and not found["language"].strip():
            inside = "\n".join(one.removeprefix(indent) for one in lines[begun : number - 1])
            marker = MARKER.match(lines[begun - 2]) if begun > 1 else None
            how, what = (marker["how"], marker["what"]) if marker else ("", "")
            yield Block(page, begun, language, f"{inside}\n", how, what)
            begun = 0
        elif not begun and found:
            begun, fence, indent, language = number, found["fence"], found["indent"], found["language"].strip()


def indented(text: str) -> Iterator[int]:
    """The lines at which a block begins that is made by indentation alone: its language cannot be said."""
    before, fence = "", ""
    listed = False
    for number, line in enumerate(text.splitlines(), 1):
        found = FENCE.match(line)
        if fence:
            fence = "" if found and found["fence"].startswith(fence) and not found["language"].strip() else fence
        elif found:
            fence = found["fence"]
        elif line.startswith("    ") and line.strip():
            if not before.strip() and not listed:
                yield number
        elif line.strip():
            listed = bool(re.match(r" *([-*]|\d+\.) ", line)) or (listed and line.startswith("  "))
        before = line


def complaints(root: Path, page: str, text: str) -> Iterator[str]:
    """What is wrong with the blocks of a page: no language, or nothing that runs them."""
    yield from (f"{page}:{line}: an indented block; fence it and name its language" for line in indented(text))
    for block in blocks(page, text):
        if block.language not in SHELL | SHOWN | {YAML}:
            yield f"{block.place}: names no language that is known: '{block.language}'"
        elif block.language in SHOWN and block.how:
            yield f"{block.place}: is not for running, so it needs no marker"
        elif block.how == "not run" and block.what not in REASONS:
            yield f"{block.place}: '{block.what}' is no reason not to be run; these are: {', '.join(REASONS)}"
        elif block.how == "run by" and not there(root, block.what):
            yield f"{block.place}: there is no test {block.what}"
        elif (block.how, block.language) in {("part of", "sh"), ("refused", YAML)}:
            yield f"{block.place}: '{block.how}' is not for {block.language}"
        elif block.language == "console" and not block.how:
            yield f"{block.place}: what was typed and what came of it is not run as it stands; say what runs it"


def there(root: Path, test: str) -> bool:
    """Whether there is a test of that name, written `tests/path.py::function`."""
    path, _, function = test.partition("::")
    file, definition = root / path, re.compile(rf"^(async )?def {re.escape(function)}\(", re.MULTILINE)
    return file.is_file() and definition.search(file.read_text(encoding="utf-8")) is not None
