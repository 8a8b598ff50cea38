"""Our definitions are removed while there are twenty Projects: whether the shipped policies are installed or not,
nothing in the backend is deleted. Of those with `Orphan` the mark is taken off, as their users have asked for.
"""

from collections.abc import Iterator
from itertools import cycle
from typing import Final

import policies
import pytest
from chart_installation import Installation
from scenario import Scenario

from project_operator.api.crd import crd_name
from project_operator.api.kinds import KINDS
from project_operator.api.marks import MARK_PREFIX, ORPHANED
from project_operator.api.names import ALLOW_DELETION_ANNOTATION, MARK_TAG

NAMES: Final = [f"team-{number:02}" for number in range(20)]
POLICIES: Final = dict(zip(NAMES, cycle(("Delete", "Orphan")), strict=False))
DEFINITIONS: Final = [crd_name(kind) for kind in KINDS]


@pytest.fixture
def twenty(expendable: Scenario) -> dict[str, str]:
    """Twenty Projects, Ready, ten with `Delete` and ten with `Orphan`; by the ids of their projects, the marks that
    these are to have in the end.
    """
    expendable.install_definitions()
    expendable.operator.wait_ready()
    limits = {"requestsPerSecond": 1000, "burst": 1000}
    expendable.apply(expendable.secret(), expendable.backend(rateLimit=limits))
    expendable.apply(*(expendable.project(name, deletionPolicy=policy) for name, policy in POLICIES.items()))
    ready = [expendable.wait_ready(name) for name in NAMES]
    given = marks(expendable)
    assert len(given) == len(NAMES)
    assert all(mark.startswith(MARK_PREFIX) for mark in given.values())
    orphans = {one["status"]["id"] for one in ready if one["spec"]["deletionPolicy"] == "Orphan"}
    assert len(orphans) == len(NAMES) / 2
    return {project_id: ORPHANED if project_id in orphans else mark for project_id, mark in given.items()}


@pytest.fixture
def guarded(
    twenty: dict[str, str], expendable: Scenario, expendable_installation: Installation
) -> Iterator[dict[str, str]]:
    """The same, with the shipped policies in force."""
    shipped = policies.shipped(expendable_installation)
    policies.put(expendable.control_plane, shipped)
    yield twenty
    policies.take_away(expendable.control_plane, shipped)


def marks(scenario: Scenario) -> dict[str, str]:
    """Whose each project in the backend is."""
    projects = scenario.identity.admin.projects()
    assert [one.id for one in projects if one.deletion_time is not None] == []
    return {one.id: str(one.tag(MARK_TAG)) for one in projects}


@pytest.mark.whole
def test_without_policies_the_objects_go_and_the_projects_stay(expendable: Scenario, twenty: dict[str, str]) -> None:
    expendable.kubectl("delete", "--kustomize=crds/", "--timeout=60s")
    assert marks(expendable) == twenty
    assert {call.operation for call in expendable.calls()} == {"createProject", "updateProject"}


@pytest.mark.whole
def test_with_policies_nothing_goes_before_that_is_allowed(expendable: Scenario, guarded: dict[str, str]) -> None:
    said = expendable.refused("delete", "--kustomize=crds/", "--timeout=60s")
    for definition in DEFINITIONS:
        assert f"{definition} {ALLOW_DELETION_ANNOTATION}=true" in said
    for name in NAMES:
        assert "deletionTimestamp" not in expendable.get(name)["metadata"]
    assert {call.operation for call in expendable.calls()} == {"createProject"}

    expendable.kubectl("annotate", "crd", *DEFINITIONS, f"{ALLOW_DELETION_ANNOTATION}=true")
    expendable.kubectl("delete", "--kustomize=crds/", "--timeout=60s")
    assert marks(expendable) == guarded
    assert {call.operation for call in expendable.calls()} == {"createProject", "updateProject"}
