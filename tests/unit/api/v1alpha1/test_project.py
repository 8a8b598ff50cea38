"""The kind Project."""

import string
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from project_operator.api.marks import ORPHANED, Mark
from project_operator.api.names import MARK_TAG
from project_operator.api.v1alpha1.project import (
    DeletionPolicy,
    ImportByName,
    KeystoneProject,
    ManagementPolicy,
    MissingPolicy,
    Project,
    ProjectGroup,
    ProjectImport,
    ProjectRole,
    ProjectSpec,
    ProjectTag,
)
from project_operator.api.v1alpha1.project_status import (
    AppliedProject,
    DeletionPolicyStatus,
    DriftEntry,
    ObservedProject,
    PlannedCallStatus,
    ProjectBackendStatus,
    ProjectOperation,
    ProjectStatus,
    RoleAssignmentStatus,
    TagStatus,
)
from project_operator.api.v1alpha1.types import Condition


def project(**spec: Any) -> Project:
    return Project.parse({"metadata": {"name": "web"}, "spec": spec})


def test_the_smallest_project_asks_for_nothing_but_its_own_name() -> None:
    smallest = Project.parse({"metadata": {"name": "web"}})
    assert smallest.spec == ProjectSpec()
    assert smallest.remote_name == "web"
    assert (smallest.spec.management_policy, smallest.spec.missing_policy) == ("Manage", "Report")
    assert smallest.status.observed_generation == -1


def test_its_own_name_gives_way_to_the_one_in_spec() -> None:
    assert project(name="Web shop").remote_name == "Web shop"


def test_absent_is_not_the_same_as_empty() -> None:
    assert (project().spec.description, project().spec.tags, project().spec.groups) == (None, None, None)
    emptied = project(description="", tags=[], groups=[])
    assert (emptied.spec.description, emptied.spec.tags, emptied.spec.groups) == ("", (), ())


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"tags": [{"name": MARK_TAG, "value": ""}]}, "must not begin with 'identity.project-operator.dev/'"),
    ({"tags": [{"name": "terraform.nscale.com/x", "value": ""}]}, "or 'terraform.nscale.com/', which are reserved"),
    ({"tags": [{"name": "iproj1:", "value": ""}]}, "must not contain 'iproj1:'"),
    ({"tags": [{"name": "a", "value": "x iproj1:"}]}, "must not contain 'iproj1:'"),
    ({"tags": [{"name": "", "value": ""}]}, "at least 1 character"),
    ({"tags": [{"name": "a", "value": ""}] * 65}, "at most 64 items"),
    ({"description": "x iproj1:0"}, "must not contain 'iproj1:'"),
    ({"description": "x" * 4097}, "at most 4096"),
    ({"name": "iproj1:x"}, "must not contain 'iproj1:'"),
    ({"name": "x" * 256}, "at most 255"),
    ({"groups": [{"id": "a"}, {"name": "b"}, {"id": "a"}]}, "must not name a group twice"),
    ({"groups": [{"id": "a", "name": "b"}]}, "must set exactly one of `id` and `name`"),
    ({"groups": [{"id": str(number)} for number in range(101)]}, "at most 100 items"),
    ({"groups": [{"id": "a"}, {"id": "a", "roles": [{"id": "r"}]}]}, "must not name a group twice"),
    ({"groups": [{"id": "a", "roles": []}]}, "at least 1 item"),
    ({"groups": [{"id": "a", "roles": [{"id": "r"}, {"id": "r"}]}]}, "must not name a role twice"),
    ({"groups": [{"id": "a", "roles": [{"id": "r", "name": "reader"}]}]}, "must set exactly one of `id` and `name`"),
    ({"groups": [{"id": "a", "roles": [{"id": str(n)} for n in range(33)]}]}, "at most 32 items"),
    (
        {"groups": [{"id": str(group), "roles": [{"id": str(n)} for n in range(26)]} for group in range(4)]},
        "must not give more than 100 roles in all",
    ),
    ({"enabled": "yes"}, "valid boolean"),
    ({"parentRef": {"name": "Not_A_Name"}}, "must be the name of a Kubernetes object"),
    ({"parentRef": {"name": "a"}, "parentID": "b"}, "must not set both `parentRef` and `parentID`"),
    ({"parentID": "../a"}, "must be an id as the backend shows it"),
    ({"keystone": {"isDomain": "true"}}, "valid boolean"),
    ({"keystone": {"domainID": "a/b"}}, "must be an id as the backend shows it"),
    ({"keystone": {"isDomain": True, "domainID": "d"}}, "a domain is in none"),
    ({"keystone": {"isDomain": True}, "parentID": "p"}, "a domain is in none"),
    ({"keystone": {"isDomain": True}, "parentRef": {"name": "p"}}, "a domain is in none"),
    ({"import": {"id": "a", "byName": "Required"}}, "must set exactly one of `id` and `byName`"),
    ({"import": {"byName": "Maybe"}}, "'Required' or 'IfPresent'"),
    ({"import": {"id": "a"}, "missingPolicy": "Recreate"}, "`missingPolicy` must be 'Report' where `import` is set"),
    ({"backendRef": {"kind": "Secret", "name": "a"}}, "'IdentityBackend'"),
    ({"backendRef": {}}, "Field required"),
    ({"suspend": "true"}, "valid boolean"),
]


