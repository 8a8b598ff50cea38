"""An existing project is taken over by its id: marked, managed from then on, and never created anew."""

from scenario import Scenario, condition

from project_operator.api.names import MARK_TAG

NOBODY: str = "11111111-2222-4333-8444-555555555555"


def test_a_project_is_taken_over(scenario: Scenario) -> None:
    (project_id,) = scenario.identity.admin.make_projects(
        name_prefix="legacy", description="from before", tags={"owner": "them"}
    )
    scenario.identity.admin.catch_up()

    scenario.apply_project(import_={"id": project_id}, name="legacy")
    imported = scenario.wait_ready()

    remote = scenario.remote()
    assert imported["status"]["id"] == remote.id == project_id
    assert imported["status"]["origin"] == "Imported"
    # What the spec does not name is left as it was found.
    assert (remote.name, remote.description, remote.tag("owner")) == ("legacy", "from before", "them")
    assert str(remote.tag(MARK_TAG)).endswith(f":{imported['metadata']['uid']}")
    assert [call.operation for call in scenario.calls()] == ["updateProject"]


def test_what_the_spec_names_is_applied(scenario: Scenario) -> None:
    (project_id,) = scenario.identity.admin.make_projects(name_prefix="legacy", description="from before")

    scenario.apply_project(import_={"id": project_id}, description="from now on")
    scenario.wait_ready()

    remote = scenario.remote()
    assert (remote.name, remote.description) == ("team", "from now on")


def test_an_id_that_is_not_there_stalls_and_is_found_when_asked_again(scenario: Scenario) -> None:
    scenario.apply_project(import_={"id": NOBODY})

    stalled = scenario.wait_for("False", "ImportNotFound")
    assert condition(stalled, "Stalled")["reason"] == "ImportNotFound"
    assert "`spec.import.id`" in condition(stalled, "Ready")["message"]
    assert NOBODY in condition(stalled, "Ready")["message"]
    assert "id" not in stalled["status"]
    assert "finalizers" not in stalled["metadata"]
    assert scenario.calls() == []

    scenario.kubectl("delete", "iproj", "team", "--timeout=60s")


def test_a_project_of_another_project_is_left_alone(scenario: Scenario) -> None:
    scenario.apply_project("first")
    project_id = scenario.wait_ready("first")["status"]["id"]
    mark = scenario.remote().tag(MARK_TAG)

    scenario.apply_project("second", import_={"id": project_id})

    stalled = scenario.wait_for("False", "Conflict", "second")
    assert "carries the mark of another Project; nothing is written" in condition(stalled, "Ready")["message"]
    assert scenario.remote().tag(MARK_TAG) == mark
    assert len(scenario.calls()) == 1


def test_an_import_cannot_be_asked_for_later(scenario: Scenario) -> None:
    scenario.apply_project()
    scenario.wait_ready()

    patch = f'--patch={{"spec":{{"import":{{"id":"{NOBODY}"}}}}}}'
    said = scenario.refused("patch", "iproj", "team", "--type=merge", patch)

    assert "later it may only be added as {id: <status.id>}" in said
