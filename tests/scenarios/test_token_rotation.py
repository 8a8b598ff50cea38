"""A service account's token replaces itself before it expires, and the Secret of the user stays as it is."""

import base64
from typing import Any

import pytest
from objects import Object
from scenario import SECRET, Scenario
from waiting import wait_until

from project_operator.api.names import FINALIZER
from project_operator.kube.resources import IDENTITY_BACKENDS, SECRETS
from project_operator.sandbox.identity.faults import Fault, FaultAction, FaultPhase

DAYS = 86400.0
ROTATED = "default-rotated"


def rotating(scenario: Scenario, before: str = "8760h", **spec: Any) -> Object:
    """A backend object whose token is always due, until it has replaced itself once: it lives for 90 days."""
    auth = {"serviceAccountToken": {"secretRef": {"name": SECRET}, "rotation": {"before": before}}}
    return scenario.backend("default", nscale={"url": scenario.identity.url, "auth": auth}, **spec)


def token_in(scenario: Scenario, name: str = ROTATED) -> str:
    """The token in a Secret; "" where there is none."""
    found = scenario.objects.find(SECRETS, name)
    return base64.b64decode((found or {}).get("data", {}).get("token", "")).decode()


def restart(scenario: Scenario) -> None:
    """Kill the operator, and start the next."""
    scenario.operator.kill()
    scenario.operator.start()
    scenario.operator.wait_ready()


@pytest.fixture
def rotated(bare_scenario: Scenario) -> Scenario:
    """A Project whose backend object has replaced its token once."""
    bare_scenario.objects.create(SECRETS, bare_scenario.secret())
    bare_scenario.objects.create(IDENTITY_BACKENDS, rotating(bare_scenario))
    bare_scenario.wait_ready("default", kind="IdentityBackend")
    wait_until(lambda: token_in(bare_scenario), "the rotated token")
    return bare_scenario


def test_the_new_token_is_kept_and_works(rotated: Scenario) -> None:
    rotated.apply_project()
    rotated.wait_ready()
    assert token_in(rotated, SECRET) == rotated.identity.token, "the Secret of the user is not written"
    new = token_in(rotated)
    assert new != rotated.identity.token
    assert len(rotated.calls("rotateServiceAccount")) == 1
    backend = rotated.get("default", "IdentityBackend")
    ours = rotated.objects.find(SECRETS, ROTATED)
    assert ours is not None
    assert ours["metadata"]["ownerReferences"][0]["uid"] == backend["metadata"]["uid"]
    assert ours["metadata"]["finalizers"] == [FINALIZER]
    rotated.wait_for_event("CredentialReplaced", "default")
    expires = wait_until(
        lambda: rotated.get("default", "IdentityBackend")["status"].get("credentialExpiresAt"), "the expiry in status"
    )
    annotations = ours["metadata"]["annotations"]
    assert expires == annotations["identity.project-operator.dev/expires-at"]
    said = rotated.operator.log + rotated.kubectl("get", "iproj,ibackend,events", "--output=yaml")
    assert new not in said
    assert rotated.identity.token not in said


@pytest.mark.whole
def test_after_a_restart_the_rotated_token_counts(rotated: Scenario) -> None:
    restart(rotated)
    rotated.apply_project()
    rotated.wait_ready()
    rotated.wait_ready("default", kind="IdentityBackend")


@pytest.mark.whole
def test_a_new_token_of_the_users_counts_again(rotated: Scenario) -> None:
    account = rotated.identity.admin.make_service_account("by-hand")
    rotated.apply_secret(token=account.token)
    wait_until(
        lambda: account.service_account_id in [one.caller for one in rotated.calls("listProjects")],
        "the operator to use the new token",
    )
    rotated.apply_project()
    rotated.wait_ready()
    # One that came before the token was known everywhere was refused, and nobody made it.
    made = [one.caller for one in rotated.calls("createProject") if one.committed]
    assert made == [account.service_account_id]


@pytest.mark.whole
def test_a_token_that_spreads_slowly_disturbs_nobody(bare_scenario: Scenario) -> None:
    bare_scenario.identity.admin.configure(token_lag=0.6, old_token_grace=0.3)
    bare_scenario.objects.create(SECRETS, bare_scenario.secret())
    bare_scenario.objects.create(IDENTITY_BACKENDS, rotating(bare_scenario))
    bare_scenario.wait_ready("default", kind="IdentityBackend")
    wait_until(lambda: token_in(bare_scenario), "the rotated token")
    bare_scenario.apply_project()
    bare_scenario.wait_ready()
    assert not [one for one in bare_scenario.events("default") if one[1] == "CredentialsRejected"]


def test_after_a_lost_answer_the_next_attempt_takes_what_a_cache_still_accepts(bare_scenario: Scenario) -> None:
    bare_scenario.identity.admin.configure(old_token_grace=DAYS)
    fault = Fault(action=FaultAction.DROP, operation="rotateServiceAccount", phase=FaultPhase.AFTER_COMMIT)
    bare_scenario.identity.admin.add_fault(fault)
    bare_scenario.objects.create(SECRETS, bare_scenario.secret())
    bare_scenario.objects.create(IDENTITY_BACKENDS, rotating(bare_scenario))
    bare_scenario.wait_for_event("CredentialNotReplaced", "default")
    assert token_in(bare_scenario) == "", "what was not shown cannot be kept"
    # By itself the next attempt comes in a minute. A new process waits until the lost one can take effect no more.
    restart(bare_scenario)
    wait_until(lambda: token_in(bare_scenario), "the rotated token")
    assert len(bare_scenario.calls("rotateServiceAccount")) == 2


def test_the_end_of_the_backend_object_is_the_end_of_the_secret(rotated: Scenario) -> None:
    rotated.delete("default", "IdentityBackend")
    rotated.wait_gone("default", "IdentityBackend")
    # The garbage collector takes it, where one runs; nothing of ours holds it.
    wait_until(
        lambda: (
            FINALIZER
            not in ((rotated.objects.find(SECRETS, ROTATED) or {"metadata": {}})["metadata"].get("finalizers") or [])
        ),
        "the finalizer to be gone",
    )


def test_a_token_that_nothing_replaces_is_warned_of(bare_scenario: Scenario) -> None:
    bare_scenario.identity.admin.configure(token_lifetime=2 * DAYS)
    account = bare_scenario.identity.admin.make_service_account("short-lived")
    bare_scenario.objects.create(SECRETS, bare_scenario.secret(token=account.token))
    bare_scenario.objects.create(IDENTITY_BACKENDS, bare_scenario.backend())
    bare_scenario.wait_ready("default", kind="IdentityBackend")
    kind, _, note = bare_scenario.wait_for_event("CredentialExpires", "default")
    assert kind == "Warning"
    assert "nothing replaces it" in note