@pytest.mark.parametrize(("spec", "words"), REFUSED)
def test_refuses_what_the_api_server_refuses(spec: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        project(**spec)


def test_an_odd_status_never_hides_a_good_spec() -> None:
    odd = Project.parse(
        {"metadata": {"name": "web"}, "spec": {"name": "x"}, "status": {"id": 7, "name": "x", "drift": {}}}
    )
    assert odd.remote_name == "x"
    assert odd.status == ProjectStatus(name="x")


def test_orphaned_marks_may_be_described_by_users_and_living_ones_may_not() -> None:
    assert project(description=ORPHANED).spec.description == ORPHANED
    mark = str(
        Mark.of(cluster_id="c", namespace="n", name="p", namespace_uid="u", uid="0" * 8 + "-0000" * 3 + "-" + "0" * 12)
    )
    with pytest.raises(ValidationError, match="must not contain"):
        project(description=mark)


def test_a_tag_with_an_empty_value_shows_its_value() -> None:
    observed = ObservedProject(tags=(TagStatus(name="a", value=""),))
    assert ProjectStatus(observed=observed).to_wire()["observed"]["tags"] == [{"name": "a", "value": ""}]


def test_what_is_ours_holds_what_was_and_what_comes_instead() -> None:
    groups = [{"id": str(group), "roles": [{"id": str(n)} for n in range(25)]} for group in range(4)]
    most = sum(len(group.roles or ()) for group in project(groups=groups).spec.groups or ())
    twice = tuple(RoleAssignmentStatus(group_id="g", role_id=str(number)) for number in range(2 * most))
    assert AppliedProject(role_assignments=twice).role_assignments == twice


def test_ids_that_were_are_never_dropped_silently() -> None:
    with pytest.raises(ValidationError, match="at most 100 items"):
        ProjectStatus(gone_ids=tuple(str(number) for number in range(101)))


TEXT = st.text(alphabet=string.ascii_letters + string.digits + " äß日🙂-_", max_size=20)
NAME = st.text(alphabet=string.ascii_letters, min_size=1, max_size=20)
TIME = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants them naive
MAYBE_NAME = st.none() | NAME

ROLES = st.none() | st.lists(
    st.builds(ProjectRole, id=NAME) | st.builds(ProjectRole, name=NAME), min_size=1, max_size=3, unique=True
).map(tuple)

SPECS = st.builds(
    ProjectSpec,
    name=MAYBE_NAME,
    description=st.none() | TEXT,
    tags=st.none() | st.lists(st.builds(ProjectTag, name=NAME, value=TEXT), max_size=4).map(tuple),
    groups=st.none()
    | st.lists(
        st.builds(ProjectGroup, id=NAME, roles=ROLES) | st.builds(ProjectGroup, name=NAME, roles=ROLES),
        max_size=4,
        unique_by=lambda group: (group.id, group.name),
    ).map(tuple),
    enabled=st.none() | st.booleans(),
    parent_ref=st.none(),
    parent_id=MAYBE_NAME,
    keystone=st.none() | st.builds(KeystoneProject, is_domain=st.sampled_from([None, False]), domain_id=MAYBE_NAME),
    import_=st.none()
    | st.builds(ProjectImport, id=NAME)
    | st.builds(ProjectImport, by_name=st.sampled_from(ImportByName)),
    management_policy=st.sampled_from(ManagementPolicy),
    missing_policy=st.just(MissingPolicy.REPORT),
    deletion_policy=st.none() | st.sampled_from(DeletionPolicy),
    deletion_protection=st.booleans(),
    suspend=st.booleans(),
)
TAG_STATUSES = st.none() | st.lists(st.builds(TagStatus, name=NAME, value=TEXT), max_size=3).map(tuple)
IDS = st.lists(NAME, max_size=3).map(tuple)
ASSIGNMENTS = st.none() | st.lists(st.builds(RoleAssignmentStatus, group_id=NAME, role_id=NAME), max_size=3).map(tuple)
STATUSES = st.builds(
    ProjectStatus,
    observed_generation=st.integers(-1, 10**9),
    conditions=st.lists(
        st.builds(
            Condition,
            type=NAME,
            status=st.sampled_from(["True", "False", "Unknown"]),
            reason=NAME,
            message=TEXT,
            observed_generation=st.none() | st.integers(0, 10**9),
            lastTransitionTime=TIME,
        ),
        max_size=3,
    ).map(tuple),
    id=MAYBE_NAME,
    backend_ref=st.none() | st.builds(ProjectBackendStatus, kind=NAME, name=NAME, uid=NAME),
    operation=st.none()
    | st.builds(
        ProjectOperation,
        type=NAME,
        state=NAME,
        start_time=st.none() | TIME,
        accepted_time=st.none() | TIME,
        message=TEXT,
    ),
    observed=st.none()
    | st.builds(
        ObservedProject,
        name=MAYBE_NAME,
        description=st.none() | TEXT,
        tags=TAG_STATUSES,
        group_ids=st.none() | IDS,
        role_assignments=ASSIGNMENTS,
        enabled=st.none() | st.booleans(),
        parent_id=MAYBE_NAME,
        particulars=st.none() | st.dictionaries(NAME, TEXT, max_size=3),
        creation_time=st.none() | TIME,
        raw=st.none() | st.dictionaries(NAME, TEXT, max_size=3),
    ),
    applied=st.none()
    | st.builds(
        AppliedProject,
        name=MAYBE_NAME,
        tags=TAG_STATUSES,
        group_ids=st.none() | IDS,
        role_assignments=ASSIGNMENTS,
    ),
    deletion_policy=st.none() | st.builds(DeletionPolicyStatus, policy=NAME, source=NAME),
    condemned=IDS,
    gone_ids=IDS,
    drift=st.lists(st.builds(DriftEntry, field=NAME, desired=TEXT, observed=TEXT, since=TIME), max_size=3).map(tuple),
    plan=st.lists(st.builds(PlannedCallStatus, verb=NAME, target=TEXT, summary=TEXT), max_size=3).map(tuple),
)


@given(SPECS)
def test_every_spec_reads_back_from_the_wire(spec: ProjectSpec) -> None:
    wire = spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    assert Project.parse({"metadata": {"name": "web"}, "spec": wire}).spec == spec


@given(STATUSES)
def test_every_status_reads_back_from_the_wire_and_writes_the_same_again(status: ProjectStatus) -> None:
    wire = status.to_wire()
    assert ProjectStatus.parse(wire) == status
    assert ProjectStatus.parse(wire).to_wire() == wire


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELD_NAMES = st.sampled_from([field.alias or name for name, field in ProjectStatus.model_fields.items()])


@given(st.dictionaries(FIELD_NAMES, JSON, max_size=6))
def test_no_status_is_too_odd_to_be_read(raw: dict[str, Any]) -> None:
    assert isinstance(ProjectStatus.parse(raw), ProjectStatus)
