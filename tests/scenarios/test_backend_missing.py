"""A Project waits for its backend object by name, and a backend object waits for its Projects before it goes."""

from scenario import Scenario, condition


def test_a_backend_that_comes_later_is_enough(bare_scenario: Scenario) -> None:
    bare_scenario.apply_project()
    waiting = bare_scenario.wait_for("False", "BackendNotFound")
    message = condition(waiting, "Ready")["message"]
    assert "the operator's default backend is IdentityBackend 'default'" in message
    assert f"not in namespace '{bare_scenario.namespace}'" in message
    assert condition(waiting, "Reconciling")["reason"] == "ProgressingWithRetry"
    assert "finalizers" not in waiting["metadata"]

    bare_scenario.apply(bare_scenario.secret(), bare_scenario.backend())

    bare_scenario.wait_ready()
    assert len(bare_scenario.calls()) == 1


def test_a_reference_is_named_in_the_message(scenario: Scenario) -> None:
    scenario.apply_project(backendRef={"name": "elsewhere"})

    waiting = scenario.wait_for("False", "BackendNotFound")

    assert "`spec.backendRef` names IdentityBackend 'elsewhere'" in condition(waiting, "Ready")["message"]
    assert scenario.calls() == []


def test_a_backend_in_use_stays_until_its_projects_are_gone(scenario: Scenario) -> None:
    scenario.apply_project()
    scenario.wait_ready()

    scenario.delete("default", "IdentityBackend")
    scenario.kubectl("delete", "secret", "credentials", "--wait=false")

    held = scenario.wait_for("False", "InUse", "default", kind="IdentityBackend")
    assert "1 Project" in condition(held, "Ready")["message"]
    # What is there can still be changed, and deleted.
    scenario.edit({"description": "still served"})
    scenario.wait_ready()
    scenario.delete()
    scenario.wait_gone()
    scenario.wait_gone("default", "IdentityBackend")
    assert scenario.identity.admin.projects() == []
    assert scenario.kubectl("get", "secrets", "--output=name") == ""
