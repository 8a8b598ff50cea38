"""Whom a connection trusts, and what went wrong where none came about."""

import os
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from tempfile import NamedTemporaryFile


class Lost(StrEnum):
    """Why a call has no answer; each with what a person would look at."""

    NAME = "name"
    """The host name does not exist: the URL."""
    ADDRESS = "address"
    """The host is at an address that backends may not be at: the URL, or the setting."""
    UNTRUSTED = "untrusted"
    """The certificate is signed by nobody we trust: the CA bundle."""
    TLS = "tls"
    """The certificate is for another host or out of date, or what answers does not speak TLS: the URL, or the
    server's certificate."""
    CERTIFICATE = "certificate"
    """The server does not accept our certificate, or asks for one: the client certificate."""
    PROXY = "proxy"
    """The proxy refuses to connect us: the proxy."""
    CONNECTION = "connection"
    """Refused, reset or unreachable: the server, or the way to it."""
    DEADLINE = "deadline"
    """It took too long."""
    DISCONNECTED = "disconnected"
    """The other side closed the connection instead of answering, or what came is not HTTP/1.1."""
    CUT_OFF = "cut off"
    """The answer ended before it was complete."""
    OVERSIZED = "oversized"
    """The answer is longer than we are willing to read."""
    CLOSED = "closed"
    """We closed the connection ourselves."""


class Unanswered(Exception):
    """A call has no answer: a `NoAnswer` on its way to the caller. Raised without a chain."""

    def __init__(self, why: Lost, words: str) -> None:
        super().__init__(words)
        self.why = why
        self.words = words


# OpenSSL's X509_V_ERR_*: those which say that the chain ends with nobody we know, whatever else may be right or wrong
# with it.
_UNKNOWN_ISSUER = frozenset({2, 7, 18, 19, 20, 21, 24, 27})
# Any other says that the resolver had no answer, not that there is no such name.
_NO_SUCH_NAME = frozenset({socket.EAI_NONAME, socket.EAI_NODATA})


# The alerts by which a server refuses the certificate of its client (RFC 8446, 6.2), as OpenSSL names them.
_OUR_CERTIFICATE = frozenset(
    {
        "TLSV13_ALERT_CERTIFICATE_REQUIRED",
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_REVOKED",
        "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "TLSV1_ALERT_UNKNOWN_CA",
        "TLSV1_ALERT_ACCESS_DENIED",
    }
)


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """What we show of ourselves when a server asks (RFC 8446, 4.4.2)."""

    certificate: str = field(repr=False)
    """PEM: ours, and the chain that leads to its authority."""
    key: str = field(repr=False)
    """PEM, without a passphrase."""
    spec_path: str = "spec"
    """Which field of the backend object names its Secret, for messages."""


@cache
def system_trust() -> ssl.SSLContext:
    """The certificates that the system trusts (``SSL_CERT_FILE`` counts): one context, as each holds a copy of all."""
    return ssl.create_default_context()


def system_trust_alone() -> ssl.SSLContext:
    """The same in a context of its own, which can be changed."""
    return ssl.create_default_context()


def trust_only(ca_bundle: str) -> ssl.SSLContext:
    """The certificates of ``ca_bundle`` (PEM) instead of the system's, as ``caBundle`` means everywhere in Kubernetes.

    Raises:
        ValueError: there is no certificate in it, or a broken one.
    """
    try:
        return ssl.create_default_context(cadata=ca_bundle)
    except (ssl.SSLError, TypeError, ValueError):
        raise ValueError(
            "holds a certificate that cannot be read; it must be PEM, complete with its BEGIN and END lines"
        ) from None


def show_certificate(context: ssl.SSLContext, certificate: ClientCertificate) -> None:
    """Show ``certificate`` on every connection of ``context``.

    Raises:
        ValueError: it cannot be read, or the key is not that of the certificate.
    """
    # OpenSSL reads it from a file only: one that nobody else can open, and that is gone afterwards.
    with NamedTemporaryFile(prefix="client-", suffix=".pem", dir=_memory()) as file:
        file.write(f"{certificate.certificate.strip()}\n{certificate.key.strip()}\n".encode())
        file.flush()
        try:
            # Without the empty answer, OpenSSL would ask for the passphrase of an encrypted key at the terminal.
            context.load_cert_chain(file.name, password=lambda: "")
        except (ssl.SSLError, OSError, ValueError) as error:
            mismatch = getattr(error, "reason", None) == "KEY_VALUES_MISMATCH"
        else:
            return
    if mismatch:
        raise ValueError("the private key is not that of the certificate")
    raise ValueError(
        "the certificate or its private key cannot be read; both must be PEM, and the key without a passphrase"
    )


def _memory() -> str | None:
    """A folder that is no disk, where there is one."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - the file gets a name of its own


def connection_fault(error: BaseException) -> tuple[Lost, str]:
    """Why no connection came about, and the same in words, without a secret and without text of the other side."""
    causes = tuple(_causes(error))
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            if cause.errno in _NO_SUCH_NAME:
                return Lost.NAME, "the host name does not exist"
            return Lost.CONNECTION, "the host name cannot be looked up at the moment"
        if isinstance(cause, ssl.SSLCertVerificationError):
            kind = Lost.UNTRUSTED if cause.verify_code in _UNKNOWN_ISSUER else Lost.TLS
            return kind, f"the certificate is not accepted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            reason = getattr(cause, "reason", None) or "broken off"
            if reason in _OUR_CERTIFICATE:
                words = reason.rpartition("ALERT_")[2].replace("_", " ").lower()
                return Lost.CERTIFICATE, f"the server does not accept the client certificate: {words}"
            return Lost.TLS, f"no TLS connection: {reason.replace('_', ' ').lower()}"
    refused = any(isinstance(cause, ConnectionRefusedError) for cause in causes)
    return Lost.CONNECTION, "the connection was refused" if refused else "no connection"


def _causes(error: BaseException) -> Iterator[BaseException]:
    yield error
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _causes(inner)
    following = error.__cause__ or error.__context__
    if following is not None:
        yield from _causes(following)
