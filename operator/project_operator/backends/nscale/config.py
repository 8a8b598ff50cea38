"""What a connection to nscale Identity needs to know, and how it is read from a backend object and its Secrets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from project_operator.api.durations import parse_duration
from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.api.v1alpha1.nscale import NscaleAuth, NscaleBackend
from project_operator.backends.load import Load
from project_operator.backends.nscale.errors import CERTIFICATE_FIELD, SPEC_PATH, URL_FIELD
from project_operator.backends.trust import ClientCertificate
from project_operator.backends.urls import normal_url
from project_operator.errors import ConnectionRefused

AUTH_FIELD: Final = f"{SPEC_PATH}.auth"
TOKEN_FIELD: Final = f"{AUTH_FIELD}.serviceAccountToken.secretRef"
SESSION_FIELD: Final = f"{AUTH_FIELD}.refreshToken.secretRef"

REFRESH_TOKEN_KEY: Final = "refresh-token"  # noqa: S105 - the name of a key
CLIENT_ID_KEY: Final = "client-id"
CLIENT_SECRET_KEY: Final = "client-secret"  # noqa: S105 - likewise
CERTIFICATE_KEY: Final = "tls.crt"
PRIVATE_KEY_KEY: Final = "tls.key"


@dataclass(frozen=True, slots=True)
class Session:
    """A person's session with an OAuth 2 client (N3.1-2)."""

    refresh_token: str = field(repr=False)
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NscaleConfig:
    """One organization, by id, by name, or (with neither) the only one that the credential sees.

    The credential is a token, a session, or with neither the certificate alone.
    """

    url: str
    """Base URL, without ``/api/v1``."""
    token: str = field(default="", repr=False)
    """A service account's bearer token (N3.2)."""
    rotate_before: timedelta | None = None
    """How long before its expiry the token replaces itself; None: it does not."""
    session: Session | None = None
    certificate: ClientCertificate | None = None
    organization_id: str = ""
    organization_name: str = ""
    ca_bundle: str = field(default="", repr=False)
    """PEM. "": the certificates that the system trusts."""
    timeout: float = 15.0
    """Seconds; the deadline of one call."""
    connections: int = 8


def from_spec(spec: IdentityBackendSpec, secret: Mapping[str, bytes]) -> NscaleConfig:
    """The configuration in a backend object's spec, with the credential from the Secrets that it names.

    ``secret`` is what `vendor.Open` is given.

    Raises:
        ConnectionRefused: a Secret has no such key, or what it holds can be no credential.
    """
    nscale = _nscale(spec)
    account, session = nscale.auth.service_account_token, nscale.auth.refresh_token
    organization = nscale.organization
    rotation = account.rotation if account else None
    return NscaleConfig(
        url=normal_url(nscale.url, URL_FIELD),
        token=_Secret(secret, account.secret_ref.name, TOKEN_FIELD).word(account.secret_ref.key) if account else "",
        rotate_before=parse_duration(rotation.before) if rotation else None,
        session=_session(_Secret(secret, session.secret_ref.name, SESSION_FIELD)) if session else None,
        certificate=_certificate(nscale.auth, secret),
        organization_id=(organization.id or "") if organization else "",
        organization_name=(organization.name or "") if organization else "",
        ca_bundle=nscale.ca_bundle or "",
        timeout=parse_duration(spec.timeout).total_seconds(),
        connections=Load().limited(spec.rate_limit).max_in_flight,
    )


def endpoint(spec: IdentityBackendSpec) -> str:
    """``nscale:`` and the URL in its normal form."""
    return f"nscale:{normal_url(_nscale(spec).url, URL_FIELD)}"


def replaces(spec: IdentityBackendSpec) -> str:
    """The key of the Secret whose value may have been replaced: by rotation, also where that was switched off since,
    or by the use of a refresh token.
    """
    auth = _nscale(spec).auth
    if auth.service_account_token is not None:
        return auth.service_account_token.secret_ref.key
    return REFRESH_TOKEN_KEY if auth.refresh_token is not None else ""


def _nscale(spec: IdentityBackendSpec) -> NscaleBackend:
    if spec.nscale is None:
        raise AssertionError("asked about a backend of another type")
    return spec.nscale


def _session(secret: "_Secret") -> Session:
    return Session(secret.word(REFRESH_TOKEN_KEY), secret.word(CLIENT_ID_KEY), secret.word(CLIENT_SECRET_KEY))


def _certificate(auth: NscaleAuth, data: Mapping[str, bytes]) -> ClientCertificate | None:
    if auth.client_certificate is None:
        return None
    name = auth.client_certificate.secret_ref.name
    alone = len(auth.secret_refs) == 1
    secret = _Secret(data, name, CERTIFICATE_FIELD, prefix="" if alone else f"{name}/")
    return ClientCertificate(secret.pem(CERTIFICATE_KEY), secret.pem(PRIVATE_KEY_KEY), spec_path=CERTIFICATE_FIELD)


@dataclass(frozen=True, slots=True)
class _Secret:
    """A Secret, and which field named it."""

    data: Mapping[str, bytes] = field(repr=False)
    name: str
    spec_path: str
    prefix: str = ""
    """What stands before its keys in ``data``."""

    def word(self, key: str) -> str:
        """A value that is one line of printable ASCII, as tokens, ids and client secrets are."""
        # An editor or `echo` leaves a line break at the end; none of them has white space.
        word = self._value(key).strip().decode("ascii", errors="replace")
        if not word or not all("!" <= char <= "~" for char in word):
            raise self._refused(key, "it must be one line of printable ASCII")
        return word

    def pem(self, key: str) -> str:
        """A value in PEM."""
        text = self._value(key).decode("ascii", errors="replace")
        if "-----BEGIN " not in text:
            raise self._refused(key, "it must be PEM, complete with its BEGIN and END lines")
        return text

    def _value(self, key: str) -> bytes:
        if self.prefix + key not in self.data:
            raise ConnectionRefused(
                f"the Secret {self.name!r} has no key {key!r}; put the {_what(key)} there", field=self.spec_path
            )
        return self.data[self.prefix + key]

    def _refused(self, key: str, rule: str) -> ConnectionRefused:
        words = f"key {key!r} of the Secret {self.name!r} holds no {_what(key)}; {rule}"
        return ConnectionRefused(words, field=self.spec_path)


def _what(key: str) -> str:
    words = {
        REFRESH_TOKEN_KEY: "refresh token",
        CLIENT_ID_KEY: "client id",
        CLIENT_SECRET_KEY: "client secret",
        CERTIFICATE_KEY: "certificate",
        PRIVATE_KEY_KEY: "private key",
    }
    return words.get(key, "token")
