"""Of several projects with the name to import none is taken; the message lists them."""

from scenario import Scenario, condition


def test_none_is_taken_until_one_is_left(scenario: Scenario) -> None:
    admin = scenario.identity.admin
    ids = [admin.make_projects(name_prefix="legacy")[0] for _ in range(2)]
    admin.catch_up()

    scenario.apply_project(import_={"byName": "Required"}, name="legacy")

    stalled = scenario.wait_for("False", "ImportAmbiguous")
    message = condition(stalled, "Ready")["message"]
    assert "`spec.import.byName`: 2 projects are called 'legacy'" in message
    assert all(project_id in message for project_id in ids)
    assert "import one by `id`" in message
    assert condition(stalled, "Stalled")["reason"] == "ImportAmbiguous"
    assert scenario.calls() == []

    admin.edit_project(ids[0], name="another")
    assert scenario.wait_ready()["status"]["id"] == ids[1]
