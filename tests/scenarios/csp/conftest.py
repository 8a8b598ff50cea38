"""Scenarios on the embedded Cloud Services Platform: a namespace and an organization for each."""

from collections.abc import Iterator

import pytest
from csp_scenario import CSPScenario


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Iterator[CSPScenario]:
    """An empty namespace and an empty organization."""
    # Asked for only now, so that without a real API server the test is skipped before anything is installed.
    control_plane, operator, audit = map(request.getfixturevalue, ("control_plane", "operator", "audit"))
    title = f"csp-{request.path.stem.removeprefix('test_').replace('_', '-')}"
    made = CSPScenario(control_plane, operator, audit, title)
    made.open()
    try:
        yield made
    finally:
        made.close()
