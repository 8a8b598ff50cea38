"""``connect`` proves URL, CA, credential and organisation (or domain), says which is wrong, and writes nothing."""

import socket

import pytest
import trustme
from calling import pem, server_tls, unused_port
from candidates import Candidate, Connecting, Purpose
from middlebox import Middlebox, middlebox
from scripted_server import Script, hang_up, say
from troubles import PAGE, TOO_LATE, each, failing, marked, refusing

from project_operator.backends.calls import TransportSettings
from project_operator.errors import BackendUnavailable, ConnectionRefused, CredentialsRejected, Throttled

EVERYTHING = frozenset(Purpose)


async def test_the_organization_is_found_in_every_way_to_name_it(candidate: Candidate) -> None:
    for how in candidate.ways():
        backend = candidate.open(how)
        facts = await backend.connect()
        assert facts.organization_id == candidate.organization_id
        assert facts.organization_name == candidate.organization_name
        await backend.aclose()


async def test_an_organization_that_the_credential_does_not_see_is_the_field_to_look_at(candidate: Candidate) -> None:
    for how in candidate.strangers():
        backend = candidate.open(how)
        await refusing(backend.connect(), candidate.organization_field, candidate.secrets)
        await backend.aclose()


async def test_a_credential_that_is_not_accepted_is_told_apart(candidate: Candidate) -> None:
    candidate.revoke_credential()
    for how in (Connecting(), Connecting(credential="eyJ-of-somebody-else")):
        backend = candidate.open(how)
        error = await failing(backend.connect(), CredentialsRejected, candidate.secrets)
        assert error.status == 401
        await backend.aclose()


async def test_nothing_is_written(candidate: Candidate, box: Middlebox) -> None:
    backend = candidate.open(Connecting(url=box.url))
    await backend.connect()
    await backend.aclose()
    assert {candidate.purpose(request) for request in box.server.requests} <= {Purpose.READ, Purpose.SIGN_IN}


async def test_a_name_that_does_not_exist_is_the_url(candidate: Candidate, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    backend = candidate.open(Connecting(url="http://identity.example.com"))
    with monkeypatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", fail)
        await refusing(backend.connect(), candidate.url_field, candidate.secrets)
    await backend.aclose()


@each(
    "answer",
    {
        "a page": say(200, PAGE, kind="text/html"),
        "a page, 404": say(404, PAGE, kind="text/html"),
        "other JSON": say(200, b"{}"),
        "redirect": say(301, b"", "Location: https://elsewhere"),
        "method": say(405),
    },
)
async def test_what_is_no_such_server_is_the_url(candidate: Candidate, box: Middlebox, answer: Script) -> None:
    box.spoil(answer, EVERYTHING)
    backend = candidate.open(Connecting(url=box.url))
    await refusing(backend.connect(), candidate.url_field, candidate.secrets)
    assert len(box.server.requests) == 1, "a redirect is not followed, and nothing else is tried"
    await backend.aclose()


@each(
    "answer",
    {
        "500": say(500),
        "502": say(502, PAGE, kind="text/html"),
        "503": say(503),
        "hang up": hang_up,
        **TOO_LATE,
    },
)
async def test_what_may_pass_is_no_fault_of_the_configuration(
    candidate: Candidate, box: Middlebox, answer: Script
) -> None:
    box.spoil(answer, EVERYTHING)
    backend = candidate.open(Connecting(url=box.url))
    await failing(backend.connect(), BackendUnavailable, candidate.secrets)
    await backend.aclose()


async def test_a_server_that_is_down_may_pass_too(candidate: Candidate) -> None:
    backend = candidate.open(Connecting(url=f"http://127.0.0.1:{unused_port()}"))
    await failing(backend.connect(), BackendUnavailable, candidate.secrets)
    await backend.aclose()


async def test_a_limit_is_told_with_the_time_to_wait(candidate: Candidate, box: Middlebox) -> None:
    box.spoil(say(429, b"", "Retry-After: 7"), EVERYTHING)
    backend = candidate.open(Connecting(url=box.url))
    error = await failing(backend.connect(), Throttled, candidate.secrets)
    assert error.retry_after == 7.0
    await backend.aclose()


@each(
    "answer",
    {
        "hang up": hang_up,
        **TOO_LATE,
        "500": say(500),
        "403": say(403),
        "a page, 404": say(404, PAGE),
        "a page, 200": say(200, PAGE),
        "other JSON": say(200, b"5"),
    },
)
async def test_what_is_good_to_know_is_not_needed(candidate: Candidate, box: Middlebox, answer: Script) -> None:
    box.spoil(answer, skip=candidate.required_requests)
    backend = candidate.open(Connecting(url=box.url))
    facts = await backend.connect()
    assert facts.organization_id == candidate.organization_id
    await backend.aclose()


async def test_nothing_works_before(candidate: Candidate, box: Middlebox) -> None:
    backend = candidate.open(Connecting(url=box.url))
    await failing(backend.list_projects(), BackendUnavailable, candidate.secrets)
    assert not box.requests
    await backend.aclose()


async def test_https_needs_the_authority_of_the_server(candidate: Candidate) -> None:
    authority = trustme.CA()
    tls = server_tls(authority)
    async with middlebox(candidate.url, candidate.purpose, candidate.look_at, tls=tls) as box:
        trusting = candidate.open(Connecting(url=box.url, ca_bundle=pem(authority)))
        await trusting.connect()
        created = await trusting.create_project(marked(), before_send=lambda: None)
        assert set(candidate.truth()) == {created.id}
        await trusting.aclose()
        for bundle in ("", pem(trustme.CA())):
            wary = candidate.open(Connecting(url=box.url, ca_bundle=bundle))
            await refusing(wary.connect(), candidate.ca_field, candidate.secrets)
            await wary.aclose()


def test_a_bundle_that_cannot_be_read_is_the_field_to_look_at(candidate: Candidate) -> None:
    with pytest.raises(ConnectionRefused) as raised:
        candidate.open(Connecting(url="https://identity.example.com", ca_bundle="-----BEGIN CERTIFICATE-----"))
    assert raised.value.field == candidate.ca_field


def test_plain_http_is_the_url_where_it_is_not_allowed(candidate: Candidate) -> None:
    assert candidate.url.startswith("http://")
    with pytest.raises(ConnectionRefused) as raised:
        candidate.open(Connecting(), transport=TransportSettings())
    assert raised.value.field == candidate.url_field
