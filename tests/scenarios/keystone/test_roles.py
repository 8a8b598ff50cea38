"""Groups have the roles that the spec names: no fewer, and those of others stay."""

import pytest
from keystone_scenario import KeystoneScenario
from scenario import condition
from waiting import wait_until

from project_operator.api.conditions import Reason
from project_operator.sandbox.identity.keystone.admin_client import Assignment


def test_what_is_no_longer_named_is_taken_and_what_others_gave_stays(stage: KeystoneScenario) -> None:
    ours, theirs = stage.domain.make_group("ours"), stage.domain.make_group("theirs")
    member, reader = stage.admin.role_id("member"), stage.admin.role_id("reader")
    stage.apply_project(groups=[{"name": "ours", "roles": [{"name": "member"}, {"name": "reader"}]}])
    on = f"projects/{stage.wait_ready()['status']['id']}"
    stage.admin.grant(reader, on, group=theirs)
    stage.admin.grant(reader, on, user=stage.domain.manager.id)
    stage.admin.grant(member, on, group=ours, inherited=True)
    foreign = {
        Assignment(reader, group=theirs),
        Assignment(reader, user=stage.domain.manager.id),
        Assignment(member, group=ours, inherited=True),
    }
    assert stage.assignments() == foreign | {Assignment(member, group=ours), Assignment(reader, group=ours)}

    stage.edit({"groups": [{"name": "ours", "roles": [{"name": "reader"}]}]})
    stage.wait_ready()
    assert stage.assignments() == foreign | {Assignment(reader, group=ours)}

    stage.edit({"groups": []})
    stage.wait_ready()
    assert stage.assignments() == foreign
    stage.assert_quiet()


def test_a_role_that_somebody_takes_is_given_again(stage: KeystoneScenario) -> None:
    group, member = stage.domain.make_group("ours"), stage.admin.role_id("member")
    stage.apply_project(groups=[{"id": group, "roles": [{"id": member}]}])
    on = f"projects/{stage.wait_ready()['status']['id']}"

    stage.admin.take(member, on, group=group)
    assert stage.assignments() == frozenset()
    # Listings show no roles: the next look at the project does.
    stage.edit({"description": "look again"})

    wait_until(lambda: stage.assignments() == {Assignment(member, group=group)}, "the correction")
    stage.wait_ready()


@pytest.mark.whole
def test_a_group_that_is_not_there_is_waited_for(stage: KeystoneScenario) -> None:
    stage.apply_project(groups=[{"name": "late", "roles": [{"name": "member"}]}])
    waiting = stage.wait_for("False", Reason.GROUP_NOT_FOUND)
    assert "'late'" in condition(waiting, "Ready")["message"]

    group = stage.domain.make_group("late")

    stage.wait_ready()
    assert stage.assignments() == {Assignment(stage.admin.role_id("member"), group=group)}


@pytest.mark.whole
def test_a_role_that_is_not_there_is_said(stage: KeystoneScenario) -> None:
    stage.domain.make_group("ours")
    stage.apply_project(groups=[{"name": "ours", "roles": [{"name": "no-such-role"}]}])
    waiting = stage.wait_for("False", Reason.ROLE_NOT_FOUND)
    assert "'no-such-role'" in condition(waiting, "Ready")["message"]
    assert stage.admin.projects(stage.domain.id) == []


@pytest.mark.whole
def test_without_roles_a_group_is_unsupported(stage: KeystoneScenario) -> None:
    stage.apply_project(groups=[{"name": "ours"}])
    stalled = stage.wait_for("False", Reason.UNSUPPORTED)
    assert "spec.groups[0].roles" in condition(stalled, "Ready")["message"]
