"""Status has a place for all that a backend can show of a project."""

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from project_operator.api.v1alpha1.project_status import ObservedProject
from project_operator.backends.base import (
    HealthStatus,
    ProjectContent,
    ProvisioningStatus,
    RemoteProject,
    RoleAssignment,
    Tag,
)
from project_operator.reconcile.summary import mirrored

WHEN = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
SEEN = RemoteProject(
    id="p",
    organization_id="o",
    content=ProjectContent(
        name="team",
        description="what for",
        tags=(Tag("a", "b"),),
        group_ids=("g",),
        mark="iproj1:m",
        role_assignments=(RoleAssignment("g", "r"),),
        enabled=False,
        parent_id="parent",
        particulars={"keystone.immutable": "true"},
    ),
    provisioning_status=ProvisioningStatus.PROVISIONED,
    health_status=HealthStatus.DEGRADED,
    raw_status={"healthStatus": "degraded"},
    creation_time=WHEN,
    created_by="someone",
    modified_time=WHEN,
    modified_by="someone else",
    deletion_time=WHEN,
)
TIME = "2026-11-22T04:00:00Z"


def test_whatever_a_backend_shows_of_a_project_is_in_status() -> None:
    shown = mirrored(SEEN)
    observed: ObservedProject = shown["observed"]
    assert observed.model_dump(mode="json", by_alias=True, exclude_none=True) == {
        "name": "team",
        "description": "what for",
        "tags": [{"name": "a", "value": "b"}],
        "groupIDs": ["g"],
        "roleAssignments": [{"groupID": "g", "roleID": "r"}],
        "enabled": False,
        "parentID": "parent",
        "particulars": {"keystone.immutable": "true"},
        "creationTime": TIME,
        "createdBy": "someone",
        "modifiedTime": TIME,
        "modifiedBy": "someone else",
        "deletionTime": TIME,
        "raw": {"healthStatus": "degraded"},
    }
    assert observed.model_fields_set == set(ObservedProject.model_fields)
    assert (shown["organization_id"], shown["provisioning_status"], shown["health_status"]) == (
        *("o", "provisioned", "degraded"),
    )


def test_that_example_leaves_nothing_out() -> None:
    empty: tuple[Any, ...] = (None, "", (), {})
    for part in (SEEN, SEEN.content):
        assert [one.name for one in fields(part) if getattr(part, one.name) in empty] == []
