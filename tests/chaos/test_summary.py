"""What is told at the end of `make chaos`, by whoever started the workers."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

CONFTEST = Path(__file__).parent / "conftest.py"
"""The one that is loaded where workers run the tests: those of folders below are the workers' alone."""


class Reporter:
    """Stands for the terminal."""

    def __init__(self, *reports: Any) -> None:
        self.reports = reports
        self.said: list[str] = []

    def getreports(self, outcome: str) -> list[Any]:
        return [report for report in self.reports if report.outcome == outcome]

    def section(self, title: str) -> None:
        self.said.append(title)

    def write_line(self, line: str) -> None:
        self.said.append(line)


def test_how_long_tenants_waited_is_printed_and_kept(pytestconfig: pytest.Config, tmp_path: Path) -> None:
    kept = tmp_path / "isolation.txt"
    report = {"outcome": "passed", "user_properties": [("isolation", "p95 0.1 s"), ("figures", "of others")]}
    reporter = Reporter(*(SimpleNamespace(when=when, **report) for when in ("setup", "call", "teardown")))

    def getoption(name: str, default: object) -> object:
        return {"isolation": kept}.get(name, default)

    config = SimpleNamespace(stash=pytestconfig.stash, getoption=getoption)
    hooks: Any = pytestconfig.pluginmanager.get_plugin(str(CONFTEST))
    hooks.pytest_terminal_summary(reporter, config)
    assert reporter.said[:2] == ["isolation", "p95 0.1 s"]
    assert kept.read_text(encoding="utf-8") == "p95 0.1 s"
