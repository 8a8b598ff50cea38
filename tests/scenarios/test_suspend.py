"""`suspend` leaves object and project alone, whatever happens to either; without it the work goes on."""

from scenario import Scenario, condition


def test_nothing_is_done_while_suspended(scenario: Scenario) -> None:
    scenario.apply_project(description="ours")
    ready = scenario.wait_ready()

    scenario.edit({"suspend": True, "description": "later"})
    scenario.identity.admin.edit_project(ready["status"]["id"], description="theirs")
    scenario.assert_quiet()

    suspended = scenario.get()
    assert scenario.remote().description == "theirs"
    # Ready keeps its last value, for the generation that it was said of.
    assert condition(suspended, "Ready") == condition(ready, "Ready")

    scenario.edit({"suspend": False})
    scenario.wait_ready()
    assert scenario.remote().description == "later"


def test_ready_stays_ready_where_nothing_else_was_edited(scenario: Scenario) -> None:
    scenario.apply_project(description="ours")
    ready = scenario.wait_ready()

    scenario.edit({"suspend": True})
    suspended = scenario.wait_ready()
    assert scenario.wait_for_event("Suspended")[0] == "Normal"
    scenario.assert_quiet()

    generation = {"observedGeneration": suspended["metadata"]["generation"]}
    assert condition(suspended, "Ready") == condition(ready, "Ready") | generation


def test_nothing_is_created_while_suspended(scenario: Scenario) -> None:
    scenario.apply_project(suspend=True)
    scenario.wait_for("Unknown", "Suspended")
    scenario.assert_quiet()
    assert scenario.identity.admin.projects() == []
    assert "finalizers" not in scenario.get()["metadata"]

    scenario.edit({"suspend": False})
    scenario.wait_ready()


def test_a_deletion_waits_and_says_so(scenario: Scenario) -> None:
    scenario.apply_project()
    scenario.wait_ready()
    scenario.edit({"suspend": True})

    scenario.delete()

    held = scenario.wait_for("False", "Suspended")
    assert condition(held, "Ready")["message"] == "the deletion waits, because `spec.suspend` is true"
    scenario.assert_quiet()
    assert scenario.remote().deletion_time is None

    scenario.edit({"suspend": False})
    scenario.wait_gone()
