"""A group that is not there is waited for; nothing is created without it."""

from scenario import Scenario, condition


def test_a_name_is_waited_for(scenario: Scenario) -> None:
    scenario.apply_project(groups=[{"name": "late"}])

    waiting = scenario.wait_for("False", "GroupNotFound")
    assert "`spec.groups[0].name`: the organization has no group 'late'" in condition(waiting, "Ready")["message"]
    assert condition(waiting, "Reconciling")["reason"] == "ProgressingWithRetry"
    assert scenario.wait_for_event("GroupNotFound")[0] == "Warning"
    assert scenario.calls() == []

    group = scenario.identity.admin.make_group("late")
    scenario.wait_ready()
    assert scenario.remote().group_ids == (group,)
    assert len(scenario.calls()) == 1


def test_an_id_that_is_none_is_waited_for_too(scenario: Scenario) -> None:
    nobody = "11111111-2222-4333-8444-555555555555"
    scenario.apply_project(groups=[{"id": nobody}])

    waiting = scenario.wait_for("False", "GroupNotFound")

    assert f"the organization has no group '{nobody}'" in condition(waiting, "Ready")["message"]
    assert scenario.calls() == []
