"""A control plane of its own for what is broken on purpose, and the figures of what was tried."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from chaos.stage import RIGHTS, Stage
from chaos.tally import Outcome, Row, Tried, by_operation, raw, read, table, totals
from chart_installation import Installation, install

from project_operator.sandbox.controlplane.plane import ControlPlane

HERE: Final = Path(__file__).parent
OUTCOMES: Final = pytest.StashKey[list[Outcome]]()
POINTS: Final = "chaos points"
FIGURES: Final = "isolation"
"""A property of a test (`record_property`) that is printed at the end, and kept."""
Keep = Callable[[Outcome], None]
Progress = Callable[[str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("chaos")
    group.addoption("--points", type=Path, help="write every point that was tried to this file, as JSON")
    group.addoption("--isolation", type=Path, help="write to this file how long tenants waited, as text")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[OUTCOMES] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "chaos_plane" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.needs_real)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist tells whoever started it."""
    told = getattr(session.config, "workeroutput", None)
    if told is not None:
        told[POINTS] = raw(rows_of(session.config))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What a worker has told."""
    points = getattr(node, "workeroutput", {}).get(POINTS, ())
    node.config.stash[OUTCOMES].append(Outcome(read(points), ()))


def rows_of(config: pytest.Config) -> dict[Tried, Row]:
    """All points that were tried."""
    rows: dict[Tried, Row] = {}
    for outcome in config.stash[OUTCOMES]:
        rows |= outcome.rows
    return rows


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What was tried, and what came of it; what was measured. Whoever starts workers has their reports, and of all
    conftest.py files this one alone.
    """
    tell_isolation(terminalreporter, config)
    tell_points(terminalreporter, config)


def tell_isolation(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """How long the Projects of others waited."""
    told = [
        str(figures)
        for report in terminalreporter.getreports("passed")
        for name, figures in report.user_properties
        if name == FIGURES and report.when == "call"
    ]
    if not told:
        return
    terminalreporter.section("isolation")
    terminalreporter.write_line("\n".join(told))
    if (path := config.getoption("isolation", default=None)) is not None:
        path.write_text("\n".join(told), encoding="utf-8")


def tell_points(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What was tried, and what came of it."""
    rows = rows_of(config)
    if not rows:
        return
    terminalreporter.section("chaos")
    terminalreporter.write_line("\n".join([table(rows), "", by_operation(rows), "", totals(rows)]))
    if (path := config.getoption("points", default=None)) is not None:
        path.write_text(json.dumps(raw(rows), indent=1), encoding="utf-8")


@pytest.fixture(scope="session")
def chaos_plane(pytestconfig: pytest.Config) -> Iterator[ControlPlane]:
    """One whose objects are left behind."""
    if pytestconfig.getoption("--kind"):
        pytest.skip("kills operators and leaves hundreds of objects, so it needs a control plane to itself")
    with ControlPlane.start() as plane:
        yield plane


@pytest.fixture(scope="session")
def chaos_installation(chaos_plane: ControlPlane) -> Installation:
    """The chart, and the ServiceAccount that the operator is. Without what only this one may do: the pairs of operators
    that are stopped here are an administrator.
    """
    return install(chaos_plane, {**RIGHTS, "admissionPolicies": {"finalizers": False}})


@pytest.fixture(scope="session")
def progress(pytestconfig: pytest.Config) -> Progress:
    """Says something at once, whatever pytest keeps back."""
    begun = time.monotonic()
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")

    def say(words: str) -> None:
        with capture.global_and_fixture_disabled():
            print(f"  {time.monotonic() - begun:6.1f} s  {words}", file=sys.stderr, flush=True)  # noqa: T201 - a person waits

    return say


@pytest.fixture
def stage_of(chaos_plane: ControlPlane, chaos_installation: Installation, tmp_path: Path) -> Callable[..., Stage]:
    """A stage in a namespace of that name; whatever else a `Stage` takes by name."""
    return lambda title, **options: Stage(chaos_plane, chaos_installation, title, tmp_path, **options)


@pytest.fixture
def keep(pytestconfig: pytest.Config) -> Keep:
    """Counts an outcome among those that are shown in the end."""
    return pytestconfig.stash[OUTCOMES].append
