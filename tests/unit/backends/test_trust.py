import socket
import ssl

import pytest
import trustme

from project_operator.backends.trust import Lost, connection_fault, system_trust, trust_only


def test_the_system_is_read_once() -> None:
    assert system_trust() is system_trust()
    assert system_trust().verify_mode is ssl.CERT_REQUIRED
    assert system_trust().check_hostname


def test_a_bundle_replaces_what_the_system_trusts() -> None:
    authority = trustme.CA(organization_name="the only one")
    loaded = trust_only(authority.cert_pem.bytes().decode()).get_ca_certs()
    assert len(loaded) == 1
    assert "the only one" in str(loaded[0]["subject"])


@pytest.mark.parametrize(
    "bundle",
    [
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----",
        "ü",
    ],
)
def test_a_bundle_that_cannot_be_read_says_what_it_must_be(bundle: str) -> None:
    with pytest.raises(ValueError, match="must be PEM") as raised:
        trust_only(bundle)
    assert bundle not in str(raised.value)


def verification(code: int, message: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "x")
    error.verify_code, error.verify_message = code, message
    return error


@pytest.mark.parametrize(
    ("error", "why", "words"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), Lost.NAME, "the host name does not exist"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), Lost.CONNECTION, "the host name cannot be looked up at the moment"),
        (
            verification(18, "self-signed certificate"),
            Lost.UNTRUSTED,
            "the certificate is not accepted: self-signed certificate",
        ),
        (
            verification(20, "unable to get local issuer"),
            Lost.UNTRUSTED,
            "the certificate is not accepted: unable to get local issuer",
        ),
        (
            verification(10, "certificate has expired"),
            Lost.TLS,
            "the certificate is not accepted: certificate has expired",
        ),
        (verification(62, "Hostname mismatch"), Lost.TLS, "the certificate is not accepted: Hostname mismatch"),
        (ssl.SSLError(1, "x"), Lost.TLS, "no TLS connection: broken off"),
        (ConnectionRefusedError("x"), Lost.CONNECTION, "the connection was refused"),
        (OSError("the secret"), Lost.CONNECTION, "no connection"),
        (ValueError("the secret"), Lost.CONNECTION, "no connection"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_the_cause_is_found_however_deep_it_is(error: Exception, why: Lost, words: str) -> None:
    assert connection_fault(error) == (why, words)
    wrapped = RuntimeError("the outer one")
    wrapped.__cause__ = ExceptionGroup("several addresses", [OSError("first"), error])
    assert connection_fault(wrapped) == (why, words)
