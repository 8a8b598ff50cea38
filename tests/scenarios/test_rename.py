"""`spec.name` renames the project in the backend; it stays the same project."""

from scenario import Scenario


def test_the_project_is_renamed_in_place(scenario: Scenario) -> None:
    scenario.apply_project()
    before = scenario.wait_ready()["status"]
    assert before["name"] == "team"

    scenario.edit({"name": "Team.North"})
    after = scenario.wait_ready()["status"]

    assert after["name"] == after["observed"]["name"] == scenario.remote().name == "Team.North"
    assert after["id"] == before["id"] == scenario.remote().id
    assert [call.operation for call in scenario.calls()] == ["createProject", "updateProject"]


def test_without_a_name_the_object_s_own_is_in_force_again(scenario: Scenario) -> None:
    scenario.apply_project(name="Other")
    scenario.wait_ready()

    scenario.edit({"name": None})
    after = scenario.wait_ready()["status"]

    assert after["name"] == scenario.remote().name == "team"
