"""Scenarios on the embedded IAM of Open Telekom Cloud: a namespace and an account for each."""

from collections.abc import Iterator

import pytest
from otc_scenario import OTCScenario


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Iterator[OTCScenario]:
    """An empty namespace and an empty account."""
    # Asked for only now, so that without a real API server the test is skipped before anything is installed.
    control_plane, operator, audit = map(request.getfixturevalue, ("control_plane", "operator", "audit"))
    title = f"otc-{request.path.stem.removeprefix('test_').replace('_', '-')}"
    made = OTCScenario(control_plane, operator, audit, title)
    made.open()
    try:
        yield made
    finally:
        made.close()
