"""Our definitions on the control plane, and the figures at the end."""

from pathlib import Path
from typing import Final

import pytest

from project_operator.api.crd import crd_name
from project_operator.api.kinds import KINDS
from project_operator.sandbox.controlplane.plane import ControlPlane

HERE: Final = Path(__file__).parent
FIGURES: Final = "isolation"
"""A property of a test (`record_property`) that is printed at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.needs_real)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was measured, for people."""
    for report in terminalreporter.getreports("passed"):
        for name, figures in report.user_properties:
            if name == FIGURES and report.when == "call":
                terminalreporter.section("isolation")
                terminalreporter.write_line(str(figures))


@pytest.fixture
def defined(request: pytest.FixtureRequest) -> ControlPlane:
    """The control plane of the run, where our definitions are served."""
    # Asked for only now, so that without a real API server the test is skipped before anything is installed.
    plane: ControlPlane = request.getfixturevalue("control_plane")
    plane.kubectl("apply", "--server-side", "-k", "crds/")
    plane.wait_established(*(crd_name(kind) for kind in KINDS))
    return plane
