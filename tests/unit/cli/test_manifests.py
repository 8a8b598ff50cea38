"""From a project to the manifest that takes it over and changes nothing."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from project_operator.api.marks import ORPHANED, Mark
from project_operator.api.v1alpha1.project import DeletionPolicy, ManagementPolicy, Project
from project_operator.backends import registry
from project_operator.backends.base import (
    HealthStatus,
    ProjectContent,
    ProvisioningStatus,
    RemoteProject,
    RoleAssignment,
    Tag,
    UnsupportedField,
)
from project_operator.cli.claims import Claims
from project_operator.cli.manifests import (
    LONGEST_NAME,
    Choice,
    Heritage,
    Manifest,
    Names,
    Refused,
    Target,
    manifest,
    obstacle,
    obstacle_since,
)
from project_operator.reconcile.content import differences, target, wanted

TARGET = Target("ns", "IdentityBackend", "default")
MARK = "iproj1:" + ":".join(["0" * 16, "1" * 16, "2" * 8, "00000000-0000-4000-8000-000000000001"])

WHOLE: Mapping[str, ProjectContent] = {
    "nscale": ProjectContent(
        name="Team_One.x", description="ours: all of it", tags=(Tag("b", ""), Tag("a", "1=2")), group_ids=("g2", "g1")
    ),
    "keystone": ProjectContent(
        name="Team one",
        description="",
        tags=(Tag("owner", "them"),),
        role_assignments=(RoleAssignment("g1", "r2"), RoleAssignment("g1", "r1"), RoleAssignment("g2", "r1")),
        enabled=False,
        parent_id="d" * 32,
        particulars={"keystone.isDomain": "false", "keystone.immutable": "true", "keystone.domainID": "d" * 32},
    ),
    "open_telekom_cloud": ProjectContent(name="first", description="x", enabled=True, parent_id="e" * 32),
    "fujitsu_k5": ProjectContent(name="first", description="x", enabled=True),
    "vmware_csp": ProjectContent(
        name="First of all",
        description="x",
        parent_id="p-1",
        particulars={"csp.vrn": "vrn/x:y", "csp.subResourceServiceScopes": "s1,s2"},
    ),
}


def remote(content: ProjectContent, project_id: str = "9a8f2c2e-6a0e", **fields: Any) -> RemoteProject:
    return RemoteProject(
        id=project_id,
        organization_id="o",
        content=content,
        provisioning_status=ProvisioningStatus.PROVISIONED,
        health_status=HealthStatus.HEALTHY,
        **fields,
    )


@pytest.mark.parametrize("family", WHOLE)
def test_what_the_backend_shows_is_what_the_spec_wants(family: str) -> None:
    """By the operator's own comparison: the mark is all that differs."""
    content = WHOLE[family]
    made = manifest(remote(content), "one", TARGET)
    assert isinstance(made, Manifest)
    assert made.notes == ()
    project = Project.parse(made.document)
    groups = project.spec.groups or ()
    want = wanted(
        project,
        group_ids=tuple(group.id or "" for group in groups) if content.group_ids else None,
        role_assignments=tuple(
            RoleAssignment(group.id or "", role.id or "") for group in groups for role in group.roles or ()
        )
        if content.role_assignments
        else None,
        parent_id=project.spec.parent_id,
    )
    found = differences(content, target(want, content, None, MARK))
    assert [one.field for one in found] == ["mark"]
    # And nothing of it is left out.
    assert want.name == content.name
    assert (want.description or "") == (content.description or "")
    assert set(want.tags or ()) == set(content.tags)
    assert (want.enabled, want.parent_id) == (content.enabled, content.parent_id)
    assert {path: value for path, value in content.particulars.items() if value != "false"} == want.particulars


def test_a_field_that_a_manifest_gets_wrong_is_seen() -> None:
    """What the test above would catch."""
    content = WHOLE["keystone"]
    made = manifest(
        remote(replace(content, description="wrong", tags=(Tag("not", "theirs"),), enabled=True)), "a", TARGET
    )
    assert isinstance(made, Manifest)
    want = wanted(Project.parse(made.document))
    found = differences(content, target(want, content, None, MARK))
    assert {one.field for one in found} == {"description", "tags", "enabled", "mark"}


@pytest.mark.parametrize("family", WHOLE)
def test_each_vendor_takes_it(family: str) -> None:
    (vendor,) = [one for one in registry.shipped() if one.key == family]
    made = manifest(remote(WHOLE[family]), "one", TARGET)
    assert isinstance(made, Manifest)
    parsed = Project.parse(made.document)
    if family != "open_telekom_cloud":  # whose names depend on the region of the backend object
        assert vendor.unsupported(parsed.spec, name=parsed.remote_name, deletion_policy=DeletionPolicy.ORPHAN) == ()


