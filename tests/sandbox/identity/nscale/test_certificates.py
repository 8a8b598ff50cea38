"""Client certificates: asked for by what is in front of the server, and who calls, without a token (N5-2, N6-16)."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import trustme

from project_operator.sandbox.identity.nscale.embedded import EmbeddedIdentityServer
from project_operator.sandbox.identity.nscale.settings import NscaleSettings
from project_operator.sandbox.identity.tls import TLSFiles

NAME = "project-operator"
AUTHORITY = trustme.CA()


def server(folder: Path, **settings: object) -> EmbeddedIdentityServer:
    authorities = folder / "clients.pem"
    AUTHORITY.cert_pem.write_to_path(str(authorities))
    made = TLSFiles.make(folder)
    tls = TLSFiles(made.certificate, made.key, made.ca_bundle, client_authority=authorities)
    return EmbeddedIdentityServer(NscaleSettings.model_validate({"dialect": "1.14", **settings}), tls=tls)


@pytest.fixture
def required(tmp_path: Path) -> Iterator[EmbeddedIdentityServer]:
    with server(tmp_path, certificate_required=True) as running:
        yield running


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[EmbeddedIdentityServer]:
    with server(tmp_path, system_accounts=(NAME,)) as running:
        yield running


def ask(server: EmbeddedIdentityServer, issued: trustme.LeafCert | None = None, *, token: str = "") -> httpx.Response:
    context = ssl.create_default_context(cadata=server.ca_bundle)
    if issued is not None:
        with issued.private_key_and_cert_chain_pem.tempfile() as pem:
            context.load_cert_chain(pem)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(verify=context, trust_env=False) as client:
        return client.get(f"{server.url}/api/v1/organizations", headers=headers)


def certificate(
    name: str = NAME, *, by: trustme.CA = AUTHORITY, until: timedelta = timedelta(days=1)
) -> trustme.LeafCert:
    now = datetime.now(UTC)
    return by.issue_cert(
        "client.example.com", common_name=name, not_before=now - timedelta(days=9), not_after=now + until
    )


def test_where_one_is_required_nginx_refuses_who_shows_none(required: EmbeddedIdentityServer) -> None:
    answer = ask(required, token=required.token)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html")  # N3.4-3, N6-16
    assert ask(required, certificate(), token=required.token).status_code == 200
    assert ask(required, certificate()).status_code == 401, "it is not who the caller is"


@pytest.mark.parametrize("wrong", ["expired", "unknown"])
def test_a_certificate_that_does_not_verify_ends_the_connection(required: EmbeddedIdentityServer, wrong: str) -> None:
    shown = certificate(until=-timedelta(days=1)) if wrong == "expired" else certificate(by=trustme.CA())
    with pytest.raises(httpx.TransportError):
        ask(required, shown, token=required.token)


def test_a_service_is_known_by_its_certificate_alone(alone: EmbeddedIdentityServer) -> None:
    assert ask(alone, certificate()).status_code == 200  # N5-2
    assert ask(alone, certificate("another")).status_code == 401
    assert ask(alone).status_code == 401


def test_before_1_13_a_token_is_needed(alone: EmbeddedIdentityServer) -> None:
    alone.admin.configure(dialect="documented")
    assert ask(alone, certificate()).status_code == 401  # N5-2
