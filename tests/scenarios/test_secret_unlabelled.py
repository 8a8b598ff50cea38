"""A Secret without the label is not used; labelling it is enough."""

from scenario import Scenario, condition

from project_operator.api.names import CREDENTIALS_LABEL


def test_the_label_is_asked_for_and_followed(bare_scenario: Scenario) -> None:
    bare_scenario.apply_secret(labelled=False)
    bare_scenario.apply_backend()
    bare_scenario.apply_project()

    backend = bare_scenario.wait_for("False", "SecretNotLabelled", "default", kind="IdentityBackend")
    assert f'the label {CREDENTIALS_LABEL}: "true"' in condition(backend, "Ready")["message"]
    assert condition(backend, "Stalled")["reason"] == "SecretNotLabelled"
    bare_scenario.wait_for("False", "BackendNotReady")
    assert bare_scenario.identity.admin.requests() == []

    bare_scenario.kubectl("label", "secret", "credentials", f"{CREDENTIALS_LABEL}=true")

    bare_scenario.wait_ready("default", kind="IdentityBackend")
    bare_scenario.wait_ready()
