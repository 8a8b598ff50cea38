"""Scenarios on the real Keystone: a namespace and a domain for each."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from keystone import Domain
from keystone_scenario import KeystoneScenario

HERE: Final = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before xdist, which reads the marks in a hook of the same name
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker starts Keystone (--dist=loadgroup)."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.xdist_group("keystone"))


@pytest.fixture
def bare_stage(request: pytest.FixtureRequest) -> Iterator[KeystoneScenario]:
    """An empty namespace and an empty domain."""
    # Asked for only now, so that without a real API server the test is skipped before anything is installed.
    control_plane, operator, audit = map(request.getfixturevalue, ("control_plane", "operator", "audit"))
    domain: Domain = request.getfixturevalue("keystone_domain")
    title = f"keystone-{request.path.stem.removeprefix('test_').replace('_', '-')}"
    made = KeystoneScenario(control_plane, operator, audit, title, domain=domain)
    made.open()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def stage(bare_stage: KeystoneScenario) -> KeystoneScenario:
    """The same with the default backend, Ready, with the manager's credential."""
    bare_stage.connect()
    return bare_stage
