"""A person's session: each refresh token is spent once, and the next one is kept before the access token is used."""

import base64

import pytest
from objects import Object
from scenario import SECRET, Scenario
from waiting import wait_until

from project_operator.api.names import CREDENTIALS_LABEL
from project_operator.kube.resources import IDENTITY_BACKENDS, SECRETS
from project_operator.sandbox.identity.faults import Fault, FaultAction, FaultPhase

EMAIL = "person@example.com"
TOKEN = "createToken"


def sign_in(scenario: Scenario) -> Object:
    """The Secret of a person who has just signed in."""
    session = scenario.identity.admin.make_session(EMAIL)
    data = {
        "refresh-token": session.refresh_token,
        "client-id": session.client_id,
        "client-secret": session.client_secret,
    }
    metadata = {"name": SECRET, "labels": {CREDENTIALS_LABEL: "true"}}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data}


def kept(scenario: Scenario) -> str:
    """The refresh token that is kept."""
    found = scenario.objects.find(SECRETS, "default-rotated")
    return base64.b64decode((found or {}).get("data", {}).get("refresh-token", "")).decode()


def backend(scenario: Scenario) -> Object:
    auth = {"refreshToken": {"secretRef": {"name": SECRET}}}
    return scenario.backend("default", nscale={"url": scenario.identity.url, "auth": auth})


def restart(scenario: Scenario) -> None:
    """Kill the operator, and start the next."""
    scenario.operator.kill()
    scenario.operator.start()
    scenario.operator.wait_ready()


@pytest.fixture
def signed_in(bare_scenario: Scenario) -> Scenario:
    """A backend object that is Ready by a person's session."""
    bare_scenario.objects.create(SECRETS, sign_in(bare_scenario))
    bare_scenario.objects.create(IDENTITY_BACKENDS, backend(bare_scenario))
    bare_scenario.wait_ready("default", kind="IdentityBackend")
    return bare_scenario


def test_projects_are_made_by_the_person(signed_in: Scenario) -> None:
    signed_in.apply_project()
    signed_in.wait_ready()
    assert signed_in.remote().created_by == EMAIL
    assert signed_in.get("default", "IdentityBackend")["status"]["principal"] == EMAIL
    assert len(signed_in.calls(TOKEN)) == 1
    said = signed_in.operator.log + signed_in.kubectl("get", "iproj,ibackend,events", "--output=yaml")
    assert kept(signed_in) not in said


@pytest.mark.whole
def test_after_a_restart_the_kept_refresh_token_is_spent_and_no_other(signed_in: Scenario) -> None:
    first = kept(signed_in)
    restart(signed_in)
    wait_until(lambda: kept(signed_in) != first, "the next refresh token")
    signed_in.apply_project()
    signed_in.wait_ready()
    assert {one.status for one in signed_in.calls(TOKEN)} == {200}, "none was used twice"


@pytest.mark.whole
def test_access_tokens_are_renewed_before_they_expire(bare_scenario: Scenario) -> None:
    bare_scenario.identity.admin.configure(access_token_lifetime=3.0)
    bare_scenario.objects.create(SECRETS, sign_in(bare_scenario))
    bare_scenario.objects.create(IDENTITY_BACKENDS, backend(bare_scenario))
    bare_scenario.wait_ready("default", kind="IdentityBackend")
    bare_scenario.apply_project()
    wait_until(lambda: len(bare_scenario.calls(TOKEN)) >= 3, "the third access token")
    bare_scenario.wait_ready()
    assert {one.status for one in bare_scenario.calls(TOKEN)} == {200}
    assert not [one for one in bare_scenario.events("default") if one[0] == "Warning"]


def test_an_answer_that_is_lost_ends_the_session_which_is_said_and_mended_by_signing_in(
    bare_scenario: Scenario,
) -> None:
    fault = Fault(action=FaultAction.DROP, operation=TOKEN, phase=FaultPhase.AFTER_COMMIT)
    bare_scenario.identity.admin.add_fault(fault)
    bare_scenario.objects.create(SECRETS, sign_in(bare_scenario))
    bare_scenario.objects.create(IDENTITY_BACKENDS, backend(bare_scenario))
    ended = bare_scenario.wait_for("False", "CredentialsRejected", "default", kind="IdentityBackend")
    assert "its successor may be lost" in str(ended["status"]["conditions"])
    bare_scenario.apply(sign_in(bare_scenario))
    bare_scenario.wait_ready("default", kind="IdentityBackend")
