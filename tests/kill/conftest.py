"""A control plane for operators that are killed, and all seeds at work, a few at a time."""

import sys
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final, cast

import pytest
from crowd import Bounds, Crowd
from kill_run import Plan, Run, run
from operator_process import Program

from project_operator.api.crd import crd_name
from project_operator.api.kinds import KINDS
from project_operator.sandbox.controlplane.plane import ControlPlane

HERE: Final = Path(__file__).parent
PROJECTS: Final = 300
AT_ONCE: Final = 3
"""Seeds that run side by side: one waits out its quarantine while another creates."""

Story = tuple[str, int]
"""A vendor and a seed."""
BEGUN: Final = pytest.StashKey[dict[Story, Future[Run]]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What each seed found at the kill and in the end."""
    begun = config.stash.get(BEGUN, {}).values()
    rows = [one.result().row() for one in begun if one.done() and not one.cancelled() and one.exception() is None]
    if rows:
        terminalreporter.section("kill test")
        terminalreporter.write_line("\n".join([Run.HEADER, *rows]))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.kill)
            item.add_marker(pytest.mark.needs_real)


@pytest.fixture(scope="session")
def control_plane(pytestconfig: pytest.Config) -> Iterator[ControlPlane]:
    """One of their own: what the killed leave behind is nobody else's business. Our definitions are there."""
    if pytestconfig.getoption("--kind"):
        pytest.skip(
            "starts operators of its own and leaves thousands of objects, so it needs a control plane to itself"
        )
    with ControlPlane.start() as plane:
        plane.kubectl("apply", "--server-side", "-k", "crds/")
        plane.wait_established(*(crd_name(kind) for kind in KINDS))
        yield plane


@pytest.fixture(scope="session")
def runs(
    request: pytest.FixtureRequest, control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[Story, Future[Run]]]:
    """The run of each vendor and seed that are asked for; all of them are begun with the first."""
    folder, bounds = tmp_path_factory.mktemp("kill"), Bounds()

    def of(story: Story) -> Run:
        vendor, seed = story
        plan = Plan.of(seed, PROJECTS, bounds)
        with Crowd(control_plane, f"kill-{vendor}-{seed}", PROJECTS, folder, bounds, vendor) as crowd:
            return run(crowd, plan)

    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    wanted: list[Story] = [
        cast("Story", item.callspec.params["story"]) for item in items if "runs" in item.fixturenames
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        begun = {story: pool.submit(of, story) for story in wanted}
        request.config.stash[BEGUN] = begun
        yield begun
        for future in begun.values():
            future.cancel()


@pytest.fixture
def crowd_of(
    request: pytest.FixtureRequest, control_plane: ControlPlane, tmp_path: Path
) -> Callable[[int, Bounds], Crowd]:
    """Makes Projects by number, in a namespace of the test's own."""
    namespace = f"kill-{zlib.crc32(request.node.nodeid.encode()):08x}"
    return lambda count, bounds: Crowd(control_plane, namespace, count, tmp_path, bounds)


@pytest.fixture(scope="session")
def broken() -> Callable[[str], Program]:
    """The build without a rule, by its name in `broken_build`."""
    return lambda rule: (sys.executable, str(HERE / "broken_build.py"), rule)
