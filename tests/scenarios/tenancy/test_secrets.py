"""Whose credential is used: that of the backend's own namespace alone, with the label, and only while it is there."""

import yaml
from scenario import Scenario, condition

from project_operator.api.names import CREDENTIALS_LABEL, FINALIZER
from project_operator.kube.resources import SECRETS


def _says(scenario: Scenario, reason: str) -> str:
    backend = scenario.wait_for("False", reason, "default", kind="IdentityBackend")
    return str(condition(backend, "Ready")["message"])


def test_a_secret_of_another_namespace_is_out_of_reach(scenario: Scenario, neighbour: Scenario) -> None:
    neighbour.apply_backend()
    neighbour.apply_project()

    assert _says(neighbour, "SecretNotFound").startswith("Secret 'credentials' is not there")
    neighbour.wait_for("False", "BackendNotReady")
    assert scenario.calls() == []

    backend = neighbour.backend("other")
    backend["spec"]["nscale"]["auth"]["serviceAccountToken"]["secretRef"]["namespace"] = scenario.namespace
    assert "unknown field" in neighbour.refused("apply", "-f", "-", stdin=yaml.safe_dump(backend))


def test_a_connection_is_never_another_tenant_s(scenario: Scenario, neighbour: Scenario) -> None:
    """The same server, the same organization, the same names, another Secret: another connection."""
    scenario.apply_project()
    scenario.wait_ready()
    neighbour.apply_secret(token="not-the-neighbour-s")
    neighbour.apply_backend()
    neighbour.apply_project()

    _says(neighbour, "CredentialsRejected")
    neighbour.wait_for("False", "BackendNotReady")
    assert len(scenario.calls()) == 1
    assert scenario.wait_ready("default", kind="IdentityBackend")


def test_a_secret_that_is_emptied_ends_the_connection(scenario: Scenario) -> None:
    scenario.apply_project()
    scenario.wait_ready()
    scenario.objects.patch(SECRETS, "credentials", {"data": {"token": None}})

    assert "has no key 'token'" in _says(scenario, "SecretInvalid")
    scenario.edit({"description": "not with that credential"})
    scenario.wait_for("False", "BackendNotReady")
    assert len(scenario.calls()) == 1

    scenario.apply_secret()
    scenario.wait_ready()


def test_a_secret_that_loses_its_label_ends_the_connection_and_is_let_go(scenario: Scenario) -> None:
    scenario.apply_project()
    scenario.wait_ready()
    scenario.kubectl("label", "secret", "credentials", f"{CREDENTIALS_LABEL}-")

    assert f'the label {CREDENTIALS_LABEL}: "true"' in _says(scenario, "SecretNotLabelled")
    scenario.edit({"description": "not with that credential"})
    scenario.wait_for("False", "BackendNotReady")
    assert len(scenario.calls()) == 1

    scenario.kubectl("label", "secret", "credentials", f"{CREDENTIALS_LABEL}=true")
    scenario.wait_ready()
    scenario.delete()
    scenario.wait_gone()
    scenario.kubectl("label", "secret", "credentials", f"{CREDENTIALS_LABEL}-")
    _says(scenario, "SecretNotLabelled")
    scenario.delete("default", "IdentityBackend")
    scenario.wait_gone("default", "IdentityBackend")
    held = scenario.kubectl("get", "secret", "credentials", "--output=jsonpath={.metadata.finalizers}")
    assert FINALIZER not in held


def test_a_secret_that_is_swapped_moves_nobody_to_another_organization(scenario: Scenario) -> None:
    scenario.apply_project()
    project_id = scenario.wait_ready()["status"]["id"]
    organization_id = scenario.identity.admin.make_organization("elsewhere")
    elsewhere = scenario.identity.admin.make_service_account("thief", organization_id=organization_id)

    scenario.apply_secret(token=elsewhere.token)

    said = _says(scenario, "OrganizationNotFound")
    assert f"leads to organization {organization_id} now" in said
    scenario.apply_project("second")
    scenario.wait_for("False", "BackendNotReady", "second")
    assert [one.id for one in scenario.identity.admin.projects()] == [project_id]

    scenario.apply_secret()
    scenario.wait_ready("second")
