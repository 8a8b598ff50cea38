"""A credential that lost its role sees an empty list, not a refusal: that is no absence, and nothing is made anew."""

from scenario import Scenario, condition

from project_operator.api.names import GROUP


def test_an_empty_list_is_a_lost_right_and_not_an_absence(scenario: Scenario) -> None:
    names = ["north", "south"]
    for name in names:
        scenario.apply_project(name, missingPolicy="Recreate")
    before = {name: scenario.wait_ready(name) for name in names}

    scenario.identity.admin.revoke(scenario.identity.service_account_id)

    backend = scenario.wait_for("False", "PermissionDenied", "default", kind="IdentityBackend")
    assert condition(backend, "Stalled")["reason"] == "PermissionDenied"
    assert "read" in condition(backend, "Ready")["message"]
    scenario.assert_quiet()
    # What was settled says nothing new, and what is new waits.
    assert {name: scenario.get(name) for name in names} == before
    scenario.apply_project("west")
    waiting = scenario.wait_for("False", "BackendNotReady", "west")
    assert "(PermissionDenied)" in condition(waiting, "Ready")["message"]
    assert GROUP not in condition(waiting, "Ready")["message"]
    assert len(scenario.calls("createProject")) == 2

    scenario.identity.admin.restore(scenario.identity.service_account_id)

    scenario.wait_ready("default", kind="IdentityBackend")
    scenario.wait_ready("west")
    assert {name: scenario.get(name) for name in names} == before
    assert len(scenario.calls("createProject")) == 3


def test_a_deletion_is_not_believed_done_without_the_right_to_see(scenario: Scenario) -> None:
    scenario.apply_project()
    scenario.wait_ready()
    scenario.identity.admin.revoke(scenario.identity.service_account_id)
    scenario.wait_for("False", "PermissionDenied", "default", kind="IdentityBackend")

    scenario.delete()

    held = scenario.wait_for("False", "BackendNotReady")
    assert condition(held, "Ready")["message"].startswith("the deletion waits: ")
    scenario.wait_for_listings()
    assert scenario.find() is not None

    scenario.identity.admin.restore(scenario.identity.service_account_id)
    scenario.wait_gone()
    assert scenario.identity.admin.projects() == []
