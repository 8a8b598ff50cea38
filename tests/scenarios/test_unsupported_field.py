"""A field that the backend cannot hold is never ignored: the Project stalls before any call, naming it."""

from scenario import Scenario, condition


def test_a_name_that_nscale_cannot_hold_is_named_before_any_call(scenario: Scenario) -> None:
    scenario.apply_project(name="-no label value-")

    stalled = scenario.wait_for("False", "Unsupported")
    message = condition(stalled, "Ready")["message"]
    assert message.startswith("`spec.name`: must be 1 to 63 letters, digits")
    assert condition(stalled, "Stalled")["reason"] == "Unsupported"
    assert scenario.wait_for_event("Unsupported")[0] == "Warning"
    scenario.assert_quiet()
    assert scenario.calls() == []

    scenario.edit({"name": "label-value"})
    scenario.wait_ready()


def test_a_deletion_policy_that_nscale_cannot_follow_is_named(scenario: Scenario) -> None:
    scenario.apply_project(deletionPolicy="Disable")

    stalled = scenario.wait_for("False", "Unsupported")

    message = condition(stalled, "Ready")["message"]
    assert message == "`spec.deletionPolicy`: must be Delete or Orphan, for nscale cannot disable a project"
    assert scenario.calls() == []


def test_a_settled_project_keeps_what_it_has_when_an_edit_cannot_be_held(scenario: Scenario) -> None:
    scenario.apply_project(description="kept")
    project_id = scenario.wait_ready()["status"]["id"]

    scenario.edit({"name": "no label value", "description": "lost"})

    scenario.wait_for("False", "Unsupported")
    assert (scenario.remote().id, scenario.remote().description) == (project_id, "kept")
    assert scenario.calls("updateProject") == []
