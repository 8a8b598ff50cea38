"""V3: signing in."""

import logging

import pytest
from candidates import Connecting, Purpose
from candidates.csp import CSPCandidate, CSPConnecting
from middlebox import Middlebox
from scripted_server import say
from troubles import failing, marked, refusing

from project_operator.api.v1alpha1.csp import CSPAuthHeader
from project_operator.backends.base import Backend
from project_operator.backends.csp.credentials import ApiToken
from project_operator.errors import CredentialsRejected


async def test_an_api_token_is_in_the_form_and_never_in_the_query(platform: CSPCandidate, box: Middlebox) -> None:
    backend = platform.open(CSPConnecting(url=box.url, config={"credential": ApiToken(platform.api_token)}))
    facts = await backend.connect()
    assert facts.principal == platform.server.state.user
    (request,) = box.sign_ins
    assert request.target == "/csp/gateway/am/api/auth/api-tokens/authorize"  # V3-1
    assert request.body == f"api_token={platform.api_token}".encode()
    assert "authorization" not in request.headers
    await backend.aclose()


async def test_a_client_shows_its_id_as_the_author(backend: Backend, platform: CSPCandidate) -> None:
    facts = await backend.connect()
    created = await backend.create_project(marked(), before_send=lambda: None)
    assert (await backend.get_project(created.id)).created_by == facts.principal == platform.client_id  # V2-18


async def test_a_bad_api_token_is_400_and_a_credential(platform: CSPCandidate) -> None:
    backend = platform.open(CSPConnecting(config={"credential": ApiToken("eyJ-another")}))
    error = await failing(backend.connect(), CredentialsRejected, {"eyJ-another"})
    assert error.status == 400  # V3-4
    await backend.aclose()


async def test_a_token_that_dies_early_is_replaced_once(
    backend: Backend, box: Middlebox, platform: CSPCandidate
) -> None:
    platform.server.admin.end_sessions()  # V3-7
    created = await backend.create_project(marked(), before_send=lambda: None)
    assert set(platform.truth()) == {created.id}
    assert len(box.sign_ins) == 1
    assert [platform.purpose(request) for request in box.requests] == [Purpose.CREATE, Purpose.CREATE]


async def test_a_server_that_refuses_good_tokens_makes_no_storm(
    backend: Backend, box: Middlebox, platform: CSPCandidate
) -> None:
    box.spoil(say(401))
    for _ in range(5):
        await failing(backend.list_projects(), CredentialsRejected, platform.secrets)
    assert len(box.sign_ins) == 1


async def test_a_token_without_an_end_is_used(platform: CSPCandidate) -> None:
    platform.server.admin.configure(tells_life=False)  # V3-3
    backend = platform.open()
    await backend.connect()
    assert await backend.list_projects() == ()
    await backend.aclose()


async def test_a_token_without_an_organization_is_used_and_told_once(
    platform: CSPCandidate, caplog: pytest.LogCaptureFixture
) -> None:
    platform.server.admin.configure(tells_organization=False)  # V3-8
    backend = platform.open()
    await backend.connect()
    platform.server.admin.end_sessions()
    await backend.list_projects()
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert "does not say which organization" in warnings[0].getMessage()
    await backend.aclose()


async def test_an_organization_that_is_not_known_is_the_field(platform: CSPCandidate) -> None:
    platform.server.admin.configure(tells_organization=False)
    backend = platform.open(Connecting(organization_id=platform.unused_id()))
    await refusing(backend.connect(), "spec.vmwareCSP.organization", platform.secrets)
    await backend.aclose()


async def test_the_older_header_is_sent_where_it_is_asked_for(platform: CSPCandidate, box: Middlebox) -> None:
    backend = platform.open(CSPConnecting(url=box.url, config={"auth_header": CSPAuthHeader.CSP_AUTH_TOKEN}))
    await backend.connect()
    connecting = [request.headers for request in box.requests]
    assert all("csp-auth-token" in headers and "authorization" not in headers for headers in connecting)  # V1-3
    await backend.aclose()
