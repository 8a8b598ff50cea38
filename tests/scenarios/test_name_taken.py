"""A name that the backend refuses as taken is told once, and not tried again until the Project is renamed."""

from scenario import Scenario, condition


def test_a_taken_name_stalls_until_another_is_set(scenario: Scenario) -> None:
    scenario.identity.admin.make_projects(name_prefix="team")
    scenario.identity.admin.configure(unique_names=True)
    scenario.identity.admin.catch_up()

    scenario.apply_project()

    stalled = scenario.wait_for("False", "NameTaken")
    assert condition(stalled, "Stalled")["reason"] == "NameTaken"
    assert "id" not in stalled["status"]
    assert "spec.name" in condition(stalled, "Ready")["message"]
    assert scenario.wait_for_event("NameTaken")[0] == "Warning"
    scenario.assert_quiet(listings=3)
    assert [call.status for call in scenario.calls()] == [409]

    scenario.edit({"name": "team-2"})
    assert scenario.wait_ready()["status"]["name"] == "team-2"
    assert [call.status for call in scenario.calls()] == [409, 202]


def test_two_projects_may_have_one_name_where_the_backend_allows_it(scenario: Scenario) -> None:
    scenario.identity.admin.make_projects(name_prefix="team")
    scenario.identity.admin.catch_up()

    scenario.apply_project()

    ours = scenario.wait_ready()["status"]["id"]
    assert {one.id for one in scenario.identity.admin.projects("team")} > {ours}
