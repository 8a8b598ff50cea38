"""How results are printed."""

import io
import json
import sys

import pytest
import yaml

from project_operator.cli import output
from project_operator.cli.output import Format, Table

DOCUMENT = {"things": [{"name": "a", "note": "with: a colon, and ünlauts", "count": 1}]}
TABLE = Table(("NAME", "LEVEL"), (("a" * 150, "ok"), ("b", "problem")), "nothing is there", "\n2 things")


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


ID = "c1cd6e71-11bd-4d81-8bfd-5eab45ff5ed2"


@pytest.mark.parametrize(
    ("total", "expected"),
    [(40, [8, 36, 24, 24]), (120, [8, 36, 30, 34]), (200, [8, 36, 30, 60])],
    ids=["no room", "some room", "room for all"],
)
def test_sentences_are_folded_and_ids_are_not(total: int, expected: list[int]) -> None:
    lines = [("OUTCOME", "PROJECT", "WHY", "NOTE"), ("released", ID, "word " * 6, "word " * 12)]
    assert output.widths(lines, total) == expected
