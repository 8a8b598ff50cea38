import json
import subprocess
from pathlib import Path

import pytest

import run_chaos

POINT = {"tried": 1, "survived": True, "duplicates": 0, "leaks": 0, "stuck": 0, "needs_a_person": 0, "broken": 0}


def test_the_last_line_sums_every_point() -> None:
    bad = POINT | {"survived": False, "duplicates": True, "stuck": True, "needs_a_person": 1}
    assert run_chaos.totals([POINT, POINT, bad], 61.7) == (
        "chaos: 3 points tried, 2 survived, 1 duplicates, 0 leaks, 1 stuck, 1 needs a person, 0 broken otherwise; 62 s"
    )


def test_figures_are_recorded_by_what_was_broken_and_where() -> None:
    first = POINT | {"matrix": "fault", "what": "hang", "where": "backend", "operation": "create"}
    other = first | {"operation": "delete", "needs_a_person": 1}
    elsewhere = first | {"where": "api-server"}
    found = run_chaos.grouped([first, elsewhere, other])
    assert [(row["what"], row["where"], row["tried"], row["needs_a_person"]) for row in found] == [
        ("hang", "api-server", 1, 0),
        ("hang", "backend", 2, 1),
    ]


def test_everything_is_run_and_arguments_go_to_pytest() -> None:
    command = run_chaos.command(["-k", "kill"])
    assert {"tests/chaos", "--whole"} <= set(command)
    assert command[-2:] == ["-k", "kill"]


def test_the_page_gets_its_figures_and_keeps_what_is_around_them() -> None:
    point = POINT | {"matrix": "fault", "what": "hang", "where": "backend", "operation": "create", "place": "k5"}
    page = f"before\n{run_chaos.BEGIN}\nold\n{run_chaos.END}\nafter\n"
    told = run_chaos.recorded(page, run_chaos.figures([point, point], "a day", "30 of another: p95 0.1 s\n"))
    assert told.startswith(f"before\n{run_chaos.BEGIN}\na day\n\n| matrix | what | where | tried |")
    assert (
        "\n| fault | hang | backend | 2 | 2 | 0 | 0 | 0 | 0 | 0 |\n| all |  |  | 2 | 2 | 0 | 0 | 0 | 0 | 0 |\n" in told
    )
    assert "| backend | create |\n| --- | --- |\n| k5 | 2 |\n\nHow long" in told
    assert told.endswith(f"```text\n30 of another: p95 0.1 s\n```\n{run_chaos.END}\nafter\n")
    assert run_chaos.recorded(told, "new") == f"before\n{run_chaos.BEGIN}\nnew\n{run_chaos.END}\nafter\n"


def test_there_is_a_page_that_can_be_written() -> None:
    page = run_chaos.PAGE.read_text(encoding="utf-8")
    assert page.count(run_chaos.BEGIN) == page.count(run_chaos.END) == 1
    total = next(line for line in page.splitlines() if line.startswith("| all |"))
    recorded = json.loads(run_chaos.RECORD.read_text(encoding="utf-8"))
    assert total.split(" | ")[3] == str(sum(row["tried"] for row in recorded))


class Run:
    """Stands for pytest and git; what the script writes goes below ``folder``."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, *, ends: int = 0) -> None:
        self.runs = 0
        self.ends = ends
        self.files = {name: folder / name for name in ("POINTS", "ISOLATION", "RECORD", "PAGE")}
        for name, path in self.files.items():
            monkeypatch.setattr(run_chaos, name, path)
        self.files["PAGE"].write_text(f"{run_chaos.BEGIN}\nold\n{run_chaos.END}\n", encoding="utf-8")
        self.files["RECORD"].write_text("old", encoding="utf-8")
        monkeypatch.setattr(run_chaos, "ROOT", folder)
        monkeypatch.setattr(subprocess, "run", self)

    def __call__(self, command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        if command[0] == "git":
            return subprocess.CompletedProcess(command, 0, "0123456789ab with changes\n")
        self.runs += 1
        point = POINT | {"matrix": "fault", "what": "hang", "where": "backend", "operation": "create", "place": "k5"}
        self.files["POINTS"].write_text(json.dumps([point]), encoding="utf-8")
        self.files["ISOLATION"].write_text("p95 0.1 s", encoding="utf-8")
        return subprocess.CompletedProcess(command, self.ends)

    @property
    def written(self) -> tuple[str, str]:
        return tuple(self.files[name].read_text(encoding="utf-8") for name in ("PAGE", "RECORD"))  # type: ignore[return-value]  # two


def test_a_whole_run_is_recorded_with_its_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tmp_path, monkeypatch)
    assert run_chaos.main(["--record"]) == 0
    page, record = run.written
    assert "revision 0123456789ab with changes, Python" in page
    assert "p95 0.1 s" in page
    assert json.loads(record)[0]["what"] == "hang"


def test_what_is_recorded_is_no_selection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(tmp_path, monkeypatch)
    with pytest.raises(SystemExit):
        run_chaos.main(["--record", "--", "-k", "kill"])
    assert "leave ARGS out" in capsys.readouterr().err
    assert run.runs == 0
    assert run.written == (f"{run_chaos.BEGIN}\nold\n{run_chaos.END}\n", "old")


def test_a_run_that_failed_is_not_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(tmp_path, monkeypatch, ends=1)
    assert run_chaos.main(["--record"]) == 1
    assert "nothing is recorded" in capsys.readouterr().err
    assert run.written == (f"{run_chaos.BEGIN}\nold\n{run_chaos.END}\n", "old")
