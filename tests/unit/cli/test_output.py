"""How results are printed."""

import io
import json
import re
import sys

import pytest
import yaml

from project_operator.cli import output
from project_operator.cli.output import Format, Table

DOCUMENT = {"things": [{"name": "a", "note": "with: a colon, and ünlauts", "count": 1}]}
TABLE = Table(("NAME", "LEVEL"), (("a" * 150, "ok"), ("b", "problem")), "nothing is there", "2 things")


def shown(format_: Format, capsys: pytest.CaptureFixture[str], table: Table = TABLE) -> str:
    output.show(format_, DOCUMENT, table)
    return capsys.readouterr().out


def test_json_and_yaml_are_what_programs_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(shown(Format.JSON, capsys)) == DOCUMENT
    assert yaml.safe_load(shown(Format.YAML, capsys)) == DOCUMENT


def test_in_a_pipe_each_row_is_a_line_without_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(Format.TABLE, capsys)
    head, first, second, empty, summary = out.splitlines()
    assert head.split() == ["NAME", "LEVEL"]
    assert first.split() == ["a" * 150, "ok"]
    assert second.split() == ["b", "problem"]
    assert (empty, summary) == ("", "2 things")
    assert "\x1b" not in out
    assert all(line == line.rstrip() for line in out.splitlines())


def test_without_rows_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(Format.TABLE, capsys, Table(("NAME",), (), "nothing is there")) == "nothing is there\n"


class Terminal(io.StringIO):
    """Where somebody looks on."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_on_a_terminal_words_have_colours_unless_they_are_unwanted(
    variables: dict[str, str],
    coloured: bool,  # noqa: FBT001 - a table
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", "COLUMNS": "80", **variables}.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    output.show(Format.TABLE, DOCUMENT, TABLE)
    assert ("\x1b[1;31mproblem" in terminal.getvalue()) is coloured
    assert "a" * 150 in terminal.getvalue(), "neither folded nor cut: it can be copied"


HOSTILE = "x\x1b[31mRED\nnew\t[bold]y[/]\x9b2J\u202eevil\x85\u2028z"
"""What somebody may have written into a tag: sequences that a terminal obeys, line breaks, markup of ours."""
TAME = "x [31mRED new [bold]y[/] 2J evil z"


@pytest.mark.parametrize(
    "table",
    [
        Table(("NAME",), ((HOSTILE,),), "none"),
        Table(("NAME",), (), HOSTILE),
        Table(("NAME",), (("a",),), "none", HOSTILE),
    ],
    ids=["cell", "instead of rows", "summary"],
)
@pytest.mark.parametrize("watched", [True, False], ids=["terminal", "pipe"])
def test_nothing_that_somebody_else_wrote_is_obeyed(
    table: Table,
    watched: bool,  # noqa: FBT001 - a table
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {"TERM": "xterm-256color", "COLUMNS": "120", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    printed = Terminal() if watched else io.StringIO()
    monkeypatch.setattr(sys, "stdout", printed)
    output.show(Format.TABLE, DOCUMENT, table)
    shown = printed.getvalue()
    assert TAME in shown
    # Of escapes, those for a bold heading are ours.
    assert set(re.findall(r"[^\x20-\x7e\n]\[?[0-9;]*m?", shown)) <= {"\x1b[1m", "\x1b[0m"}


@pytest.mark.parametrize("text", [HOSTILE, "plain", "two\nlines", "\U0001f600", "\x7f", "e\u0301", "\ud800"])
def test_programs_get_what_there_is_without_what_a_terminal_obeys(text: str) -> None:
    document = {text: [text, {"a": text}]}
    made = output.as_json(document)
    assert json.loads(made) == document
    assert made.replace("\n", "").isprintable()
    made = output.as_yaml(document)
    assert made.replace("\n", "").isprintable()
    if text != "\ud800":  # which YAML has no word for
        assert yaml.safe_load(made) == document


ID = "c1cd6e71-11bd-4d81-8bfd-5eab45ff5ed2"


@pytest.mark.parametrize(
    ("total", "expected"),
    [(40, [8, 36, 24, 24]), (120, [8, 36, 30, 34]), (200, [8, 36, 30, 60])],
    ids=["no room", "some room", "room for all"],
)
def test_sentences_are_folded_and_ids_are_not(total: int, expected: list[int]) -> None:
    lines = [("OUTCOME", "PROJECT", "WHY", "NOTE"), ("released", ID, "word " * 6, "word " * 12)]
    assert output.widths(lines, total) == expected


def test_no_word_of_a_sentence_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A column may have names and sentences, and letters that take two columns of a terminal."""
    monkeypatch.setenv("COLUMNS", "60")
    printed = Terminal()
    monkeypatch.setattr(sys, "stdout", printed)
    long, wide = "projects.identity.project-operator.dev", "\u6771" * 30
    rows = (("API server", "it answers"), (long, "a " + wide))
    output.show(Format.TABLE, DOCUMENT, Table(("SUBJECT", "FINDING"), rows, ""))
    shown = printed.getvalue()
    assert long in shown
    assert wide in shown
    assert "\u2026" not in shown
