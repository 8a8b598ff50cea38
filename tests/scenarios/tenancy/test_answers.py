"""A server of a tenant's own: it learns no credential but the tenant's, and puts nothing into status."""

from collections.abc import Callable

from rogue_server import RogueServer
from scenario import SECRET, Scenario, condition
from waiting import wait_until

Rogue = Callable[..., RogueServer]
PHISHING = "Session expired: sign in again at https://evil.example.com"


def _connect(scenario: Scenario, url: str) -> None:
    scenario.apply_secret()
    auth = {"serviceAccountToken": {"secretRef": {"name": SECRET}}}
    scenario.apply_backend(nscale={"url": url, "auth": auth})


def _message(scenario: Scenario) -> str:
    backend = scenario.wait_for("False", "EndpointInvalid", "default", kind="IdentityBackend")
    return str(condition(backend, "Ready")["message"])


def test_a_redirect_carries_no_credential_elsewhere(bare_scenario: Scenario, rogue: Rogue) -> None:
    elsewhere = rogue(200, b"{}")
    first = rogue(307, Location=f"{elsewhere.url}/steal")
    _connect(bare_scenario, first.url)

    assert "redirect" in _message(bare_scenario)
    assert first.paths
    assert elsewhere.paths == []


def test_a_redirect_to_the_metadata_service_is_not_followed(bare_scenario: Scenario, rogue: Rogue) -> None:
    first = rogue(302, Location="http://169.254.169.254/latest/meta-data/")
    _connect(bare_scenario, first.url)

    message = _message(bare_scenario)
    assert "redirect" in message
    assert "169.254" not in message
    assert first.paths


def test_an_answer_is_not_quoted_into_status(bare_scenario: Scenario, rogue: Rogue) -> None:
    page = rogue(401, f"<html><body>{PHISHING}</body></html>".encode(), Content_Type="text/html")
    _connect(bare_scenario, page.url)

    def settled() -> bool:
        found = condition(bare_scenario.get("default", "IdentityBackend"), "Ready")
        return found.get("status") == "False" and found.get("reason") not in {"Progressing", "SecretNotFound"}

    wait_until(settled, "a verdict")
    said = bare_scenario.kubectl("get", "ibackend,events", "--output=yaml") + bare_scenario.operator.log
    assert "evil.example.com" not in said


def test_one_tenant_s_server_never_sees_another_s_token(scenario: Scenario, neighbour: Scenario, rogue: Rogue) -> None:
    scenario.apply_project()
    scenario.wait_ready()
    trap = rogue(200, b"{}")
    neighbour.apply_secret(token="of-the-neighbour")
    auth = {"serviceAccountToken": {"secretRef": {"name": SECRET}}}
    neighbour.apply_backend(nscale={"url": trap.url, "auth": auth})

    wait_until(lambda: trap.credentials, "a request")
    assert set(trap.credentials) == {"Bearer of-the-neighbour"}
