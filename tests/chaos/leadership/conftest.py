"""Where pairs of operators are stopped."""

import zlib
from pathlib import Path
from typing import Final

import pytest

from project_operator.api.crd import crd_name
from project_operator.api.kinds import KINDS
from project_operator.sandbox.controlplane.plane import ControlPlane

HERE: Final = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.needs_real)


@pytest.fixture(scope="session")
def control_plane(chaos_plane: ControlPlane) -> ControlPlane:
    """The one for what is broken on purpose, with our definitions."""
    chaos_plane.kubectl("apply", "--server-side", "-k", "crds/")
    chaos_plane.wait_established(*(crd_name(kind) for kind in KINDS))
    return chaos_plane


@pytest.fixture
def namespace(request: pytest.FixtureRequest) -> str:
    """One for the test alone."""
    return f"lead-{zlib.crc32(request.node.nodeid.encode()):08x}"
