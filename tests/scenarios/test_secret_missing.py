"""A backend waits for its Secret, and the Projects say for what."""

from scenario import Scenario, condition


def test_backend_and_project_name_the_secret_and_go_on_when_it_comes(bare_scenario: Scenario) -> None:
    bare_scenario.apply_backend()
    bare_scenario.apply_project()

    backend = bare_scenario.wait_for("False", "SecretNotFound", "default", kind="IdentityBackend")
    assert condition(backend, "Ready")["message"].startswith("Secret 'credentials' is not there")
    assert condition(backend, "Reconciling")["reason"] == "ProgressingWithRetry"
    project = bare_scenario.wait_for("False", "BackendNotReady")
    assert "(SecretNotFound): Secret 'credentials' is not there" in condition(project, "Ready")["message"]
    assert bare_scenario.identity.admin.requests() == []

    bare_scenario.apply_secret()

    bare_scenario.wait_ready()
    bare_scenario.wait_ready("default", kind="IdentityBackend")


def test_a_key_that_is_not_there_is_named(bare_scenario: Scenario) -> None:
    auth = {"serviceAccountToken": {"secretRef": {"name": "credentials", "key": "api-token"}}}
    bare_scenario.apply_secret()
    bare_scenario.apply_backend(nscale={"url": bare_scenario.identity.url, "auth": auth})

    backend = bare_scenario.wait_for("False", "SecretInvalid", "default", kind="IdentityBackend")

    assert "api-token" in condition(backend, "Ready")["message"]
    assert condition(backend, "Stalled")["reason"] == "SecretInvalid"


def test_a_secret_in_use_stays_until_its_backend_is_gone(scenario: Scenario) -> None:
    scenario.apply_project()
    scenario.wait_ready()

    scenario.kubectl("delete", "secret", "credentials", "--wait=false")
    scenario.kubectl("delete", "iproj", "team", "--timeout=60s")
    assert scenario.identity.admin.projects() == []
    assert scenario.kubectl("get", "secrets", "--output=name") == "secret/credentials\n"

    scenario.kubectl("delete", "ibackend", "default", "--timeout=60s")
    scenario.kubectl("wait", "--for=delete", "secret/credentials", "--timeout=60s")
