"""An existing project is taken over, by id or by name, and what the spec does not name is left as it was."""

import pytest
from keystone_scenario import KeystoneScenario

from project_operator.api.conditions import Reason


@pytest.mark.whole
def test_by_id(stage: KeystoneScenario) -> None:
    group, member = stage.domain.make_group("theirs"), stage.admin.role_id("member")
    project = stage.admin.make_project("team", stage.domain.id, description="from before", tags=["owner=them"])
    stage.admin.grant(member, f"projects/{project}", group=group)
    before = stage.asked()

    stage.apply_project(import_={"id": project})
    imported = stage.wait_ready()

    remote = stage.remote()
    assert (imported["status"]["id"], imported["status"]["origin"]) == (project, "Imported")
    assert (remote.description, stage.own_tags()) == ("from before", {"owner=them"})
    assert [tag for tag in remote.tags if tag.endswith(f":{imported['metadata']['uid']}")]
    assert [one.group for one in stage.assignments()] == [group]
    assert [(call.method, call.path) for call in stage.calls(after=before)] == [("PATCH", f"/v3/projects/{project}")]
    stage.assert_quiet()


def test_of_the_roles_found_at_an_import_those_that_the_spec_names_become_ours(stage: KeystoneScenario) -> None:
    """Only those in `status.applied`, or imported, are ever removed."""
    group, member, reader = (
        stage.domain.make_group("theirs"),
        stage.admin.role_id("member"),
        stage.admin.role_id("reader"),
    )
    project = stage.admin.make_project("team", stage.domain.id)
    for role in (member, reader):
        stage.admin.grant(role, f"projects/{project}", group=group)

    stage.apply_project(import_={"id": project}, groups=[{"name": "theirs", "roles": [{"name": "member"}]}])
    imported = stage.wait_ready()
    assert {one.role for one in stage.assignments()} == {member, reader}
    assert imported["status"]["applied"]["roleAssignments"] == [{"groupID": group, "roleID": member}]

    stage.edit({"groups": []})
    stage.wait_ready()
    assert {one.role for one in stage.assignments()} == {reader}


def test_by_name(stage: KeystoneScenario) -> None:
    project = stage.admin.make_project("legacy", stage.domain.id)
    stage.apply_project(import_={"byName": "Required"}, name="legacy")
    assert stage.wait_ready()["status"]["id"] == project


def test_an_id_of_another_domain_is_not_found(stage: KeystoneScenario) -> None:
    elsewhere = stage.admin.make_project("team", stage.domain.make_domain())
    stage.apply_project(import_={"id": elsewhere})
    stage.wait_for("False", Reason.IMPORT_NOT_FOUND)
    found = stage.admin.project(elsewhere)
    assert found is not None
    assert found.tags == frozenset()
