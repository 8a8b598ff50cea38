"""Scenarios on the embedded Fujitsu K5: a namespace and a region for each."""

from collections.abc import Iterator

import pytest
from k5_scenario import K5Scenario


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Iterator[K5Scenario]:
    """An empty namespace and an empty domain."""
    # Asked for only now, so that without a real API server the test is skipped before anything is installed.
    control_plane, operator, audit = map(request.getfixturevalue, ("control_plane", "operator", "audit"))
    title = f"k5-{request.path.stem.removeprefix('test_').replace('_', '-')}"
    made = K5Scenario(control_plane, operator, audit, title)
    made.open()
    try:
        yield made
    finally:
        made.close()
