import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from project_operator.sandbox.demo.lifecycle import Phase, Row
from project_operator.sandbox.demo.table import PLAIN, UNICODE, Glyphs, table

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ID = "a4e164d9-92af-4095-b8c5-125aaec866d0"
READY = Row(
    namespace="demo",
    name="alpha",
    phase=Phase.PROVISIONED,
    id=ID,
    remote_name="alpha",
    ready="True",
    reason="Succeeded",
    message="provisioned and healthy",
    provisioning="provisioned",
    health="healthy",
    created=NOW - timedelta(seconds=7),
)


def rendered(*rows: Row, width: int = 140, glyphs: Glyphs = UNICODE) -> list[str]:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    with console.capture() as shown:
        console.print(table(rows, NOW, width, glyphs))
    return [line.rstrip() for line in shown.get().splitlines()]


def cells(lines: list[str], headings: int = 2) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines if line.startswith("│")][headings:]


def test_a_project_that_is_ready() -> None:
    assert cells(rendered(READY)) == [
        ["alpha", "✓ provisioned", ID, "True", "provisioned", "provisioned and healthy", "7s"],
        ["", "", "", "", "healthy", "", ""],
    ]


@pytest.mark.parametrize(
    ("phase", "steps"),
    [
        (Phase.WAITING, ["○ accepted", "○ provisioning", "○ provisioned"]),
        (Phase.PROVISIONING, ["✓ accepted", "● provisioning", "○ provisioned"]),
        (Phase.PROVISIONED, ["✓ provisioned", ""]),
        (Phase.UPDATING, ["● updating", ""]),
        (Phase.DELETING, ["● deleting", ""]),
        (Phase.MISSING, ["✗ missing", ""]),
        (Phase.STALLED, ["✗ stalled", ""]),
        (Phase.ERROR, ["✗ error", ""]),
    ],
)
def test_the_lifecycle_shows_what_is_behind_and_what_is_ahead(phase: Phase, steps: list[str]) -> None:
    assert [line[1] for line in cells(rendered(replace(READY, phase=phase)))] == steps


def test_another_name_in_the_backend_stands_below() -> None:
    assert [line[0] for line in cells(rendered(replace(READY, remote_name="beta")))] == ["alpha", "→ beta"]


def test_rows_are_sorted_by_namespace_and_name() -> None:
    rows = [
        replace(READY, namespace=namespace, name=name, remote_name=name)
        for namespace, name in (("b", "a"), ("a", "z"), ("a", "b"))
    ]
    assert [line[0] for line in cells(rendered(*rows)) if line[0]] == ["b", "z", "a"]


def test_a_narrow_terminal_shows_the_whole_message() -> None:
    message = (
        "project was deleted outside: the backend answers not-found, and shows other projects to the same credential"
    )
    lines = rendered(replace(READY, name="payments-staging", remote_name="stage", message=message), width=80)
    assert max(map(len, lines)) == 80
    shown = cells(lines, headings=3)
    assert [line[0] for line in shown if line[0]] == ["payments-staging", "→ stage", ID[:8]]
    assert [line[2] for line in shown if line[2]] == ["True", "provisioned", "healthy"]
    assert " ".join(line[3] for line in shown).split() == message.split()


def test_a_terminal_without_unicode_gets_ascii() -> None:
    lines = rendered(replace(READY, phase=Phase.PROVISIONING, remote_name="beta"), glyphs=PLAIN)
    assert all(line.isascii() for line in lines)
    assert "x accepted" in "\n".join(lines)


def test_without_a_project_it_says_so() -> None:
    assert cells(rendered()) == [["none", "", "", "", "", "", ""]]