def test_by_default_nothing_can_be_destroyed_and_nothing_is_written() -> None:
    made = manifest(remote(WHOLE["nscale"]), "one", TARGET)
    assert isinstance(made, Manifest)
    spec = made.document["spec"]
    assert (spec["deletionPolicy"], spec["managementPolicy"]) == ("Orphan", "Observe")
    assert spec["import"] == {"id": "9a8f2c2e-6a0e"}
    assert spec["backendRef"] == {"kind": "IdentityBackend", "name": "default"}
    other = replace(TARGET, management_policy=ManagementPolicy.MANAGE, deletion_policy=DeletionPolicy.DELETE)
    changed = manifest(remote(WHOLE["nscale"]), "one", other)
    assert isinstance(changed, Manifest)
    assert (changed.document["spec"]["deletionPolicy"], changed.document["spec"]["managementPolicy"]) == (
        "Delete",
        "Manage",
    )


@pytest.mark.parametrize(
    ("content", "left_out"),
    [
        (ProjectContent(name="a", tags=(Tag("terraform.nscale.com/x", "1"),)), "tags"),
        (ProjectContent(name="a", tags=tuple(Tag(f"t{number}", "") for number in range(65))), "tags"),
        (ProjectContent(name="a", description="x" * 4097), "description"),
        (ProjectContent(name="a", description="iproj1:damaged"), "description"),
        (ProjectContent(name="a", parent_id="not an id/"), "parentID"),
        (ProjectContent(name="a", particulars={"csp.vrn": "with a blank"}), "csp"),
    ],
)
def test_what_no_manifest_can_say_is_left_out_and_told(content: ProjectContent, left_out: str) -> None:
    made = manifest(remote(content), "one", TARGET)
    assert isinstance(made, Manifest)
    assert left_out not in made.document["spec"]
    (note,) = made.notes
    assert note.startswith(f"left out, and so left as it is: {left_out} (")
    Project.parse(made.document)


def test_what_may_not_be_asked_for_is_left_out_one_after_the_other() -> None:
    def against(project: Project) -> list[UnsupportedField]:
        if project.spec.parent_id is not None:
            return [UnsupportedField("spec.parentID", "is not permitted")]
        return [UnsupportedField("spec.groups[0].roles", "no")] if project.spec.groups else []

    made = manifest(remote(WHOLE["keystone"]), "one", TARGET, against)
    assert isinstance(made, Manifest)
    assert "parentID" not in made.document["spec"]
    assert "groups" not in made.document["spec"]
    assert len(made.notes) == 2


@pytest.mark.parametrize(
    "path", ["spec.import", "spec.deletionPolicy", "spec.name", "metadata.name", "spec.backendRef"]
)
def test_what_a_manifest_rests_on_is_never_left_out(path: str) -> None:
    made = manifest(remote(WHOLE["nscale"]), "one", TARGET, lambda _: [UnsupportedField(path, "must not be")])
    assert isinstance(made, Refused)
    assert made.why == f"{path} must not be"


def test_a_name_that_no_spec_can_have_refuses_the_project() -> None:
    made = manifest(remote(ProjectContent(name=" blank ")), "one", TARGET)
    assert isinstance(made, Refused)
    assert "name" in made.why


@pytest.mark.parametrize(
    ("mark", "fields", "named", "why"),
    [
        ("", {}, {}, ""),
        (ORPHANED, {}, {}, ""),
        (MARK, {}, {}, "it carries the mark of another Project"),
        ("conflicting", {}, {}, "it carries the mark of another Project"),
        ("", {"deletion_time": datetime(2026, 1, 1, tzinfo=UTC)}, {}, "it is being deleted"),
        ("", {}, {"9a8f2c2e-6a0e": "ns/one"}, "Project ns/one names it already"),
        ("", {}, {"a": "ns/one"}, "Project ns/one is about to import it by its name"),
    ],
)
def test_what_cannot_be_imported_is_said(mark: str, fields: dict[str, Any], named: dict[str, str], why: str) -> None:
    found = obstacle(remote(ProjectContent(name="a", mark=mark), **fields), Claims(named, named))
    assert found.startswith(why)
    assert bool(found) == bool(why)


HERITAGE = Heritage("mine", "ns", "ns-uid", frozenset({MARK[-36:]}), frozenset({"taken"}))
DEAD = "00000000-0000-4000-8000-000000000009"


