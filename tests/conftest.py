"""What every test may ask for: a control plane, embedded unless `--kind` says otherwise."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.nodeid import coerce_node_id
from hypothesis import HealthCheck, settings

from project_operator.sandbox.controlplane.plane import ControlPlane, default_cache
from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.controlplane.search import Options, Search

# Seconds are not asserted: the parts of the tests run side by side, and the machine may have more to do. What a test
# does not say of its number of examples is few for every day, as each day has others.
settings.register_profile(
    "every day", settings(), max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("whole", settings.get_profile("every day"), max_examples=400)

pytest_plugins = ["keystone"]  # fixtures of tests/support: the real Keystone


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("project-operator")
    group.addoption("--kind", action="store_true", help="run on a cluster made by kind (pytest-kind), not embedded")
    group.addoption("--whole", action="store_true", help="also what is marked `whole`, and ten times as many examples")


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("whole" if config.getoption("whole") else "every day")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs minutes, unless it was asked for, and make groups of tests (`xdist_group`) hold: xdist 3.8
    writes them where pytest 9.2 no longer reads ids.
    """
    left_out = [] if config.getoption("whole") else [item for item in items if item.get_closest_marker("whole")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    if getattr(config.option, "loadgroup", False):
        for item in items:
            item._id = coerce_node_id(getattr(item, "_nodeid", item.nodeid))


@pytest.fixture(scope="session")
def control_plane(request: pytest.FixtureRequest) -> Iterator[ControlPlane]:
    """One control plane for the whole run (one per worker under xdist)."""
    report = Report(sys.__stderr__)
    if request.config.getoption("--kind"):
        from in_kind import configure  # noqa: PLC0415 - dear to import, and for kind alone

        configure(request.config)
        cluster = request.getfixturevalue("kind_cluster")
        kubectl = Search(Options.from_environment(os.environ), default_cache(), report).kubectl()
        plane = ControlPlane.attach(Path(cluster.kubeconfig_path), kubectl)
    else:
        plane = ControlPlane.start(report=report)
    with plane:
        yield plane


@pytest.fixture(scope="session")
def given_cluster(pytestconfig: pytest.Config) -> bool:
    """Whether the cluster is not one that the tests start and may do anything to."""
    return bool(pytestconfig.getoption("--kind")) or Options.from_environment(os.environ).kubeconfig is not None


@pytest.fixture(scope="session")
def real_api_server(given_cluster: bool) -> bool:  # noqa: FBT001 - a fixture
    """Whether a control plane that is started here has a real API server; starts none."""
    if given_cluster:
        return True
    options = Options.from_environment(os.environ)
    return Search(options, default_cache(), Report(sys.__stderr__)).run().apiserver is not None


@pytest.fixture(autouse=True)
def _real_api_server(request: pytest.FixtureRequest) -> None:
    """Tests marked needs_real are skipped on the emulated API, with the reason; where CI=true they fail."""
    if request.node.get_closest_marker("needs_real") is None or request.getfixturevalue("real_api_server"):
        return
    reason = "needs a real API server (CEL, server-side apply, RBAC, admission), and only the emulated one is to be had"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}; with CI=true that is an error")
    pytest.skip(reason)
