import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_operator.backends.base import (
    HealthStatus,
    ProjectContent,
    ProvisioningStatus,
    RemoteProject,
    RoleAssignment,
)
from project_operator.backends.k5.names import same_name
from project_operator.backends.k5.requests import creation, update

THERE = ProjectContent("Shop", "text", mark="iproj1:x", enabled=True)


def remote(content: ProjectContent = THERE) -> RemoteProject:
    return RemoteProject("p1", "d1", content, ProvisioningStatus.PROVISIONED, HealthStatus.HEALTHY)


def body(request: Any) -> dict[str, Any]:
    return dict(json.loads(request.body)["project"])


def test_a_creation_names_its_domain_and_nothing_that_is_not_wanted() -> None:
    assert body(creation(ProjectContent("Shop"), "d1")) == {"name": "Shop", "domain_id": "d1"}


def test_nothing_to_do_is_no_request() -> None:
    assert update(remote(), THERE) == ()
    assert update(remote(), ProjectContent("sHOP", "text", mark="iproj1:x")) == ()


def test_settings_come_before_roles() -> None:
    role = RoleAssignment("g1", "r1")
    wanted = ProjectContent("Shop", "new", mark="iproj1:x", enabled=True, role_assignments=(role,))
    assert [(one.method, one.target) for one in update(remote(), wanted)] == [
        ("PATCH", "/v3/projects/p1"),
        ("PUT", "/v3/projects/p1/groups/g1/roles/r1"),
    ]


contents = st.builds(
    ProjectContent,
    name=st.sampled_from(["Shop", "shop", "Store"]),
    description=st.none() | st.text(max_size=20),
    mark=st.sampled_from(["", "iproj1:x", "orphaned"]),
    enabled=st.none() | st.booleans(),
)


@given(contents, contents)
def test_an_update_names_just_what_differs(current: ProjectContent, wanted: ProjectContent) -> None:
    steps = update(remote(current), wanted)
    changes = body(steps[0]) if steps else {}
    assert set(changes) <= {"name", "description", "enabled"}
    assert ("name" in changes) is not same_name(current.name, wanted.name)
    assert ("enabled" in changes) is (wanted.enabled is not None and wanted.enabled != current.enabled)
    again = update(remote(wanted), wanted)
    assert again == ()


@pytest.mark.parametrize(("other", "same"), [("SHOP", True), ("shop", True), ("shop-1", False), ("Shpo", False)])
def test_case_does_not_count(other: str, same: bool) -> None:  # noqa: FBT001 - a column
    assert same_name("Shop", other) is same