def former(name: str, uid: str = DEAD, cluster: str = "mine", namespace_uid: str = "ns-uid") -> str:
    return str(Mark.of(cluster_id=cluster, namespace="ns", name=name, namespace_uid=namespace_uid, uid=uid))


@pytest.mark.parametrize(
    ("called", "mark", "name"),
    [
        ("team", former("team"), "team"),
        ("Team One", former("team-one"), "team-one"),
        ("team", former("team", MARK[-36:]), ""),
        ("team", former("other"), ""),
        ("team", former("team", cluster="theirs"), ""),
        ("team", former("team", namespace_uid="an earlier one"), ""),
        ("taken", former("taken"), ""),
        ("team", "", ""),
    ],
)
def test_what_a_project_that_is_gone_left_is_taken_up_under_its_name(called: str, mark: str, name: str) -> None:
    project = remote(ProjectContent(name=called, mark=mark))
    assert HERITAGE.name_of(project) == name
    assert (obstacle(project, Claims(), HERITAGE) == "") is (bool(name) or not mark)
    if name:
        assert Names({"x"}, HERITAGE).give(project) == name


def test_a_domain_is_not_imported() -> None:
    domain = ProjectContent(name="a", particulars={"keystone.isDomain": "true"})
    assert "it is a domain" in obstacle(remote(domain), Claims())


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("Team_One.x", "team-one-x"),
        ("  --A--  ", "a"),
        ("Überall", "berall"),
        ("日本", "project-9a8f2c2e"),
        ("x" * 200, "x" * LONGEST_NAME),
        ("y" * 62 + "_z", "y" * 62),
    ],
)
def test_names_are_valid(name: str, given: str) -> None:
    assert Names().give(remote(ProjectContent(name=name))) == given


def test_names_are_given_once() -> None:
    names = Names({"team", "web"})
    projects = [remote(ProjectContent(name="Team"), f"{number}-abcdefgh-ijkl") for number in (1, 1, 1, 2)]
    given = [names.give(one) for one in projects]
    assert given == ["team-1-abcdef", "team-1-abcdef-2", "team-1-abcdef-3", "team-2-abcdef"]
    long = Names({"x" * LONGEST_NAME}).give(remote(ProjectContent(name="x" * 99)))
    assert len(long) <= LONGEST_NAME


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (Choice(), False),
        (Choice(everything=True), True),
        (Choice(ids=("9a8f2c2e-6a0e",)), True),
        (Choice(ids=("other",)), False),
        (Choice(names=("team-*",)), True),
        (Choice(names=("Team-*",)), False),
        (Choice(names=("no", "*-one")), True),
        (Choice(tags=("owner",)), True),
        (Choice(tags=("owner=them",)), True),
        (Choice(tags=("owner=us",)), False),
        (Choice(tags=("owner", "stage")), False),
        (Choice(names=("team-*",), tags=("owner=us",)), False),
        (Choice(ids=("9a8f2c2e-6a0e",), names=("no",)), True),
    ],
)
def test_projects_are_chosen(choice: Choice, expected: bool) -> None:  # noqa: FBT001 - a table
    assert choice.means(remote(ProjectContent(name="team-one", tags=(Tag("owner", "them"),)))) is expected


def test_a_mark_that_came_while_this_looked_is_nobody_to_be_taken_for_gone() -> None:
    """Its Project was born after the Projects were listed, and is not among the living for that."""
    born = former("team", "00000000-0000-4000-8000-000000000007")
    listed, now = remote(ProjectContent(name="team")), remote(ProjectContent(name="team", mark=born))
    assert obstacle(now, Claims(), HERITAGE) == "", "as if its Project were gone"
    assert obstacle_since(listed, now, Claims(), HERITAGE) == "its mark was changed while this looked; look again"
    assert obstacle_since(listed, listed, Claims(), HERITAGE) == ""
    ending = remote(ProjectContent(name="team"), deletion_time=datetime(2026, 1, 1, tzinfo=UTC))
    assert obstacle_since(listed, ending, Claims(), HERITAGE) == "it is being deleted"


@pytest.mark.parametrize(
    ("choice", "typed"),
    [
        (Choice(ids=("1",), names=("a*", "b"), tags=("x=y",)), "--id '1' --name 'a*' --name 'b' --tag 'x=y'"),
        (Choice(everything=True), "--all"),
    ],
)
def test_a_choice_is_told_as_it_was_typed(choice: Choice, typed: str) -> None:
    assert str(choice) == typed
