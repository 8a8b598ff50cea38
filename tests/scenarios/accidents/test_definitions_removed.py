"""Our definitions are removed while there are twenty Projects: whether the shipped policies are installed or not,
nothing in the backend is touched.
"""

from collections.abc import Iterator
from typing import Final

import policies
import pytest
from chart_installation import Installation
from scenario import Scenario
from waiting import wait_until

from project_operator.api.crd import crd_name
from project_operator.api.kinds import KINDS
from project_operator.api.names import ALLOW_DELETION_ANNOTATION, MARK_TAG

NAMES: Final = [f"team-{number:02}" for number in range(20)]
DEFINITIONS: Final = [crd_name(kind) for kind in KINDS]


@pytest.fixture
def twenty(expendable: Scenario) -> dict[str, str]:
    """Twenty Projects, Ready, half of them with a policy that would be carried out at their deletion; their marks by
    the ids of their projects.
    """
    expendable.install_definitions()
    expendable.operator.wait_ready()
    limits = {"requestsPerSecond": 1000, "burst": 1000}
    expendable.apply(expendable.secret(), expendable.backend(rateLimit=limits))
    expendable.apply(*(expendable.project(name, deletionPolicy="Delete") for name in NAMES))
    for name in NAMES:
        expendable.wait_ready(name)
    return marks(expendable)


@pytest.fixture
def guarded(
    twenty: dict[str, str], expendable: Scenario, expendable_installation: Installation
) -> Iterator[dict[str, str]]:
    """The same, with the shipped policies in force."""
    shipped = policies.shipped(expendable_installation)
    policies.put(expendable.control_plane, shipped)
    trial = ("delete", "crd", DEFINITIONS[0], "--dry-run=server")
    wait_until(lambda: expendable.control_plane.kubectl(*trial, check=False).returncode, "the policies to be in force")
    yield twenty
    policies.take_away(expendable.control_plane, shipped)


def marks(scenario: Scenario) -> dict[str, str]:
    """Whose each project in the backend is."""
    projects = scenario.identity.admin.projects()
    assert [one.id for one in projects if one.deletion_time is not None] == []
    return {one.id: str(one.tag(MARK_TAG)) for one in projects}


def test_without_policies_the_objects_go_and_the_projects_stay(expendable: Scenario, twenty: dict[str, str]) -> None:
    expendable.kubectl("delete", "--kustomize=crds/", "--timeout=60s")
    assert len(twenty) == len(NAMES)
    assert marks(expendable) == twenty
    assert {call.operation for call in expendable.calls()} == {"createProject"}


def test_with_policies_nothing_goes_before_that_is_allowed(expendable: Scenario, guarded: dict[str, str]) -> None:
    said = expendable.refused("delete", "--kustomize=crds/", "--timeout=60s")
    for definition in DEFINITIONS:
        assert f"{definition} {ALLOW_DELETION_ANNOTATION}=true" in said
    for name in NAMES:
        assert "deletionTimestamp" not in expendable.get(name)["metadata"]

    expendable.kubectl("annotate", "crd", *DEFINITIONS, f"{ALLOW_DELETION_ANNOTATION}=true")
    expendable.kubectl("delete", "--kustomize=crds/", "--timeout=60s")
    assert marks(expendable) == guarded
    assert {call.operation for call in expendable.calls()} == {"createProject"}
