"""An existing project is taken over by its name, if exactly one has it."""

from scenario import Scenario, condition


def test_the_one_of_that_name_is_taken_over(scenario: Scenario) -> None:
    (project_id,) = scenario.identity.admin.make_projects(name_prefix="legacy")
    scenario.identity.admin.make_projects(name_prefix="bystander")
    scenario.identity.admin.catch_up()

    scenario.apply_project(import_={"byName": "Required"}, name="legacy")

    imported = scenario.wait_ready()["status"]
    assert (imported["id"], imported["origin"]) == (project_id, "Imported")
    assert [(call.operation, call.project_id) for call in scenario.calls()] == [("updateProject", project_id)]


def test_a_name_that_must_be_there_is_waited_for(scenario: Scenario) -> None:
    scenario.apply_project(import_={"byName": "Required"}, name="legacy")
    stalled = scenario.wait_for("False", "ImportNotFound")
    assert condition(stalled, "Stalled")["reason"] == "ImportNotFound"
    assert "no project that the credential may see is called 'legacy'" in condition(stalled, "Ready")["message"]
    assert scenario.calls() == []

    (project_id,) = scenario.identity.admin.make_projects(name_prefix="legacy")

    assert scenario.wait_ready()["status"]["id"] == project_id


def test_a_name_that_may_be_there_is_created_where_it_is_not(scenario: Scenario) -> None:
    scenario.apply_project(import_={"byName": "IfPresent"}, name="fresh")

    created = scenario.wait_ready()["status"]

    assert (created["id"], created["origin"]) == (scenario.remote().id, "Created")
    assert [call.operation for call in scenario.calls()] == ["createProject"]


def test_a_name_that_may_be_there_is_taken_over_where_it_is(scenario: Scenario) -> None:
    (project_id,) = scenario.identity.admin.make_projects(name_prefix="legacy")
    scenario.identity.admin.catch_up()

    scenario.apply_project(import_={"byName": "IfPresent"}, name="legacy")

    imported = scenario.wait_ready()["status"]
    assert (imported["id"], imported["origin"]) == (project_id, "Imported")
    assert scenario.calls("createProject") == []
