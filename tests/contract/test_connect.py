"""``connect`` proves the credential, resolves the organisation (or domain) and writes nothing."""

import socket
from pathlib import Path

import pytest
from contract_harness import HARNESSES, Connecting, Harness
from middlebox import Middlebox
from scripted_server import Script, hang_up, never, say
from troubles import PAGE, each, failing, marked

from project_operator.errors import BackendUnavailable, ConnectionRefused, CredentialsRejected, Throttled
from project_operator.sandbox.identity.tls import TLSFiles


async def test_the_organization_is_found_by_id_by_name_and_as_the_only_one(harness: Harness) -> None:
    for how in (
        Connecting(),
        Connecting(organization_id=harness.organization_id),
        Connecting(organization_name=harness.organization_name),
    ):
        backend = harness.open(how)
        facts = await backend.connect()
        assert (facts.organization_id, facts.organization_name) == (harness.organization_id, harness.organization_name)
        await backend.aclose()


async def test_an_organization_that_the_credential_does_not_see_is_the_field_to_look_at(harness: Harness) -> None:
    for how in (Connecting(organization_id=harness.unused_id()), Connecting(organization_name="nowhere")):
        backend = harness.open(how)
        error = await failing(backend.connect(), ConnectionRefused, harness.credential)
        assert isinstance(error, ConnectionRefused)
        assert error.field == harness.organization_field
        await backend.aclose()


async def test_a_credential_that_is_not_accepted_is_told_apart(harness: Harness) -> None:
    harness.revoke_credential()
    for how in (Connecting(), Connecting(credential="eyJ-of-somebody-else")):
        backend = harness.open(how)
        error = await failing(backend.connect(), CredentialsRejected, harness.credential)
        assert error.status == 401
        await backend.aclose()


async def test_nothing_is_written(harness: Harness, box: Middlebox) -> None:
    backend = harness.open(Connecting(url=box.url))
    await backend.connect()
    await backend.aclose()
    assert {request.method for request in box.requests} == {"GET"}


async def test_a_name_that_does_not_exist_is_the_url(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    backend = harness.open(Connecting(url="http://identity.example.com"))
    error = await failing(backend.connect(), ConnectionRefused, harness.credential)
    assert isinstance(error, ConnectionRefused)
    assert error.field == harness.url_field
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
async def test_what_is_no_such_server_is_the_url(harness: Harness, box: Middlebox, answer: Script) -> None:
    box.spoil(answer)
    backend = harness.open(Connecting(url=box.url))
    error = await failing(backend.connect(), ConnectionRefused, harness.credential)
    assert isinstance(error, ConnectionRefused)
    assert error.field == harness.url_field
    assert len(box.requests) == 1, "a redirect is not followed, and nothing else is tried"
    await backend.aclose()


@each(
    "answer",
    {
        "500": say(500),
        "502": say(502, PAGE, kind="text/html"),
        "503": say(503),
        "hang up": hang_up,
        "never": never,
    },
)
async def test_what_may_pass_is_no_fault_of_the_configuration(harness: Harness, box: Middlebox, answer: Script) -> None:
    box.spoil(answer)
    backend = harness.open(Connecting(url=box.url, timeout=0.5))
    await failing(backend.connect(), BackendUnavailable, harness.credential)
    await backend.aclose()


async def test_a_server_that_is_down_may_pass_too(harness: Harness) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    backend = harness.open(Connecting(url=f"http://127.0.0.1:{port}"))
    await failing(backend.connect(), BackendUnavailable, harness.credential)
    await backend.aclose()


async def test_a_limit_is_told_with_the_time_to_wait(harness: Harness, box: Middlebox) -> None:
    box.spoil(say(429, b"", "Retry-After: 7"))
    backend = harness.open(Connecting(url=box.url))
    error = await failing(backend.connect(), Throttled, harness.credential)
    assert error.retry_after == 7.0
    await backend.aclose()


@each(
    "answer",
    {
        "hang up": hang_up,
        "never": never,
        "500": say(500),
        "403": say(403),
        "a page, 404": say(404, PAGE),
        "a page, 200": say(200, PAGE),
        "other JSON": say(200, b"5"),
    },
)
async def test_what_is_good_to_know_is_not_needed(harness: Harness, box: Middlebox, answer: Script) -> None:
    box.spoil(answer, skip=harness.requests_to_find_the_organization)
    backend = harness.open(Connecting(url=box.url, timeout=0.5))
    facts = await backend.connect()
    assert facts.organization_id == harness.organization_id
    assert (facts.principal, facts.server_version) == ("", "")
    await backend.aclose()


async def test_nothing_works_before(harness: Harness) -> None:
    backend = harness.open()
    await failing(backend.list_projects(), BackendUnavailable, harness.credential)
    await backend.aclose()


def test_a_connection_does_not_show_its_credential(harness: Harness) -> None:
    assert harness.credential not in repr(harness.open())


async def test_https_needs_the_authority_of_the_server(server: Harness, tmp_path: Path) -> None:
    tls = TLSFiles.make(tmp_path)
    with HARNESSES[server.key](tls) as harness:
        harness.reset()
        trusting = harness.open(Connecting(ca_bundle=tls.ca_bundle))
        await trusting.connect()
        created = await trusting.create_project(marked(), before_send=lambda: None)
        assert set(harness.truth()) == {created.id}
        await trusting.aclose()
        for bundle in ("", TLSFiles.make(tmp_path / "other").ca_bundle):
            wary = harness.open(Connecting(ca_bundle=bundle))
            error = await failing(wary.connect(), ConnectionRefused, harness.credential)
            assert isinstance(error, ConnectionRefused)
            assert error.field == harness.ca_field
            await wary.aclose()


def test_a_bundle_that_cannot_be_read_is_the_field_to_look_at(harness: Harness) -> None:
    with pytest.raises(ConnectionRefused) as raised:
        harness.open(Connecting(url="https://identity.example.com", ca_bundle="-----BEGIN CERTIFICATE-----"))
    assert raised.value.field == harness.ca_field
