"""One namespace for all that is carried from backend to backend."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from every_backend import EveryBackend

HERE: Final = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before xdist, which reads the marks in a hook of the same name
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The worker that starts Keystone for its own scenarios does so for these (--dist=loadgroup)."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.xdist_group("keystone"))


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
