"""A new token in the Secret is followed without a restart; a dead one is named, and harms no Project."""

from scenario import Scenario, condition

from project_operator.api.names import FINALIZER


def test_a_new_token_is_followed(scenario: Scenario) -> None:
    scenario.apply_project()
    before = scenario.wait_ready()

    rotated = scenario.identity.admin.rotate(scenario.identity.service_account_id)
    backend = scenario.wait_for("False", "CredentialsRejected", "default", kind="IdentityBackend")
    assert condition(backend, "Stalled")["reason"] == "CredentialsRejected"
    # What was settled stays as it is: the outage says nothing about it.
    assert scenario.get() == before

    scenario.apply_secret(token=rotated.token)
    scenario.wait_ready("default", kind="IdentityBackend")
    scenario.edit({"description": "with the new token"})
    scenario.wait_ready()
    assert scenario.remote().description == "with the new token"
    assert len(scenario.calls("createProject")) == 1


def test_no_token_is_ever_said(scenario: Scenario) -> None:
    scenario.apply_project()
    scenario.wait_ready()
    rotated = scenario.identity.admin.rotate(scenario.identity.service_account_id)
    scenario.wait_for("False", "CredentialsRejected", "default", kind="IdentityBackend")
    scenario.apply_secret(token=rotated.token)
    scenario.wait_ready("default", kind="IdentityBackend")

    said = scenario.operator.log + scenario.kubectl("get", "iproj,ibackend,events", "--output=yaml")
    for token in (scenario.identity.token, rotated.token):
        assert token not in said


def test_another_secret_is_followed_and_the_former_let_go(scenario: Scenario) -> None:
    scenario.apply_project()
    scenario.wait_ready()
    account = scenario.identity.admin.make_service_account("second")
    scenario.apply_secret("second", token=account.token)

    auth = {"serviceAccountToken": {"secretRef": {"name": "second"}}}
    scenario.edit({"nscale": {"auth": auth}}, "default", "IdentityBackend")
    scenario.wait_ready("default", kind="IdentityBackend")

    scenario.edit({"description": "by the second"})
    scenario.wait_ready()
    assert {one.caller for one in scenario.calls("updateProject")} == {account.service_account_id}
    held = scenario.kubectl("get", "secret", "second", "--output=jsonpath={.metadata.finalizers[*]}")
    former = scenario.kubectl("get", "secret", "credentials", "--output=jsonpath={.metadata.finalizers[*]}")
    assert (held, former) == (FINALIZER, "")
