"""What takes too long for every day; `make soak` runs it."""

import os
from pathlib import Path
from typing import Final

import pytest

FIGURES: Final = "figures"
"""A property of a test (`record_property`) that is printed at the end."""
HERE: Final = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """No test of these ends within the time of an ordinary one."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(3600))


@pytest.fixture(scope="session")
def soak_seconds() -> float:
    """How long a run without an end of its own lasts: `SOAK_MINUTES`, 10 where it is not set."""
    return 60 * float(os.environ.get("SOAK_MINUTES", "10"))


@pytest.fixture(scope="session")
def soak_seed() -> int:
    """What chance begins with: `SOAK_SEED`."""
    return int(os.environ.get("SOAK_SEED", "1"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The figures, as rows of a table."""
    for report in terminalreporter.getreports("passed"):
        for name, figures in report.user_properties:
            if name == FIGURES and report.when == "call":
                terminalreporter.write_line(str(figures))
