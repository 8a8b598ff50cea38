"""One namespace for all that is carried from backend to backend."""

from collections.abc import Iterator

import pytest
from every_backend import EveryBackend


@pytest.fixture(scope="package")
def everywhere(request: pytest.FixtureRequest) -> Iterator[EveryBackend]:
    """A backend object of every kind, connected."""
    # Asked for only now, so that without a real API server the test is skipped before anything is installed.
    control_plane, operator, audit = map(request.getfixturevalue, ("control_plane", "operator", "audit"))
    made = EveryBackend(control_plane, operator, audit, "portability", fixture=request.getfixturevalue)
    made.open()
    try:
        yield made
    finally:
        made.close()
