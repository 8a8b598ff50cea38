"""Groups are named by id or by name; a name becomes an id as soon as exactly one group has it."""

from scenario import Scenario, condition


def test_names_become_ids(scenario: Scenario) -> None:
    admin = scenario.identity.admin
    readers, admins = admin.make_group("readers"), admin.make_group("admins")
    admin.catch_up()

    scenario.apply_project(groups=[{"name": "readers"}, {"id": admins}])

    status = scenario.wait_ready()["status"]
    assert set(scenario.remote().group_ids) == {readers, admins}
    assert set(status["applied"]["groupIDs"]) == {readers, admins}


def test_a_name_that_several_groups_have_waits_and_lists_them(scenario: Scenario) -> None:
    admin = scenario.identity.admin
    twins = [admin.make_group("twins") for _ in range(2)]
    admin.catch_up()

    scenario.apply_project(groups=[{"name": "twins"}])

    waiting = scenario.wait_for("False", "GroupAmbiguous")
    message = condition(waiting, "Ready")["message"]
    assert "`spec.groups[0].name`: the organization has 2 groups called 'twins'" in message
    assert all(group in message for group in twins)
    assert condition(waiting, "Reconciling")["status"] == "True"
    assert scenario.calls() == []

    admin.remove_group(twins[0])
    scenario.wait_ready()
    assert scenario.remote().group_ids == (twins[1],)


def test_removing_a_group_takes_its_access_and_leaves_that_of_others(scenario: Scenario) -> None:
    admin = scenario.identity.admin
    ours, theirs = admin.make_group("ours"), admin.make_group("theirs")
    admin.catch_up()
    scenario.apply_project(groups=[{"name": "ours"}])
    project_id = scenario.wait_ready()["status"]["id"]
    admin.edit_project(project_id, group_ids=(ours, theirs))
    admin.catch_up()

    scenario.edit({"groups": []})
    scenario.wait_ready()

    assert scenario.remote().group_ids == (theirs,)
