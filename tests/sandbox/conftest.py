"""Which tests of the sandbox stay together."""

from typing import Final

import pytest

SHARED: Final = {"control_plane": "control plane", "keystone_server": "keystone"}
"""Fixtures that take seconds to start, and the group of the tests that share them: one worker starts each."""


@pytest.hookimpl(tryfirst=True)  # before xdist, which reads the marks in a hook of the same name
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for fixture in SHARED.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group(SHARED[fixture]))
