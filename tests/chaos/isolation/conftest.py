"""The figures at the end."""

from typing import Final

import pytest

FIGURES: Final = "isolation"
"""A property of a test (`record_property`) that is printed at the end."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was measured, for people."""
    for report in terminalreporter.getreports("passed"):
        for name, figures in report.user_properties:
            if name == FIGURES and report.when == "call":
                terminalreporter.section("isolation")
                terminalreporter.write_line(str(figures))
