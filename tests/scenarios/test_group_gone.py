"""A group that goes later is waited for again; the project stays."""

from scenario import Scenario


def test_a_group_that_goes_later_does_not_unmake_the_project(scenario: Scenario) -> None:
    admin = scenario.identity.admin
    group = admin.make_group("late")
    admin.catch_up()
    scenario.apply_project(groups=[{"name": "late"}])
    project_id = scenario.wait_ready()["status"]["id"]

    admin.remove_group(group)

    scenario.wait_for("False", "GroupNotFound")
    assert scenario.remote().id == project_id
    assert scenario.get()["status"]["id"] == project_id

    again = admin.make_group("late")
    scenario.wait_ready()
    assert scenario.remote().group_ids == (again,)
