"""A Project with nothing but a name becomes a project in the backend: one call, three writes, one Event."""

from scenario import Scenario, condition

from project_operator.api.names import FINALIZER, MARK_TAG


def test_a_project_with_nothing_but_a_name_becomes_ready(scenario: Scenario) -> None:
    scenario.apply_project()
    scenario.kubectl("wait", "--for=condition=Ready", "iproj/team", "--timeout=60s")

    project, remote = scenario.get(), scenario.remote()
    status = project["status"]
    assert status["id"] == remote.id
    assert status["name"] == remote.name == "team"
    assert status["organizationID"] == scenario.identity.organization_id
    assert (status["provisioningStatus"], status["healthStatus"]) == ("provisioned", "healthy")
    assert status["deletionPolicy"] == {"policy": "Delete", "source": "default"}
    assert status["observedGeneration"] == project["metadata"]["generation"]
    assert "operation" not in status
    assert project["metadata"]["finalizers"] == [FINALIZER]
    assert condition(project, "Ready")["message"] == f"project {remote.id} is provisioned and healthy"
    assert [one["type"] for one in status["conditions"]] == ["Ready"]

    scenario.wait_for_event("Succeeded")
    assert [(type_, reason) for type_, reason, _ in scenario.events()] == [("Normal", "Succeeded")]


def test_creation_is_one_call_that_carries_the_mark(scenario: Scenario) -> None:
    scenario.apply_project()
    project = scenario.wait_ready()

    (creation,) = scenario.calls()
    assert creation.operation == "createProject"
    mark = creation.tag(MARK_TAG) or ""
    assert mark.startswith("iproj1:")
    assert mark.endswith(f":{project['metadata']['uid']}")
    # The mark is the operator's own and is not shown as if it were the user's.
    assert "tags" not in project["status"]["observed"]


def test_creation_is_three_writes_and_an_event(scenario: Scenario) -> None:
    scenario.apply_project()
    scenario.wait_ready()
    scenario.wait_for_event("Succeeded")

    written = [(write.verb, write.subresource, write.code) for write in scenario.writes()]
    assert written == [("patch", "", 200), ("patch", "status", 200), ("patch", "status", 200)]
    assert len(scenario.writes("events")) == 1


def test_printer_columns_tell_how_it_stands(scenario: Scenario) -> None:
    scenario.apply_project()
    scenario.wait_ready()

    header, row = scenario.kubectl("get", "iproj", "team", "--output=wide").splitlines()
    shown = dict(zip(header.split(), row.split(), strict=False))
    assert {key: shown[key] for key in ("NAME", "READY", "PROVISIONING", "HEALTH", "BACKEND", "ID")} == {
        "NAME": "team",
        "READY": "True",
        "PROVISIONING": "provisioned",
        "HEALTH": "healthy",
        "BACKEND": "default",
        "ID": scenario.remote().id,
    }
