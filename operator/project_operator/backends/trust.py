"""Whom a connection trusts, and what went wrong where none came about."""

import socket
import ssl
from collections.abc import Iterator
from enum import StrEnum
from functools import cache


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


# OpenSSL's X509_V_ERR_*: those which say that the chain ends with nobody we know, whatever else may be right or wrong
# with it.
_UNKNOWN_ISSUER = frozenset({2, 7, 18, 19, 20, 21, 24, 27})
# Any other says that the resolver had no answer, not that there is no such name.
_NO_SUCH_NAME = frozenset({socket.EAI_NONAME, socket.EAI_NODATA})


@cache
def system_trust() -> ssl.SSLContext:
    """The certificates that the system trusts (``SSL_CERT_FILE`` counts): one context, as each holds a copy of all."""
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
